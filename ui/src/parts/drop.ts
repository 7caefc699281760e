/** A file to be chosen or dropped, and its way to the server. Tells `sent` with the upload. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Api } from "../api/client";
import { told } from "../api/telling";
import { send } from "../api/tus";
import type { Upload } from "../api/types";
import { size } from "../figures";
import { words } from "../strings";
import "./bar";
import { sheet } from "./sheet";

@customElement("nb-drop")
export class Drop extends LitElement {
  static override styles = [
    sheet,
    css`
      .place {
        display: grid;
        justify-items: center;
        gap: 0.5rem;
        padding: clamp(1.5rem, 6vw, 3.5rem) 1rem;
        text-align: center;
        background: var(--sunken);
        border: 2px dashed var(--edge);
        border-radius: 0.875rem;
      }
      .place.over {
        background: var(--tint);
        border-color: var(--accent);
      }
      .place .big {
        font-size: 1.125rem;
        font-weight: 600;
      }
      .place .row {
        justify-content: center;
      }
      .way {
        width: min(26rem, 100%);
      }
      nb-bar {
        margin-block: 0.75rem;
      }
      .notice {
        margin-block-end: 1rem;
      }
    `,
  ];

  @property({ attribute: false }) api!: Api;
  /** One that began before a reload: its file must be chosen again, as pages cannot open files by themselves. */
  @property({ attribute: false }) begun: Upload | null = null;
  @state() private name = "";
  @state() private now: Upload | null = null;
  @state() private away = false;
  @state() private over = false;
  @state() private problem = "";
  @query("input") private readonly input!: HTMLInputElement;
  private stopping = new AbortController();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopping.abort();
  }

  private async take(file: File | undefined): Promise<void> {
    if (!file || this.name) return;
    this.stopping = new AbortController();
    [this.name, this.now, this.problem] = [file.name, null, ""];
    try {
      const upload = await send(this.api, file, this.heard, this.stopping.signal);
      this.dispatchEvent(new CustomEvent("sent", { detail: upload }));
    } catch (error) {
      if (!this.stopping.signal.aborted) this.problem = told(error);
    } finally {
      [this.name, this.away] = ["", false];
    }
  }

  private readonly heard = (upload: Upload, away: boolean) => {
    if (!this.now) this.dispatchEvent(new CustomEvent("began", { detail: upload }));
    [this.now, this.away] = [upload, away];
  };

  private readonly chosen = () => {
    const file = this.input.files?.[0];
    void this.take(file);
    this.input.value = ""; // so that the same file can be chosen again
  };

  private readonly dragged = (event: DragEvent) => {
    event.preventDefault();
    this.over = event.type === "dragover";
    if (event.type === "drop") void this.take(event.dataTransfer?.files[0]);
  };

  protected override render() {
    return html`${this.problem ? html`<p class="notice" role="alert">${this.problem}</p>` : nothing}
    ${this.name ? this.sending() : this.choosing()}`;
  }

  private choosing(): TemplateResult {
    const { imports: say } = words;
    const { begun } = this;
    return html`${begun
        ? html`<p class="notice warn">${say.begun(begun.name, size(begun.received), size(begun.length))}</p>`
        : nothing}
      <div
        class="place ${this.over ? "over" : ""}"
        @dragover=${this.dragged}
        @dragleave=${this.dragged}
        @drop=${this.dragged}
      >
        <p class="big">${say.drop}</p>
        <button @click=${() => this.input.click()}>${say.choose}</button>
        <p class="quiet small">${say.kinds}</p>
        <input
          type="file"
          hidden
          aria-label=${say.choose}
          accept=".xlsx,.xlsm,.xls,.xlsb,.ods,.csv,.tsv,.txt,.jsonl,.zip,.gz"
          @change=${this.chosen}
        />
        <slot></slot>
      </div>`;
  }

  private sending(): TemplateResult {
    const { imports: say } = words;
    const { received = 0, length = 0 } = this.now ?? {};
    return html`<div class="place">
      <div class="way">
        <p class="big">${say.sending(this.name)}</p>
        <nb-bar .share=${length ? received / length : 0} .label=${say.sending(this.name)} .still=${this.away}></nb-bar>
        <p class="quiet figure" role="status">${this.away ? say.away : say.sent(size(received), size(length))}</p>
      </div>
      <button class="plain" @click=${() => this.stopping.abort()}>${say.stop}</button>
    </div>`;
  }
}
