/** What views share that ask the server: they try again while it is away, and say what happens meanwhile. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { type Api, Refused } from "../api/client";
import { told } from "../api/telling";
import { words } from "../strings";

const AGAIN = 2000; // milliseconds until the next try while the server is away

export class AskingElement extends LitElement {
  @property({ attribute: false }) api!: Api;
  @state() protected problem = "";
  private timers = new Set<number>();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Ask, and again while the server is away. What else it refuses is shown. */
  protected async load(ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
      this.problem = "";
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.problem = told(error);
      if ((error as Refused).status === 401) this.tell("signed-out");
      else if ((error as Refused).passing) this.later(() => void this.load(ask), AGAIN);
    }
  }

  /** Once, unless this view is left before. */
  protected later(call: () => void, milliseconds: number): number {
    const timer = window.setTimeout(() => {
      this.timers.delete(timer);
      if (this.isConnected) call();
    }, milliseconds);
    this.timers.add(timer);
    return timer;
  }

  protected tell(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  protected trouble(): TemplateResult | typeof nothing {
    return this.problem ? html`<p class="notice" role="alert">${this.problem}</p>` : nothing;
  }

  protected waiting(): TemplateResult {
    return this.problem ? html`${this.trouble()}` : html`<p class="quiet">${words.loading}</p>`;
  }
}
