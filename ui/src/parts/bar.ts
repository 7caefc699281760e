/**
 * A progress bar. Its figure is what is known. Its length goes on at the speed seen, for as long as news are on their
 * way: of a fast run they are old when they come. It is never more than two points ahead, and never full before
 * it is. No easing.
 */

import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { sheet } from "./sheet";

const WAY = 20; // milliseconds that news have been under way, about
const ALONE = 60; // milliseconds that it goes on without news
const AHEAD = 0.018;
const SEEN = 250; // milliseconds over which its speed is taken
const LEAST = 100; // milliseconds before which nothing is known of its speed

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
  @query(".bar > div") private readonly line!: HTMLElement;
  private news: [number, number][] = [];
  private shown = 0;
  private frame = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  protected override updated(): void {
    const now = performance.now();
    if (this.still || this.share === null || this.share < (this.news.at(-1)?.[1] ?? 0)) {
      this.news = [];
      this.shown = 0;
    }
    if (this.share !== null && this.share !== this.news.at(-1)?.[1]) this.news.push([now, this.share]);
    while (this.news.length > 2 && now - this.news[0]![0] > SEEN) this.news.shift();
    this.paint(now);
  }

  private paint(now: number): void {
    if (this.share === null) {
      this.line.style.transform = this.still ? "scaleX(0)" : "";
      return;
    }
    const ahead = this.ahead(now);
    this.shown = Math.min(1, Math.max(this.shown, this.share + ahead));
    this.line.style.transform = `scaleX(${this.shown})`;
    if (ahead && now - this.news.at(-1)![0] < ALONE) this.frame ||= requestAnimationFrame((at) => this.goOn(at));
  }

  private goOn(now: number): void {
    this.frame = 0;
    this.paint(now);
  }

  /** What has come since the newest news, if all goes on as it did. */
  private ahead(now: number): number {
    const [[began, from], [ended, to]] = [this.news[0] ?? [0, 0], this.news.at(-1) ?? [0, 0]];
    if (ended - began < LEAST) return 0;
    const since = WAY + Math.max(0, Math.min(now - ended, ALONE));
    return Math.min(((to - from) / (ended - began)) * since, AHEAD, (1 - to) / 2);
  }

  protected override render() {
    const known = this.share !== null;
    return html`<div
      class="bar ${known || this.still ? "" : "unknown"} ${this.still ? "still" : ""}"
      role="progressbar"
      aria-label=${this.label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${known ? Math.floor(this.share! * 100) : nothing}
    >
      <div></div>
    </div>`;
  }
}
