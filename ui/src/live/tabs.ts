/**
 * Which tab of this browser speaks to the server for all of them.
 *
 * A browser has six connections for a server. If every tab held one for its events, six tabs would leave none for
 * anything else. So one tab leads; the others tell it what they show. A leader that does not answer, or that nobody
 * sees while somebody is looking at another tab, is replaced.
 */

const ANSWER = 200; // milliseconds that a leader has to answer, when a tab begins
const LOOK = 3000; // milliseconds between a follower's questions
const SILENT = 150_000; // milliseconds after which a tab is taken for gone: hidden tabs speak once a minute

type Word =
  | { kind: "ask"; tab: string }
  | { kind: "lead"; tab: string; hidden: boolean; claim: boolean }
  | { kind: "want"; tab: string; wants: [string, number][] }
  | { kind: "bye"; tab: string }
  | { kind: "say"; what: unknown };

export class Tabs {
  leading = false;
  private readonly tab = Math.random().toString(36).slice(2);
  private readonly channel: BroadcastChannel;
  private heard = 0;
  private claimed = 0;
  private readonly others = new Map<string, { wants: [string, number][]; heard: number }>();
  private wants: [string, number][] = [];

  /** changed: this tab leads from now on, or no longer, or other tabs want something else. */
  constructor(
    name: string,
    private readonly changed: () => void,
    private readonly hear: (what: unknown) => void,
  ) {
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (event: MessageEvent<Word>) => this.take(event.data);
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => event.persisted && this.begin());
    document.addEventListener("visibilitychange", () => this.look());
    this.begin();
    setInterval(() => this.look(), LOOK);
  }

  /** To all other tabs. */
  say(what: unknown): void {
    this.post({ kind: "say", what });
  }

  /** What this tab shows: ids with the version seen. */
  want(wants: [string, number][]): void {
    this.wants = wants;
    this.post({ kind: "want", tab: this.tab, wants });
  }

  /** What the other tabs show. */
  *wanted(): Generator<[string, number]> {
    for (const [tab, other] of this.others) {
      if (performance.now() - other.heard > SILENT) this.others.delete(tab);
      else yield* other.wants;
    }
  }

  private begin(): void {
    this.post({ kind: "ask", tab: this.tab });
    const asked = performance.now();
    setTimeout(() => this.heard < asked && !this.leading && this.claim(), ANSWER);
  }

  private look(): void {
    if (this.leading || document.hidden) {
      if (!this.leading) this.want(this.wants);
      return;
    }
    this.want(this.wants);
    this.begin();
  }

  private take(word: Word): void {
    if (word.kind === "say") this.hear(word.what);
    else if (word.kind === "ask") this.answer(false);
    else if (word.kind === "lead") this.follow(word);
    else if (word.kind === "bye") this.miss(word.tab);
    else {
      this.others.set(word.tab, { wants: word.wants, heard: performance.now() });
      if (this.leading) this.changed();
    }
  }

  private follow(word: { tab: string; hidden: boolean; claim: boolean }): void {
    this.heard = performance.now();
    if (this.leading) {
      // Two that begin at once both claim; the lesser name wins.
      if (!word.claim || (performance.now() - this.claimed < 1000 && this.tab < word.tab)) this.answer(true);
      else this.stepDown();
    } else if (word.hidden && !document.hidden) this.claim();
    if (word.claim) this.want(this.wants);
  }

  private claim(): void {
    this.leading = true;
    this.claimed = performance.now();
    this.answer(true);
    this.changed();
  }

  private stepDown(): void {
    this.leading = false;
    this.changed();
    this.want(this.wants);
  }

  private answer(claim: boolean): void {
    if (this.leading) this.post({ kind: "lead", tab: this.tab, hidden: document.hidden, claim });
  }

  private miss(tab: string): void {
    this.others.delete(tab);
    if (this.leading) this.changed();
    else setTimeout(() => this.look(), Math.random() * ANSWER);
  }

  private leave(): void {
    this.post({ kind: "bye", tab: this.tab });
    if (this.leading) {
      this.leading = false;
      this.changed();
    }
  }

  private post(word: Word): void {
    this.channel.postMessage(word);
  }
}
