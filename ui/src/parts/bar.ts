/**
 * A progress bar. Its figure is what is known. Its length goes on at its pace, for as long as news are on their way:
 * of a fast run they are old when they come. A frame is drawn for the end of the time that it will be seen, which is
 * long where frames are slow. It is never more than two points ahead, and never full before it is. No easing.
 */

import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { sheet } from "./sheet";

const WAY = 12; // milliseconds that news are under way
const FRAME = 1000 / 60; // milliseconds that a frame is seen, as long as nothing else is known
const SLOWEST = 100;
const LEAST = 10; // milliseconds over which growth is measured: the pace told is one since the start, which was slow
const SOME = 50; // milliseconds after which it is measured anew
const ALONE = 60; // milliseconds that it goes on without news
const SLOW = 25; // milliseconds of a frame in which more was done than the usual
const CALM = 3; // frames that are not slow, after which a bar appears
const LATEST = 200; // milliseconds after which it appears anyway
const AHEAD = 0.02;

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
        visibility: hidden;
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
  /** Shares a second at which it grows; 0 where nobody knows. */
  @property({ attribute: false }) pace = 0;
  @property() label = "";
  /** Nothing moves at the moment. */
  @property({ type: Boolean }) still = false;
  @query(".bar > div") private readonly line!: HTMLElement;
  private there = false; // on the screen
  private heard = 0;
  private shown = 0;
  private frame = 0;
  private seen = FRAME; // milliseconds that each of the last frames was
  private last = 0;
  private grown = 0; // shares a second, as measured here
  private since: [number, number] = [0, 0]; // the moment and the share from which on it is measured

  override connectedCallback(): void {
    super.connectedCallback();
    requestAnimationFrame((at) => this.wait(at, at + LATEST, CALM));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("share")) {
      this.heard = performance.now();
      if ((this.share ?? 0) < (changed.get("share") ?? 0)) this.shown = 0;
      this.measure(this.share ?? 0);
    }
    if (this.still) this.shown = 0;
    this.paint(performance.now());
  }

  /** While the page around it is being drawn, frames are slow and what it knows is old: it appears when that is over. */
  private wait(last: number, latest: number, frames: number): void {
    if (!frames || last > latest) return this.appear();
    requestAnimationFrame((at) => this.wait(at, latest, at - last < SLOW ? frames - 1 : CALM));
  }

  private appear(): void {
    this.there = true;
    this.line.parentElement!.style.visibility = "visible";
    this.paint(performance.now());
  }

  private measure(share: number): void {
    const [from, began] = this.since;
    const past = this.heard - from;
    if (from && past > LEAST) this.grown = Math.max(0, share - began) * (1000 / past);
    if (!from || past > SOME) this.since = [this.heard, share];
  }

  private paint(now: number): void {
    if (!this.there) return;
    if (this.share === null) {
      this.line.style.transform = this.still ? "scaleX(0)" : "";
      return;
    }
    const ahead = this.ahead(this.share, now);
    this.shown = Math.min(1, Math.max(this.shown, this.share + ahead));
    this.line.style.transform = `scaleX(${this.shown})`;
    if (ahead && now - this.heard < ALONE) this.frame ||= requestAnimationFrame((at) => this.goOn(at));
    else this.last = 0;
  }

  private goOn(now: number): void {
    this.frame = 0;
    if (this.last) this.seen += (Math.min(now - this.last, SLOWEST) - this.seen) / 4;
    this.last = now;
    this.paint(now);
  }

  /** What has come since the newest news, if all goes on as it did. */
  private ahead(share: number, now: number): number {
    if (this.still) return 0;
    const since = WAY + this.seen + Math.max(0, Math.min(now - this.heard, ALONE));
    const pace = this.pace && Math.max(this.pace, this.grown);
    return Math.min((pace * since) / 1000, AHEAD, (1 - share) / 2);
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
