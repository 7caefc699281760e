/** `<narrowboat-table src="…/runs/ID">`: rows, a million of them, while they come. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Calm } from "../calm";
import { write } from "../clipboard";
import { count } from "../figures";
import { sheet } from "../parts/sheet";
import { words } from "../strings";
import { Choice, led, type Place } from "./choice";
import { dragged, Widths } from "./columns";
import { look } from "./look";
import { Pages } from "./pages";
import { Ring } from "./ring";
import { rowsOf } from "./http";
import { Scroll } from "./scroll";
import type { Row, RowSource } from "./source";
import { type Order, sorted } from "./order";
import { textOf, tsv } from "./text";
import "./whole";
import type { WholeCell } from "./whole";

const ROW = 32; // pixels
const SPARE = 8; // rows above and below what can be seen
const STEP = 16; // pixels by which a key changes a width
const MOST_COPIED = 200_000; // cells
const NONE = -1;

@customElement("narrowboat-table")
export class NarrowboatTable extends LitElement {
  static override styles = [sheet, look];

  /** The run's address. */
  @property() src = "";
  @property() credentials: RequestCredentials = "same-origin";
  /** Rows from elsewhere, instead of `src`. */
  @property({ attribute: false }) source: RowSource | null = null;
  @property() label = words.table.label;
  @state() private note = "";
  @state() private order: Order | null = null;
  @query(".scroller") private readonly scroller!: HTMLElement;
  @query(".body") private readonly body!: HTMLElement;
  @query("nb-whole-cell") private readonly whole!: WholeCell;
  private pages: Pages | null = null;
  private ring!: Ring;
  private readonly widths = new Widths();
  private readonly heights = new Scroll(ROW);
  private readonly choice = new Choice();
  private readonly grown = new Calm(() => this.soon());
  private atEnd = true; // what comes is in view
  private leave = () => {};
  private looked = 0;
  private frame = 0;
  private span: [number, number] = [0, 0];
  private measured = false;
  private readonly resized = new ResizeObserver(() => this.soon());

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.leave();
    this.pages?.close();
    this.resized.disconnect();
    this.grown.stop();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  protected override firstUpdated(): void {
    this.ring = new Ring(this.body);
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("src") || changed.has("source") || changed.has("credentials")) this.open();
    if (changed.has("order")) this.soon();
  }

  private open(): void {
    this.leave();
    this.pages?.close();
    this.measured = false;
    this.order = null;
    const rows = this.source ?? (this.src ? rowsOf(this.src, this.credentials) : null);
    if (!rows) return;
    this.pages = new Pages(rows, () => this.soon());
    this.leave = rows.follow(() => this.grown.ask(this.atEnd));
    this.rows_ = rows;
    this.resized.observe(this.scroller);
    this.pages.want(0, 1);
    this.soon();
  }

  private rows_: RowSource | null = null;

  /** Rows that are shown: all of them, or those that are sorted; none before their columns are known. */
  private get count(): number {
    return this.order?.rows.length ?? (this.rows_?.columns.length ? this.rows_.total : 0);
  }

  private row(index: number): Row | undefined {
    return this.order ? this.order.rows[index]?.[1] : this.pages?.row(index);
  }

  /** Paint once in the next frame, however much happens before. */
  private soon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const rows = this.rows_;
    if (!rows || !this.isConnected) return;
    this.measure(rows);
    const { scroller } = this;
    const view = this.heights.fit(scroller, this.body, this.count, this.count < (rows.expected ?? 0));
    this.body.parentElement!.style.width = `${Math.max(this.widths.total, scroller.clientWidth)}px`;
    const offset = this.heights.offset(scroller.scrollTop);
    const spare = this.ring.isEmpty ? 0 : SPARE; // at first what can be seen alone, which is sooner there
    const first = Math.max(0, Math.min(Math.floor(offset / ROW) - spare, this.count - 1));
    const shown = Math.min(Math.ceil(view / ROW) + 2 * spare, this.count - first);
    this.atEnd = first + shown >= this.count;
    const span = this.widths.between(scroller.scrollLeft, scroller.scrollLeft + scroller.clientWidth);
    if (span[0] !== this.span[0] || span[1] !== this.span[1]) {
      this.span = span;
      this.requestUpdate();
    }
    const top = scroller.scrollTop + first * ROW - offset;
    const chosen = !this.choice.isOne;
    this.ring.show(first, Math.max(0, shown), top, ROW, {
      columns: rows.columns,
      widths: this.widths,
      span,
      row: (index) => this.row(index),
      isChosen: (row, column) => chosen && this.choice.has(row, column),
      active: this.choice.active,
      look: this.looked,
    });
    if (!this.order) this.pages!.want(first, first + shown);
    if (!spare && shown > 0) this.soon();
    this.tellCounts(rows);
  }

  /** Widths by what the first rows hold. */
  private measure(rows: RowSource): void {
    if (this.measured || !rows.columns.length || (!this.pages!.row(0) && rows.total)) return;
    this.measured = rows.total > 0;
    const some = Array.from({ length: 50 }, (_, place) => this.pages!.row(place)).filter((row) => row !== undefined);
    this.widths.fit(rows.columns, some, getComputedStyle(this.scroller));
    this.looked++;
    this.requestUpdate();
  }

  private told = "";

  private tellCounts(rows: RowSource): void {
    const told = `${rows.total} ${rows.expected} ${this.pages!.failing}`;
    if (told === this.told) return;
    this.told = told;
    this.requestUpdate();
  }

  /** Something about all rows is another. */
  private anew(): void {
    this.looked++;
    this.soon();
  }

  // what people do

  private readonly pressed = (event: KeyboardEvent) => {
    const { active } = this.choice;
    const far = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 2);
    if (active.row === NONE && event.altKey && /^Arrow(Left|Right)$/.test(event.key)) {
      this.widen(active.column, event.key === "ArrowLeft" ? -STEP : STEP);
    } else if (far && event.key.toLowerCase() === "a") {
      this.choice.all(this.count, this.widths.count);
      this.anew();
    } else if (far && event.key.toLowerCase() === "c") void this.copy();
    else if (event.key === "Enter" || event.key === " ") this.enter(active);
    else if (event.key === "Escape" && !this.choice.isOne) this.go(active, false);
    else {
      const to = led(event.key, active, this.count, this.widths.count, page, far);
      if (!to || event.altKey) return;
      this.go(to, event.shiftKey && to.row !== NONE);
    }
    event.preventDefault();
  };

  private go(to: Place, extend: boolean): void {
    this.choice.move(to, extend);
    const { scroller } = this;
    this.heights.fit(scroller, this.body, this.count);
    if (to.row !== NONE) scroller.scrollTop = this.heights.reach(to.row, scroller.scrollTop);
    const [left, width] = [this.widths.left(to.column), this.widths.width(to.column)];
    if (left < scroller.scrollLeft) scroller.scrollLeft = left;
    else if (left + width > scroller.scrollLeft + scroller.clientWidth)
      scroller.scrollLeft = left + width - scroller.clientWidth;
    this.anew();
    this.requestUpdate();
  }

  private enter({ row, column }: Place): void {
    if (row === NONE) this.sort(column);
    else {
      const data = this.row(row);
      if (!data) return;
      this.whole.show(this.rows_!.columns[column]!.label, this.place(row) + 1, textOf(data[column]));
    }
  }

  /** The place of a shown row among all of them. */
  private place(row: number): number {
    return this.order ? this.order.rows[row]![0] : row;
  }

  private sort(column: number): void {
    this.order = sorted(this.order, column, this.pages!.loaded());
    this.scroller.scrollTop = 0;
    this.anew();
  }

  private async copy(): Promise<void> {
    const { top, bottom, left, right } = this.choice.box;
    const { table } = words;
    if ((bottom - top + 1) * (right - left + 1) > MOST_COPIED) {
      this.note = table.tooMuch;
      return;
    }
    try {
      const rows = this.order
        ? this.order.rows.slice(top, bottom + 1).map(([, row]) => row)
        : await this.pages!.range(top, bottom + 1);
      await write(tsv(rows.map((row) => row.slice(left, right + 1))));
      this.note = table.copied(rows.length, right - left + 1);
    } catch {
      this.note = table.failed;
    }
  }

  private widen(column: number, by: number): void {
    this.widths.change(column, this.widths.width(column) + by);
    this.anew();
    this.requestUpdate();
  }

  private readonly touched = (event: MouseEvent) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[role=gridcell]");
    if (!cell || (event.type === "mousemove" && !(event.buttons & 1))) return;
    const row = Number(cell.parentElement!.getAttribute("aria-rowindex")) - 2;
    this.go({ row, column: Number(cell.getAttribute("aria-colindex")) - 1 }, event.shiftKey || event.type === "mousemove");
  };

  private readonly opened = () => this.enter(this.choice.active);

  protected override render() {
    const rows = this.rows_;
    const columns = rows?.columns ?? [];
    return html`<div class="row top">${this.status(rows)}</div>
      <div class="frame">
        <div
          class="scroller"
          role="grid"
          tabindex="0"
          aria-label=${this.label}
          aria-rowcount=${(rows?.expected ?? this.count) + 1}
          aria-colcount=${columns.length}
          aria-multiselectable="true"
          aria-activedescendant="active"
          aria-describedby="hint"
          @scroll=${{ handleEvent: () => this.soon(), passive: true }}
          @keydown=${this.pressed}
          @mousedown=${this.touched}
          @mousemove=${this.touched}
          @dblclick=${this.opened}
        >
          <div role="presentation">
            <div class="head" role="rowgroup">
              <div role="row" aria-rowindex="1">${this.heads()}</div>
            </div>
            <div class="body" role="rowgroup"></div>
          </div>
        </div>
      </div>
      <p id="hint" class="visually-hidden">${words.table.sortHint}</p>
      <nb-whole-cell @close=${() => this.scroller.focus()}></nb-whole-cell>`;
  }

  private status(rows: RowSource | null): TemplateResult | typeof nothing {
    const { table } = words;
    if (!rows) return nothing;
    const total = count(rows.expected === null ? rows.total : Math.max(rows.expected, rows.total));
    const said = rows.total || rows.expected ? table.rowsLoaded(count(rows.total), total) : table.noRows;
    const note = this.pages?.failing ? table.failed : this.note;
    return html`<span class="quiet figure" role="status">${said}</span>
      ${note ? html`<span class="quiet" role="status">${note}</span>` : nothing}
      ${this.order
        ? html`<span class="sorted push">${table.sorted(count(this.order.rows.length), total)}</span>
            <button class="plain" @click=${() => (this.order = null)}>${table.unsort}</button>`
        : nothing}`;
  }

  private heads(): TemplateResult[] {
    const [first, many] = this.span;
    const columns = this.rows_?.columns.slice(first, first + many) ?? [];
    return columns.map((column, place) => this.head(column.label, first + place));
  }

  private head(label: string, column: number): TemplateResult {
    const { row, column: at } = this.choice.active;
    const active = row === NONE && at === column;
    const sorted = this.order?.column === column ? (this.order.down ? "descending" : "ascending") : "none";
    const mark = { ascending: " ↑", descending: " ↓", none: "" }[sorted];
    const style = `left:${this.widths.left(column)}px;width:${this.widths.width(column)}px`;
    const pick = () => {
      this.go({ row: NONE, column }, false);
      this.sort(column);
    };
    return html`<div
      role="columnheader"
      class="cell ${active ? "active" : ""}"
      id=${active ? "active" : nothing}
      aria-colindex=${column + 1}
      aria-sort=${sorted}
      title=${label}
      .style=${style}
      @click=${pick}
    >
      ${label}${mark}<span class="edge" @pointerdown=${dragged((by) => this.widen(column, by))} @click=${(event: Event) => event.stopPropagation()}></span>
    </div>`;
  }
}
