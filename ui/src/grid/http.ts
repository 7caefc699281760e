/** The rows of a run, also while it goes on. */

import { Api } from "../api/client";
import type { Run } from "../api/types";
import { liveOf } from "../live/live";
import type { GridColumn, Row, RowSource } from "./source";

interface Answer {
  columns: (string | { name: string; label?: string; type?: string })[];
  rows: Row[];
  from: number;
  /** Rises when the run had to begin from zero. */
  generation: number;
  /** Rows there are, as far as they are committed. */
  watermark: number;
}

export class RunRows implements RowSource {
  columns: readonly GridColumn[] = [];
  total = 0;
  expected: number | null = null;
  epoch = 0;
  private tell = () => {};

  constructor(
    private readonly api: Api,
    private readonly run: string,
  ) {}

  /** A page of long rows ends early: go on behind it. */
  async fetch(from: number, count: number, signal: AbortSignal): Promise<readonly Row[]> {
    const rows: Row[] = [];
    const address = `runs/${encodeURIComponent(this.run)}/rows`;
    for (;;) {
      const query = { from: from + rows.length, count: count - rows.length };
      const answer = await this.api.get<Answer>(address, query, signal);
      this.learn(answer);
      rows.push(...answer.rows);
      if (!answer.rows.length || rows.length >= count || from + rows.length >= answer.watermark) return rows;
    }
  }

  private learn(answer: Answer): void {
    this.begin(answer.generation);
    if (!this.columns.length && answer.columns.length) {
      this.columns = answer.columns.map(columnOf);
      this.tell();
    }
    this.reach(answer.watermark);
  }

  follow(changed: () => void): () => void {
    this.tell = changed;
    return liveOf(this.api).follow(this.run, { run: (run) => run && this.take(run) });
  }

  private take(run: Run): void {
    this.begin(run.generation);
    this.expected = run.ended ? null : run.total;
    this.reach(run.done - run.rows.rejected);
    this.tell();
  }

  private begin(generation: number): void {
    if (generation <= this.epoch) return;
    this.epoch = generation;
    this.total = 0;
  }

  private reach(watermark: number): void {
    if (watermark <= this.total) return;
    this.total = watermark;
    this.tell();
  }
}

function columnOf(one: Answer["columns"][0]): GridColumn {
  const { name, label, type } = typeof one === "string" ? { name: one, label: one, type: "any" } : one;
  return { name, label: label ?? name, type: type ?? "any" };
}

/** The rows of the run with this address. */
export function rowsOf(src: string, credentials: RequestCredentials): RowSource {
  const url = new URL(src.replace(/\/+$/, ""), document.baseURI);
  const run = decodeURIComponent(url.pathname.split("/").at(-1)!);
  return new RunRows(new Api(new URL("..", url).href, credentials), run);
}
