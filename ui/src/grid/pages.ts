/** Rows in pages, fetched around what is looked at; the longest unseen are forgotten. */

import type { Row, RowSource } from "./source";

const PAGE = 200; // rows
const KEPT = 150; // pages, so 30,000 rows
const AT_ONCE = 2; // requests under way
const AGAIN = 1000; // milliseconds until a page that could not be fetched, or came short, is asked for again

export class Pages {
  private readonly kept = new Map<number, readonly Row[]>();
  private readonly under = new Map<number, AbortController>();
  private wanted: [number, number] = [0, 0];
  private resting = 0;
  /** Pages that came shorter than told, and how many rows were told of then. */
  private readonly short = new Map<number, number>();
  private patience = 0;
  private epoch = 0;
  failing = false;

  /** changed: rows came, or could not be fetched. */
  constructor(
    private readonly source: RowSource,
    private readonly changed: () => void,
  ) {}

  /** The row, if it is here. */
  row(index: number): Row | undefined {
    return this.kept.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** These rows are looked at, up to and without the last. */
  want(from: number, to: number): void {
    if (this.source.epoch !== this.epoch) this.forget();
    this.wanted = [Math.floor(from / PAGE), Math.floor(Math.max(from, to - 1) / PAGE)];
    for (const [page, request] of this.under) if (!this.isNear(page)) request.abort();
    this.fetchNext();
  }

  /** All rows from one place up to another, also those that have to be fetched. */
  async range(from: number, to: number): Promise<Row[]> {
    const rows: Row[] = [];
    for (let at = from; at < to; at += PAGE - (at % PAGE)) {
      const page = Math.floor(at / PAGE);
      if (!this.isWhole(page)) this.keep(page, await this.source.fetch(page * PAGE, PAGE, new AbortController().signal));
      rows.push(...this.kept.get(page)!.slice(at % PAGE, Math.min(PAGE, to - page * PAGE)));
    }
    return rows;
  }

  /** What is here, with its places, in order. */
  *loaded(): Generator<[number, Row]> {
    for (const page of [...this.kept.keys()].sort((a, b) => a - b)) {
      let place = page * PAGE;
      for (const row of this.kept.get(page)!) yield [place++, row];
    }
  }

  close(): void {
    clearTimeout(this.resting);
    clearTimeout(this.patience);
    for (const request of this.under.values()) request.abort();
  }

  private forget(): void {
    this.epoch = this.source.epoch;
    this.kept.clear();
    for (const request of this.under.values()) request.abort();
  }

  private fetchNext(): void {
    if (this.resting) return;
    for (let page = this.wanted[0]; page <= this.wanted[1] && this.under.size < AT_ONCE; page++)
      if (!this.isWhole(page) && !this.under.has(page) && this.short.get(page) !== this.source.total) void this.fetch(page);
  }

  private async fetch(page: number): Promise<void> {
    const request = new AbortController();
    const told = this.source.total;
    this.under.set(page, request);
    try {
      const rows = await this.source.fetch(page * PAGE, PAGE, request.signal);
      if (!request.signal.aborted) this.keep(page, rows);
      if (!this.isWhole(page)) this.waitForNews(page, told);
      this.failing = false;
    } catch {
      if (!request.signal.aborted) this.rest();
    } finally {
      this.under.delete(page);
    }
    this.changed();
    this.fetchNext();
  }

  /** Where rows are read from behind the news, they come a little later. */
  private waitForNews(page: number, told: number): void {
    this.short.set(page, told);
    this.patience ||= window.setTimeout(() => {
      this.patience = 0;
      this.short.clear();
      this.fetchNext();
    }, AGAIN);
  }

  private rest(): void {
    this.failing = true;
    this.resting = window.setTimeout(() => {
      this.resting = 0;
      this.fetchNext();
    }, AGAIN);
  }

  private keep(page: number, rows: readonly Row[]): void {
    this.kept.delete(page);
    this.kept.set(page, rows);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      if (!this.isNear(old)) this.kept.delete(old);
    }
  }

  /** Here, and all of what there is of it by now. */
  private isWhole(page: number): boolean {
    const rows = this.kept.get(page);
    return rows !== undefined && rows.length >= Math.min(PAGE, this.source.total - page * PAGE);
  }

  private isNear(page: number): boolean {
    return page >= this.wanted[0] - 1 && page <= this.wanted[1] + 1;
  }
}
