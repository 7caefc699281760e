/** Refused rows in a grid where they can be put right. Tells `another` with the run that imports them. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Api } from "../api/client";
import { Intent } from "../api/intent";
import { told } from "../api/telling";
import type { Report, ReportedRow, Run } from "../api/types";
import { count } from "../figures";
import { textOf } from "../grid/text";
import { words } from "../strings";
import { sheet } from "./sheet";

const SHOWN = 50; // rows at once
const MOST = 1000; // rows that one request may bring

type Data = Record<string, unknown>;

const dataOf = (row: ReportedRow): Data => (row.data && typeof row.data === "object" ? (row.data as Data) : {});

@customElement("nb-rejects")
export class Rejects extends LitElement {
  static override styles = [
    sheet,
    css`
      .scroll {
        margin-block: 0.75rem;
      }
      td {
        padding: 0.25rem 0.375rem 0.25rem 0;
        vertical-align: middle;
      }
      td.why {
        min-width: 15rem;
        max-width: 22rem;
        padding-inline-end: 1rem;
        color: var(--bad);
      }
      tr.touched td.why {
        color: var(--quiet);
      }
      td.figure {
        padding-inline-end: 1rem;
      }
      input {
        min-width: 9rem;
        scroll-margin-block: 1rem 6rem; /* or what sticks below hides the cell that has the focus */
      }
      input[aria-invalid] {
        border: 2px solid var(--bad);
        background: var(--bad-ground);
      }
      input.new {
        border-color: var(--good);
        background: var(--good-ground);
      }
      .foot {
        position: sticky;
        inset-block-end: 0;
        padding-block: 0.75rem;
        background: var(--surface);
        border-block-start: 1px solid var(--line);
      }
      @media (max-width: 40rem) {
        thead {
          display: none;
        }
        tr {
          display: grid;
          gap: 0.375rem;
          padding-block: 1rem;
          border-block-end: 1px solid var(--line);
        }
        td {
          display: grid;
          padding: 0;
          border: 0;
        }
        td.figure {
          grid-template-columns: auto 1fr;
          gap: 0.5rem;
          text-align: start;
          font-weight: 600;
        }
        .foot [role="status"] {
          display: none; /* the button says it */
        }
        td::before {
          content: attr(data-label);
          font-size: 0.8125rem;
          font-weight: 400;
          color: var(--quiet);
        }
        td.why::before {
          content: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) run!: Run;
  @property({ attribute: false }) report!: Report;
  /** To be read, not corrected: nothing was imported yet. */
  @property({ type: Boolean }) still = false;
  @state() private fixed = new Map<number, Record<string, string>>();
  @state() private shown = SHOWN;
  @state() private problem = "";
  @state() private busy = false;
  private readonly intent = new Intent();

  private get columns(): string[] {
    const all = this.report.rejects.flatMap((row) => Object.keys(dataOf(row)));
    return [...new Set(all)];
  }

  private change(row: ReportedRow, column: string, text: string): void {
    const of = { ...this.fixed.get(row.row), [column]: text };
    if (text === textOf(dataOf(row)[column])) delete of[column];
    const fixed = new Map(this.fixed);
    if (Object.keys(of).length) fixed.set(row.row, of);
    else fixed.delete(row.row);
    this.fixed = fixed;
  }

  private readonly submit = async (event: Event) => {
    event.preventDefault();
    const rows = this.report.rejects.filter((row) => this.fixed.has(row.row)).slice(0, MOST);
    if (!rows.length || this.busy) return;
    this.busy = true;
    this.problem = "";
    try {
      const body = { rows: rows.map((row) => ({ row: row.row, data: { ...dataOf(row), ...this.fixed.get(row.row) } })) };
      const started = await this.api.another(this.run.id, "resubmit", this.intent.keyOf([this.run.id, body]), body);
      this.intent.done();
      this.dispatchEvent(new CustomEvent("another", { detail: started, bubbles: true, composed: true }));
    } catch (error) {
      this.problem = told(error);
    } finally {
      this.busy = false;
    }
  };

  /** Up and down as in a spreadsheet. */
  private readonly pressed = (event: KeyboardEvent) => {
    const by = ({ Enter: 1, ArrowDown: 1, ArrowUp: -1 } as Record<string, number>)[event.key];
    const cell = (event.target as HTMLElement).closest("td");
    if (!by || !cell || event.isComposing) return;
    event.preventDefault();
    const row = cell.parentElement!;
    const next = by > 0 ? row.nextElementSibling : row.previousElementSibling;
    const input = next?.children[[...row.children].indexOf(cell)]?.querySelector("input");
    input?.focus();
    input?.select();
  };

  protected override render() {
    const { imports: say } = words;
    const { rejects, rejected } = this.report;
    const { columns, fixed } = this;
    const rest = rejects.length - this.shown;
    return html`<form @submit=${this.submit}>
      <p class="quiet" ?hidden=${this.still}>${say.rejectsHint} <span class="small">${say.keys}</span></p>
      ${rejects.length < rejected ? html`<p class="quiet">${say.rejectsSome(rejects.length, rejected)}</p>` : nothing}
      <div class="scroll">
        <table>
          <thead>
            <tr><th>${say.row}</th><th>${say.problem}</th>${columns.map((one) => html`<th>${one}</th>`)}</tr>
          </thead>
          <tbody @keydown=${this.pressed}>
            ${rejects.slice(0, this.shown).map((row) => this.row(row, columns))}
          </tbody>
        </table>
      </div>
      ${rest > 0
        ? html`<button type="button" class="plain" @click=${() => (this.shown += SHOWN)}>
            ${say.more(Math.min(rest, SHOWN))}
          </button>`
        : nothing}
      ${this.problem ? html`<p class="notice" role="alert">${this.problem}</p>` : nothing}
      <div class="row foot" ?hidden=${this.still}>
        <button ?disabled=${this.busy || !fixed.size}>${fixed.size ? say.resubmit(fixed.size) : say.resubmitNone}</button>
        <button type="button" class="plain" ?hidden=${!fixed.size} @click=${() => (this.fixed = new Map())}>${say.revert}</button>
        <span class="quiet" role="status">${fixed.size ? say.corrected(fixed.size) : say.noneCorrected}</span>
      </div>
    </form>`;
  }

  private row(row: ReportedRow, columns: string[]): TemplateResult {
    const { imports: say } = words;
    const [data, fixed] = [dataOf(row), this.fixed.get(row.row)];
    const wrong = new Set(row.problems.map((one) => one.column));
    return html`<tr class=${fixed ? "touched" : ""}>
      <td class="figure" data-label=${say.row}>${count(row.row)}</td>
      <td class="why small" id="why-${row.row}">
        ${row.problems.map((one) => html`<p>${one.column ? `${one.column}: ` : ""}${one.message ?? one.code}</p>`)}
      </td>
      ${columns.map((column) => {
        const mine = fixed?.[column];
        const bad = wrong.has(column) && mine === undefined;
        return html`<td data-label=${column}>
          <input
            class=${mine === undefined ? "" : "new"}
            autocomplete="off"
            ?readonly=${this.still}
            aria-label=${say.cell(column, count(row.row))}
            aria-invalid=${bad ? "true" : nothing}
            aria-describedby=${bad ? `why-${row.row}` : nothing}
            .value=${mine ?? textOf(data[column])}
            @input=${(event: Event) => this.change(row, column, (event.target as HTMLInputElement).value)}
          />
        </td>`;
      })}
    </tr>`;
  }
}
