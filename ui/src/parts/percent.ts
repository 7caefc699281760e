/** A share as a whole number of percent, beside its bar and as often drawn. */

import { LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { words } from "../strings";

@customElement("nb-percent")
export class Percent extends LitElement {
  /** 0 to 1. */
  @property({ attribute: false }) share = 0;

  /** What it looks like, others say. */
  protected override createRenderRoot(): this {
    return this;
  }

  protected override render() {
    return words.run.percent(Math.floor(this.share * 100));
  }
}
