/** The first rows of a file as an import would read them, with what is wrong beside it. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Preview } from "../api/types";
import { shortOf } from "../grid/text";
import { words } from "../strings";
import { sheet } from "./sheet";

@customElement("nb-preview")
export class PreviewPart extends LitElement {
  static override styles = [
    sheet,
    css`
      table {
        margin-block-start: 0.75rem;
      }
      th,
      td {
        padding-inline: 0.75rem;
        min-width: 6rem;
        max-width: 18rem;
        overflow-wrap: break-word;
      }
      .clamped {
        -webkit-line-clamp: 4;
      }
      th:first-child,
      td:first-child {
        min-width: 0;
      }
      .out {
        color: var(--quiet);
        font-style: italic;
      }
      .bad {
        color: var(--bad);
        background: var(--bad-ground);
      }
      .why {
        min-width: 9rem;
        color: var(--bad);
      }
    `,
  ];

  @property({ attribute: false }) preview!: Preview;

  protected override render() {
    const { imports: say } = words;
    const { columns, rows } = this.preview;
    const bad = rows.filter((one) => one.problems.length).length;
    if (!rows.length) return html`<p class="notice warn">${say.noRows}</p>`;
    return html`<p class="notice ${bad ? "warn" : "good"}" role="status">
        ${bad ? say.someBad(bad, rows.length) : say.allGood(rows.length)}
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label=${say.tableLabel}>
        <table>
          <thead>
            <tr>
              <th>${say.row}</th>
              ${bad ? html`<th>${say.problem}</th>` : nothing} ${columns.map((one) => html`<th>${one.header}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map((row) => this.row(row, bad > 0))}
          </tbody>
        </table>
      </div>`;
  }

  private row(row: Preview["rows"][number], withProblems: boolean): TemplateResult {
    const wrong = new Set(row.problems.map((one) => one.column));
    return html`<tr>
      <td class="figure">${row.row}</td>
      ${withProblems ? html`<td class="why small">${row.problems.map((one) => html`<p>${one.column ? `${one.column}: ` : nothing}${one.message}</p>`)}</td>` : nothing}
      ${this.preview.columns.map((one, place) => {
        const look = wrong.has(one.header) ? "bad" : one.field && one.how !== "suggested" ? "" : "out";
        return html`<td class=${look}><div class="clamped">${shortOf(row.cells[place])}</div></td>`;
      })}
    </tr>`;
  }
}
