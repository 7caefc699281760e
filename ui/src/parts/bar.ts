/** A progress bar that says exactly what is known: no easing, no guess. */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { sheet } from "./sheet";

@customElement("nb-bar")
export class Bar extends LitElement {
  static override styles = [
    sheet,
    css`
      .bar {
        height: var(--bar-height, 0.625rem);
        border-radius: 1rem;
        overflow: hidden;
        background: var(--sunken);
        box-shadow: inset 0 0 0 1px var(--line);
      }
      .bar > div {
        height: 100%;
        width: 100%;
        background: var(--accent);
        transform-origin: left;
        border-radius: inherit;
      }
      .bar:dir(rtl) > div {
        transform-origin: right;
      }
      .unknown > div {
        width: 30%;
        animation: flow 1.8s ease-in-out infinite alternate;
      }
      .still > div {
        background: var(--edge);
      }
      @keyframes flow {
        to {
          transform: translateX(233%);
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .unknown > div {
          width: 100%;
          opacity: 0.4;
        }
      }
    `,
  ];

  /** 0 to 1; null: nobody knows how much there is. */
  @property({ attribute: false }) share: number | null = 0;
  @property() label = "";
  /** Nothing moves at the moment. */
  @property({ type: Boolean }) still = false;

  protected override render() {
    const known = this.share !== null;
    const share = Math.max(0, Math.min(1, this.share ?? 0));
    return html`<div
      class="bar ${known || this.still ? "" : "unknown"} ${this.still ? "still" : ""}"
      role="progressbar"
      aria-label=${this.label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${known ? Math.floor(share * 100) : nothing}
    >
      <div .style=${known || this.still ? `transform:scaleX(${share})` : ""}></div>
    </div>`;
  }
}
