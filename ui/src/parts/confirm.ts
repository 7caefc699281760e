/** A question before something that cannot be taken back at once. */

import { css, html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { sheet } from "./sheet";

@customElement("nb-confirm")
export class Confirm extends LitElement {
  static override styles = [
    sheet,
    css`
      dialog {
        max-width: min(28rem, calc(100vw - 2rem));
      }
      p {
        margin-block: 0.5rem 1.25rem;
      }
    `,
  ];

  @property() heading = "";
  @property() text = "";
  @property() yes = "";
  @property() no = "";
  @query("dialog") private readonly dialog!: HTMLDialogElement;

  /** Whether the person agreed. */
  async ask(): Promise<boolean> {
    await this.updateComplete;
    this.dialog.returnValue = "";
    this.dialog.showModal();
    return new Promise((decide) => {
      this.dialog.addEventListener("close", () => decide(this.dialog.returnValue === "yes"), { once: true });
    });
  }

  private readonly close = (answer: string) => () => this.dialog.close(answer);

  protected override render() {
    return html`<dialog aria-labelledby="heading" aria-describedby="text">
      <h2 id="heading">${this.heading}</h2>
      <p id="text" class="quiet">${this.text}</p>
      <div class="row">
        <button class="plain" autofocus @click=${this.close("no")}>${this.no}</button>
        <button class="danger" @click=${this.close("yes")}>${this.yes}</button>
      </div>
    </dialog>`;
  }
}
