/** How much of the rows: everything, one page, or several. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Count } from "../api/types";
import { words } from "../strings";
import { sheet } from "./sheet";

const FIRST = "1-3"; // what is offered where there are so many pages

type Mode = "everything" | "page" | "pages";

const RANGES = /^\s*\d{1,9}(-\d{1,9})?(\s*,\s*\d{1,9}(-\d{1,9})?)*\s*$/;

@customElement("nb-pages")
export class Pages extends LitElement {
  static override styles = [
    sheet,
    css`
      .modes {
        gap: 0.25rem 1.5rem;
      }
      .more {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(11rem, 100%), 1fr));
        gap: 1rem;
        margin-block-start: 0.75rem;
      }
      .notice {
        margin-block-start: 0.75rem;
      }
    `,
  ];

  @property({ attribute: false }) count: Count | null = null;
  @state() private mode: Mode = "everything";
  @state() private size = 5000;
  @state() private page = 1;
  @state() private ranges = FIRST;

  /** For the body of a start. */
  get choice(): { page_size?: number; pages?: string } {
    if (this.mode === "everything") return {};
    return { page_size: this.size, pages: this.mode === "page" ? String(this.page) : this.ranges.replaceAll(" ", "") };
  }

  /** Why it cannot be started like this; empty where it can. */
  get wrong(): string {
    if (this.mode === "everything") return "";
    if (this.mode === "pages" && !RANGES.test(this.ranges)) return words.start.pagesWrong;
    const last = this.last;
    if (last !== null && last > 0 && this.numbers().some((page) => page > last)) return words.start.pageBeyond(last);
    return "";
  }

  /** Whether the file must hold more than one table. */
  get several(): boolean {
    return this.mode === "pages" && new Set(this.numbers()).size > 1;
  }

  /** Rows of what is chosen; null where nobody knows. */
  get rows(): number | null {
    const all = this.count?.rows ?? null;
    if (all === null || this.mode === "everything" || this.wrong) return all;
    const rows = new Set(this.numbers());
    return [...rows].reduce((sum, page) => sum + Math.max(0, Math.min(this.size, all - (page - 1) * this.size)), 0);
  }

  private get last(): number | null {
    const all = this.count?.rows ?? null;
    return all === null || this.count!.estimated ? null : Math.ceil(all / this.size);
  }

  private numbers(): number[] {
    if (this.mode === "page") return [this.page];
    return this.ranges.split(",").flatMap((piece) => {
      const [first = 0, last = first] = piece.split("-").map(Number);
      return Array.from({ length: Math.min(Math.max(last - first + 1, 0), 1000) }, (_, n) => first + n);
    });
  }

  private choose(mode: Mode): void {
    this.mode = mode;
    const { last } = this;
    if (last && last < 3 && this.ranges === FIRST) this.ranges = last === 1 ? "1" : `1-${last}`;
  }

  private change(set: () => void): void {
    set();
    this.dispatchEvent(new Event("change"));
  }

  protected override render() {
    const { start } = words;
    return html`<fieldset>
      <legend class="visually-hidden">${start.howMuch}</legend>
      <div class="row modes">
        ${this.radio("everything", start.everything)} ${this.radio("page", start.onePage)}
        ${this.radio("pages", start.severalPages)}
      </div>
      ${this.mode === "everything" ? "" : html`<div class="more">${this.sizeField()} ${this.pageField()}</div>`}
      ${this.wrong ? html`<p class="notice warn" role="alert">${this.wrong}</p>` : ""}
    </fieldset>`;
  }

  private radio(mode: Mode, text: string): TemplateResult {
    return html`<label class="check">
      <input type="radio" name="mode" .checked=${this.mode === mode} @change=${() => this.change(() => this.choose(mode))} />
      <span>${text}</span>
    </label>`;
  }

  private sizeField(): TemplateResult {
    const set = (event: Event) => this.change(() => (this.size = atLeastOne(event)));
    return html`<label>
      ${words.start.pageSize}
      <input type="number" min="1" max="1000000000" step="1" required .value=${String(this.size)} @change=${set} />
    </label>`;
  }

  private pageField(): TemplateResult {
    const { start } = words;
    if (this.mode === "pages") {
      const set = (event: Event) => this.change(() => (this.ranges = (event.target as HTMLInputElement).value));
      return html`<label>
        ${start.pages}
        <input .value=${this.ranges} placeholder=${start.pagesHint} required @change=${set} />
      </label>`;
    }
    const set = (event: Event) => this.change(() => (this.page = atLeastOne(event)));
    return html`<label>
      <span>${this.last ? start.pageOf(this.page, this.last) : start.page}</span>
      <input type="number" min="1" step="1" required .value=${String(this.page)} @change=${set} />
    </label>`;
  }
}

const atLeastOne = (event: Event): number =>
  Math.max(1, Math.floor(Number((event.target as HTMLInputElement).value)) || 1);
