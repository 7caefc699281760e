/** What the tables of a job lack, for those who can mend it: indexes, with the statements that make them. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Api, Query } from "../api/client";
import type { MissingIndex } from "../api/types";
import { write } from "../clipboard";
import { words } from "../strings";
import { sheet } from "./sheet";

@customElement("nb-advice")
export class Advice extends LitElement {
  static override styles = [
    sheet,
    css`
      summary + p,
      button:not(:last-child) {
        margin-block-end: 1rem;
      }
      pre {
        margin-block: 0.375rem 0.625rem;
        padding: 0.625rem 0.75rem;
        border-radius: 0.5rem;
        background: var(--sunken);
        font-size: 0.8125rem;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) api!: Api;
  @property() job = "";
  /** What is chosen; null as long as that is not complete. */
  @property({ attribute: false }) chosen: Query | null = null;
  @state() private missing: readonly MissingIndex[] = [];
  @state() private copied = "";

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("chosen") || changed.has("job")) void this.ask(this.chosen);
  }

  private async ask(chosen: Query | null): Promise<void> {
    // Whatever keeps the answer away, the count beside it says.
    const found = chosen ? await this.api.missingIndexes(this.job, chosen).catch(() => []) : [];
    if (chosen === this.chosen) [this.missing, this.copied] = [found, ""];
  }

  private index({ because, statement }: MissingIndex): TemplateResult {
    const { advice } = words;
    const copied = () => (this.copied = statement);
    const copy = () => void write(`${statement};`).then(copied, () => {}); // where that is not allowed, it can be selected
    return html`<p>${because}</p>
      <pre>${statement};</pre>
      <button type="button" class="plain" @click=${copy}>${this.copied === statement ? advice.copied : advice.copy}</button>`;
  }

  protected override render() {
    const { advice } = words;
    if (!this.missing.length) return nothing;
    return html`<details class="card">
      <summary><h2>${advice.title}</h2><span class="quiet">${advice.many(this.missing.length)}</span></summary>
      <p class="quiet small">${advice.says}</p>
      ${this.missing.map((one) => this.index(one))}
    </details>`;
  }
}
