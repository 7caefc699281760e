/** The runs there were and are, with filters. Those under way move. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { brieflyOf } from "../api/telling";
import type { Job, Run, RunState } from "../api/types";
import { count, duration, moment, size } from "../figures";
import { liveOf } from "../live/live";
import "../parts/bar";
import { asked, fraction, pace, titleOf } from "../parts/facts";
import { sheet } from "../parts/sheet";
import { stateOf } from "../parts/state";
import { words } from "../strings";
import { AskingElement } from "./asking";

const PAGE = 25;
const LOOK = 4000; // milliseconds between looks for runs that others started
const OPEN: RunState[] = ["queued", "running", "pausing", "paused", "cancelling", "interrupted", "publishing"];

@customElement("nb-runs")
export class Runs extends AskingElement {
  static override styles = [
    sheet,
    css`
      .filters {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(12rem, 45%), 1fr));
        gap: 0.75rem 1rem;
        max-width: 44rem;
        margin-block: 1rem 1.25rem;
      }
      li {
        position: relative;
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.125rem 1rem;
        padding: 0.875rem 1.25rem;
        border-block-end: 1px solid var(--line);
      }
      li:last-child {
        border: 0;
      }
      li:hover {
        background: var(--sunken);
      }
      ul.card {
        padding: 0;
        overflow: hidden;
      }
      li a {
        color: inherit;
        font-weight: 600;
        text-decoration: none;
        overflow-wrap: anywhere;
      }
      li a::after {
        content: "";
        position: absolute;
        inset: 0;
      }
      li a:focus-visible {
        outline: none;
      }
      li a:focus-visible::after {
        outline: 3px solid var(--accent);
        outline-offset: -3px;
      }
      .top {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        align-items: flex-start;
        gap: 0.125rem 1rem;
      }
      .top a {
        flex: 1 1 8rem;
      }
      nb-bar {
        grid-column: 1 / -1;
        --bar-height: 0.375rem;
        margin-block: 0.375rem 0.125rem;
      }
      time,
      .end {
        text-align: end;
      }
      .asked {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .more {
        margin-block-start: 1rem;
      }
    `,
  ];

  @property({ type: Boolean }) operator = false;
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private runs: Run[] | null = null;
  @state() private jobs: Job[] = [];
  @state() private next: string | null = null;
  @state() private state_ = "";
  @state() private job = "";
  @state() private owner = "";
  private pages = 1;
  private following = new Map<string, () => void>();

  override connectedCallback(): void {
    super.connectedCallback();
    this.job = this.query.get("job") ?? "";
    this.state_ = this.query.get("state") ?? "";
    void this.load(async () => {
      this.jobs = await this.api.jobs();
    });
    void this.keepLooking();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const leave of this.following.values()) leave();
    this.following.clear();
  }

  private async keepLooking(): Promise<void> {
    if (!document.hidden) await this.load(() => this.look());
    this.later(() => void this.keepLooking(), LOOK);
  }

  private wanted(after: string | null = null) {
    const states = this.state_ === "open" ? OPEN : this.state_;
    return { state: states, job: this.job, owner: this.owner.trim(), limit: PAGE, after };
  }

  /** The first page again; further ones stay as they are, but for what moved. */
  private async look(): Promise<void> {
    const asked = JSON.stringify(this.wanted());
    const page = await this.api.runs(this.wanted());
    if (asked !== JSON.stringify(this.wanted())) return; // the filters changed meanwhile
    const fresh = new Set(page.runs.map((run) => run.id));
    const older = this.pages > 1 ? (this.runs ?? []).filter((run) => !fresh.has(run.id)) : [];
    this.show([...page.runs, ...older]);
    if (this.pages === 1) this.next = page.next;
  }

  private readonly older = () =>
    this.load(async () => {
      const page = await this.api.runs(this.wanted(this.next));
      this.pages++;
      this.next = page.next;
      const known = new Set(this.runs?.map((run) => run.id));
      this.show([...(this.runs ?? []), ...page.runs.filter((run) => !known.has(run.id))]);
    });

  private show(runs: Run[]): void {
    const before = new Map(this.runs?.map((run) => [run.id, run]));
    this.runs = runs.map((run) => {
      const known = before.get(run.id);
      return known && known.version > run.version ? known : run;
    });
    const open = new Map(this.runs.filter((run) => !run.ended).map((run) => [run.id, run]));
    for (const [id, leave] of this.following) if (!open.has(id) && this.following.delete(id)) leave();
    for (const [id, run] of open) {
      if (this.following.has(id)) continue;
      const show = (now: Run | null) => now && this.move(now);
      this.following.set(id, liveOf(this.api).follow(id, { run: show }, run));
    }
  }

  private move(now: Run): void {
    this.runs = this.runs?.map((run) => (run.id === now.id ? now : run)) ?? null;
  }

  private readonly filter = (name: "state_" | "job" | "owner") => (event: Event) => {
    this[name] = (event.target as HTMLInputElement).value;
    this.pages = 1;
    void this.load(() => this.look());
  };

  protected override render() {
    const { runs } = words;
    return html`<h1>${runs.title}</h1>
      ${this.filters()} ${this.trouble()} ${this.runs ? this.list(this.runs) : this.problem ? nothing : this.waiting()}`;
  }

  private filters(): TemplateResult {
    const { runs } = words;
    const option = (value: string, text: string, now: string) =>
      html`<option value=${value} ?selected=${value === now}>${text}</option>`;
    return html`<div class="filters" role="search">
      <label>
        ${runs.state}
        <select @change=${this.filter("state_")}>
          ${option("", runs.anyState, this.state_)}
          ${Object.entries(runs.groups).map(([value, text]) => option(value, text, this.state_))}
        </select>
      </label>
      <label>
        ${runs.job}
        <select @change=${this.filter("job")}>
          ${option("", runs.anyJob, this.job)} ${this.jobs.map((job) => option(job.name, job.title, this.job))}
        </select>
      </label>
      ${this.operator
        ? html`<label>${runs.owner}<input placeholder=${runs.anyone} @change=${this.filter("owner")} /></label>`
        : nothing}
    </div>`;
  }

  private list(runs: Run[]): TemplateResult {
    const filtered = this.state_ || this.job || this.owner;
    if (!runs.length) return html`<p class="quiet">${filtered ? words.runs.noneFits : words.runs.none}</p>`;
    return html`<ul class="card">
        ${repeat(
          runs,
          (run) => run.id,
          (run) => this.line(run),
        )}
      </ul>
      ${this.next
        ? html`<p class="more"><button class="plain" @click=${this.older}>${words.runs.older}</button></p>`
        : nothing}`;
  }

  private line(run: Run): TemplateResult {
    return html`<li>
      <div class="top"><a href="#/runs/${run.id}">${titleOf(run)}</a>${stateOf(run.state)}</div>
      ${run.ended
        ? nothing
        : html`<nb-bar
            .share=${fraction(run)}
            .pace=${pace(run)}
            .label=${`${run.title}: ${words.run.progress}`}
            .still=${run.state === "queued" || run.state === "paused"}
          ></nb-bar>`}
      <span class="quiet small figure">${figures(run)}</span>
      <time class="quiet small figure" datetime=${run.created_at}>${moment(run.created_at)}</time>
      <span class="quiet small asked">${asked(run)}</span>
      <span class="quiet small end">${this.operator ? run.owner : ""}</span>
    </li>`;
  }
}

function figures(run: Run): string {
  const { start, run: say } = words;
  const all = run.ended || run.total === null ? start.rows(run.done) : say.rowsOf(count(run.done), start.rows(run.total));
  const left = !run.ended && run.seconds_left !== null ? `${say.left}: ${duration(run.seconds_left)}` : "";
  const error = run.error && run.ended && !run.artifact ? brieflyOf(run.error) : "";
  return [error, all, run.artifact && run.kind !== "report" ? size(run.artifact.bytes) : "", left].filter(Boolean).join(" · ");
}
