/** A cell with all of its text, however long. */

import { css, html, LitElement } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { count } from "../figures";
import { sheet } from "../parts/sheet";
import { words } from "../strings";

@customElement("nb-whole-cell")
export class WholeCell extends LitElement {
  static override styles = [
    sheet,
    css`
      dialog {
        width: min(46rem, calc(100vw - 2rem));
        max-height: 80vh;
        padding: 1.25rem;
      }
      .whole {
        max-height: 55vh;
        margin-block: 0.75rem 1rem;
        padding: 0.75rem;
        overflow: auto;
        border-radius: 0.5rem;
        background: var(--sunken);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
    `,
  ];

  @state() private heading = "";
  @state() private text = "";
  @query("dialog") private readonly dialog!: HTMLDialogElement;

  show(column: string, row: number, text: string): void {
    [this.heading, this.text] = [words.table.cell(column, count(row)), text];
    this.dialog.showModal();
  }

  private readonly close = () => this.dialog.close();

  private readonly closed = () => this.dispatchEvent(new Event("close"));

  protected override render() {
    return html`<dialog aria-labelledby="cell" @close=${this.closed}>
      <h2 id="cell">${this.heading}</h2>
      <div class="whole" tabindex="0" role="region" aria-labelledby="cell">${this.text}</div>
      <button @click=${this.close}>${words.close}</button>
    </dialog>`;
  }
}
