/** A figure that is drawn as often as the bar, where the rest of a run is drawn more calmly. */

import { LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

@customElement("nb-lively")
export class Lively extends LitElement {
  @property({ attribute: false }) text = "";

  /** What it looks like, others say. */
  protected override createRenderRoot(): this {
    return this;
  }

  protected override render() {
    return this.text;
  }
}
