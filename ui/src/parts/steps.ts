/** Where one is on a way of several steps. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { words } from "../strings";
import { sheet } from "./sheet";

@customElement("nb-steps")
export class Steps extends LitElement {
  static override styles = [
    sheet,
    css`
      ol {
        display: flex;
        gap: 0.5rem;
        margin-block: 1.25rem;
      }
      li {
        flex: 1 0 auto;
        padding-block-start: 0.5rem;
        white-space: nowrap;
        font-size: 0.875rem;
        color: var(--quiet);
        border-block-start: 3px solid var(--line);
      }
      .past {
        border-color: var(--accent);
      }
      [aria-current] {
        color: var(--accent);
        font-weight: 650;
        border-color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) names: readonly string[] = [];
  @property({ type: Number }) at = 0;

  protected override render() {
    const { steps, stepOf } = words.imports;
    const mark = (place: number) => (place === this.at ? "step" : nothing);
    return html`<ol aria-label=${steps}>
        ${this.names.map(
          (one, place) => html`<li class=${place < this.at ? "past" : ""} aria-current=${mark(place)}>${place + 1}. ${one}</li>`,
        )}
      </ol>
      <p class="visually-hidden" role="status">${stepOf(this.at + 1, this.names[this.at] ?? "")}</p>`;
  }
}
