/**
 * One connection to the server's events, for all runs that somebody looks at.
 *
 * An EventSource comes back by itself after a cut, but a 502, 503, 504 or 204 closes it for good, and some servers
 * cannot stream at all. So while it is closed the runs are asked for once a second, and it is opened again after a
 * pause that grows.
 */

import { type Api, Refused } from "../api/client";
import type { Run } from "../api/types";

export type Connection = "connecting" | "live" | "polling" | "lost" | "away" | "leaving" | "signed-out";

const MOST = 100; // runs that the server lets one stream follow
const POLL = 1000; // milliseconds between questions while there is no stream
const LONGEST = 30_000; // milliseconds between tries to open a stream
const DEAD = 15_000; // milliseconds without any event: the server sends one at most five seconds apart

export interface Ear {
  run(run: Run): void;
  gone(id: string): void;
  connection(state: Connection): void;
}

export class Stream {
  private source: EventSource | null = null;
  private wanted = new Map<string, number>();
  private open = new Set<string>();
  private failures = 0;
  private leaving = false; // the server said that it stops
  private brief = false; // the server ends each stream after one look, and the browser comes back each second
  private retry = 0;
  private poller = 0;
  private watchdog = 0;

  constructor(
    private readonly api: Api,
    private readonly ear: Ear,
  ) {
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  /** Follow these runs, by id with the version seen, and no others. */
  follow(wanted: Map<string, number>): void {
    this.wanted = wanted;
    if (!wanted.size) this.stop();
    else if (![...wanted.keys()].every((id) => this.open.has(id))) {
      this.stop();
      this.connect();
    }
  }

  follows(id: string): boolean {
    return this.open.has(id);
  }

  stop(): void {
    this.source?.close();
    this.source = null;
    this.open.clear();
    for (const timer of [this.retry, this.poller, this.watchdog]) clearTimeout(timer);
  }

  private connect(): void {
    clearTimeout(this.retry);
    clearTimeout(this.poller);
    const runs = [...this.wanted].slice(0, MOST);
    this.open = new Set(runs.map(([id]) => id));
    const url = this.api.url("events", { run: runs.map(([id, version]) => (version < 0 ? id : `${id}:${version}`)) });
    const source = new EventSource(url, { withCredentials: this.api.credentials === "include" });
    this.source = source;
    this.brief = false;
    const on = (name: string, take: (data: string) => void) =>
      source.addEventListener(name, (event) => this.source === source && this.hear(() => take(event.data)));
    on("run", (data) => this.tell(JSON.parse(data)));
    on("done", (data) => this.tell(JSON.parse(data)));
    on("gone", (data) => this.ear.gone(JSON.parse(data).id));
    on("quiet", () => undefined);
    on("away", () => this.ear.connection("away")); // the server is there, its database is not
    on("brief", () => (this.brief = true));
    source.addEventListener("leaving", () => (this.leaving = true));
    source.addEventListener("error", () => this.source === source && this.broken(source));
    this.watch();
  }

  private hear(take: () => void): void {
    this.failures = 0;
    this.leaving = false;
    this.brief = false; // until it is said again
    this.watch();
    this.ear.connection("live");
    take();
  }

  private tell(run: Run): void {
    if (this.wanted.has(run.id)) this.wanted.set(run.id, run.version);
    this.ear.run(run);
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => this.fallBack(), DEAD);
  }

  private broken(source: EventSource): void {
    if (source.readyState === EventSource.CLOSED) this.fallBack();
    else if (!this.brief) this.ear.connection(this.leaving ? "leaving" : "lost"); // the browser comes back by itself
  }

  private fallBack(): void {
    this.stop();
    this.open = new Set(this.wanted.keys());
    const pause = Math.min(POLL * 2 ** this.failures++, LONGEST) * (0.75 + Math.random() / 2);
    this.retry = window.setTimeout(() => this.connect(), pause);
    void this.poll();
  }

  private async poll(): Promise<void> {
    const asked = await Promise.allSettled([...this.wanted.keys()].slice(0, 6).map((id) => this.look(id)));
    if (this.source || !this.wanted.size) return; // a stream was opened meanwhile, or nobody looks any more
    const worst = asked.find((one) => one.status === "rejected");
    this.ear.connection(worst ? stateAfter(worst.reason) : "polling");
    this.poller = window.setTimeout(() => void this.poll(), POLL);
  }

  private async look(id: string): Promise<void> {
    try {
      this.tell(await this.api.run(id));
    } catch (refusal) {
      if (!(refusal instanceof Refused && refusal.status === 404)) throw refusal;
      this.ear.gone(id);
    }
  }

  /** The network is back, or somebody looks again: do not wait out the pause. */
  private hurry(): void {
    if (!this.source && this.wanted.size && this.failures) {
      this.failures = 1;
      this.connect();
    }
  }
}

function stateAfter(reason: unknown): Connection {
  if (!(reason instanceof Refused)) return "lost";
  if (reason.code === "store-unavailable") return "away";
  return reason.status === 401 ? "signed-out" : "lost";
}
