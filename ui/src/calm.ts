/** What changes faster than anybody can read is shown at once, and then four times a second. The last is never left out. */

const PAUSE = 250; // milliseconds

export class Calm {
  private last = -PAUSE;
  private timer = 0;

  constructor(private readonly show: () => void) {}

  /** hurry: this one cannot wait. */
  ask(hurry = false): void {
    const wait = this.last + PAUSE - performance.now();
    if (hurry || wait <= 0) this.now();
    else this.timer ||= window.setTimeout(() => this.now(), wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  private now(): void {
    this.stop();
    this.last = performance.now();
    this.show();
  }
}
