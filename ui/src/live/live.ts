/** Runs as they are now, for whoever shows them: in this tab, and by one connection for all tabs. */

import type { Api } from "../api/client";
import type { Run } from "../api/types";
import { type Connection, Stream } from "./stream";
import { Tabs } from "./tabs";

export interface Follower {
  /** A newer snapshot; null: there is no such run (any more). */
  run(run: Run | null): void;
  connection?(state: Connection): void;
}

type Said = { run: Run } | { gone: string } | { connection: Connection };

export class Live {
  private readonly followers = new Map<string, Set<Follower>>();
  private readonly newest = new Map<string, Run>();
  private readonly passed = new Map<string, Run>(); // the last of each run that the stream follows, for whatever tab
  private readonly stream: Stream;
  private readonly tabs: Tabs;
  private state: Connection = "connecting";

  constructor(api: Api) {
    this.stream = new Stream(api, {
      run: (run) => {
        this.passed.set(run.id, run);
        this.tell({ run });
      },
      gone: (id) => this.tell({ gone: id }),
      connection: (connection) => connection !== this.state && this.tell({ connection }),
    });
    this.tabs = new Tabs(
      `narrowboat ${api.base}`,
      () => this.arrange(),
      (said) => this.take(said as Said),
    );
  }

  /** Follow a run until the function returned is called. known: what the follower shows already. */
  follow(id: string, follower: Follower, known?: Run): () => void {
    const all = this.followers.get(id) ?? new Set();
    this.followers.set(id, all.add(follower));
    if (known) this.keep(known);
    const newest = this.newest.get(id);
    if (newest && newest.version !== known?.version) follower.run(newest);
    follower.connection?.(this.state);
    this.arrange();
    return () => {
      all.delete(follower);
      if (!all.size && this.followers.get(id) === all) this.followers.delete(id);
      if (!this.followers.has(id)) this.newest.delete(id);
      this.arrange();
    };
  }

  /** A snapshot that came in answer to a request: others want to know it too. */
  note(run: Run): void {
    this.tell({ run });
  }

  private tell(said: Said): void {
    this.tabs.say(said);
    this.take(said);
  }

  private take(said: Said): void {
    if ("connection" in said) {
      this.state = said.connection;
      for (const all of this.followers.values()) for (const one of all) one.connection?.(this.state);
    } else if ("gone" in said) {
      for (const one of this.followers.get(said.gone) ?? []) one.run(null);
      this.followers.delete(said.gone);
      this.arrange();
    } else this.show(said.run);
  }

  private show(run: Run): void {
    const before = this.newest.get(run.id);
    if (!this.followers.has(run.id) || !this.keep(run)) return;
    for (const one of [...this.followers.get(run.id)!]) one.run(run);
    if (run.ended !== before?.ended) this.arrange();
  }

  private keep(run: Run): boolean {
    if ((this.newest.get(run.id)?.version ?? -1) >= run.version) return false;
    this.newest.set(run.id, run);
    return true;
  }

  private arrange(): void {
    if (!this.tabs) return; // it calls while it is made
    const open = [...this.followers.keys()].filter((id) => !this.newest.get(id)?.ended);
    const wants = open.map((id): [string, number] => [id, this.newest.get(id)?.version ?? -1]);
    if (this.tabs.leading) {
      const all = new Map<string, number>();
      for (const [id, version] of [...this.tabs.wanted(), ...wants])
        all.set(id, Math.min(version, all.get(id) ?? version));
      this.stream.follow(all);
      this.tabs.say({ connection: this.state }); // a tab may have come that does not know
      for (const [id, version] of all) this.remind(id, version);
    } else {
      this.stream.stop();
      this.tabs.want(wants);
    }
    for (const id of this.passed.keys()) if (!this.stream.follows(id)) this.passed.delete(id);
  }

  /** The stream says each change once, and a tab that came later may not know the last. */
  private remind(id: string, version: number): void {
    const run = this.passed.get(id);
    if (run && run.version > version) this.tell({ run });
  }
}

const known = new Map<string, Live>();

/** The one for an application: elements of one page share it. */
export function liveOf(api: Api): Live {
  const found = known.get(api.base) ?? new Live(api);
  known.set(api.base, found);
  return found;
}
