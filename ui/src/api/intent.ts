/** What a person wants done once: however often it is sent, its key is the same, so it is done once. */

export class Intent {
  private wanted = "";
  private key = "";

  /** The key for this wish: the same while it is tried again, a new one for another wish and after `done`. */
  keyOf(wish: unknown): string {
    const wanted = JSON.stringify(wish);
    if (!this.key || wanted !== this.wanted) this.key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.wanted = wanted;
    return this.key;
  }

  /** It was done: who wants the same again wants it once more. */
  done(): void {
    this.key = "";
  }
}
