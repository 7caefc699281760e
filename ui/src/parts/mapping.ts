/** Which column of a file is which field. What only looks alike is asked for. Tells `map` with the new mapping. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ImportField, Mapping, Preview, PreviewedColumn } from "../api/types";
import { shortOf } from "../grid/text";
import { words } from "../strings";
import { sheet } from "./sheet";

/** How many columns wait for an answer. */
export const unsure = (preview: Preview): number => preview.columns.filter((one) => one.how === "suggested").length;

@customElement("nb-mapping")
export class MappingPart extends LitElement {
  static override styles = [
    sheet,
    css`
      td {
        vertical-align: middle;
      }
      td:first-child {
        font-weight: 550;
        overflow-wrap: anywhere;
      }
      .samples {
        max-width: 16rem;
        overflow-wrap: anywhere;
      }
      .ask {
        display: grid;
        gap: 0.375rem;
        padding: 0.625rem 0.75rem;
        border-radius: 0.625rem;
        color: var(--warn);
        background: var(--warn-ground);
      }
      select {
        min-width: 11rem;
      }
      @media (max-width: 40rem) {
        thead {
          display: none;
        }
        tr {
          display: grid;
          gap: 0.25rem;
          padding-block: 0.75rem;
          border-block-end: 1px solid var(--line);
        }
        td {
          padding: 0;
          border: 0;
        }
      }
    `,
  ];

  @property({ attribute: false }) preview!: Preview;
  @property({ attribute: false }) fields: readonly ImportField[] = [];
  @property({ attribute: false }) mapping: Mapping = {};

  /** A field is of one column: where it was another's, that one is left out. */
  private map(header: string, field: string | null): void {
    const mapping = { ...this.mapping };
    for (const one of this.preview.columns) if (field && one.field === field) mapping[one.header] = null;
    mapping[header] = field;
    this.dispatchEvent(new CustomEvent("map", { detail: mapping }));
  }

  protected override render() {
    const { imports: say } = words;
    return html`<table>
      <thead>
        <tr><th>${say.column}</th><th>${say.samples}</th><th>${say.field}</th></tr>
      </thead>
      <tbody>
        ${this.preview.columns.map(
          (one) => html`<tr>
            <td>${one.header}</td>
            <td class="samples quiet small"><div class="clamped">${one.samples.map(shortOf).join(" · ")}</div></td>
            <td>${one.how === "suggested" ? this.question(one) : this.choice(one)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  private question(one: PreviewedColumn): TemplateResult {
    const { imports: say } = words;
    const field = this.fields.find((each) => each.name === one.field)?.label ?? one.field!;
    return html`<div class="ask">
      <span>${say.looksLike(field)}</span>
      <div class="row">
        <button class="plain" aria-label=${say.yesOf(one.header, field)} @click=${() => this.map(one.header, one.field)}>
          ${say.yes}
        </button>
        <button class="plain" aria-label=${say.noOf(one.header)} @click=${() => this.map(one.header, null)}>${say.no}</button>
      </div>
    </div>`;
  }

  private choice(one: PreviewedColumn): TemplateResult {
    const { imports: say } = words;
    const pick = (event: Event) => this.map(one.header, (event.target as HTMLSelectElement).value || null);
    return html`<select aria-label=${say.fieldOf(one.header)} @change=${pick}>
      <option value="" ?selected=${!one.field} .selected=${!one.field}>– ${say.leaveOut} –</option>
      ${this.fields.map(
        (each) => html`<option value=${each.name} .selected=${each.name === one.field}>
          ${each.label}${each.required ? ` (${say.needed})` : nothing}
        </option>`,
      )}
    </select>`;
  }
}
