/** What the tables of a job lack, for those who can mend it: indexes, with the statements that make them. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Api, Query } from "../api/client";
import type { MissingIndex } from "../api/types";
import { words } from "../strings";
import { sheet } from "./sheet";

@customElement("nb-advice")
export class Advice extends LitElement {
  static override styles = [
    sheet,
    css`
      summary + p,
      pre {
        margin-block-end: 1rem;
      }
      pre {
        margin-block-start: 0.375rem;
        padding: 0.625rem 0.75rem;
        border-radius: 0.5rem;
        background: var(--sunken);
        font-size: 0.8125rem;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        user-select: all;
      }
      pre:last-child {
        margin-block-end: 0;
      }
    `,
  ];

  @property({ attribute: false }) api!: Api;
  @property() job = "";
  /** What is chosen; null as long as that is not complete. */
  @property({ attribute: false }) chosen: Query | null = null;
  @state() private missing: readonly MissingIndex[] = [];

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("chosen") || changed.has("job")) void this.ask(this.chosen);
  }

  private async ask(chosen: Query | null): Promise<void> {
    // Whatever keeps the answer away, the count beside it says.
    const found = chosen ? await this.api.missingIndexes(this.job, chosen).catch(() => []) : [];
    if (chosen === this.chosen) this.missing = found;
  }

  protected override render() {
    const { advice } = words;
    if (!this.missing.length) return nothing;
    return html`<details class="card">
      <summary><h2>${advice.title}</h2><span class="quiet">${advice.many(this.missing.length)}</span></summary>
      <p class="quiet small">${advice.says}</p>
      ${this.missing.map((one) => html`<p>${one.because}</p><pre tabindex="0">${one.statement};</pre>`)}
    </details>`;
  }
}
