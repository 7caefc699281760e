/** For those who run the server: what waits, who works, what failed. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { Refused } from "../api/client";
import { toldOf } from "../api/telling";
import type { Operations, Run } from "../api/types";
import { count, duration, moment, size, timeOf } from "../figures";
import "../parts/bar";
import { byJob } from "../parts/outcomes";
import { sheet } from "../parts/sheet";
import { stateOf } from "../parts/state";
import { words } from "../strings";
import { AskingElement } from "./asking";

const EVERY = 2000; // milliseconds between looks
const KEPT = 150; // looks that the charts show

interface Sample {
  at: string;
  waiting: number;
  working: number;
  oldest: number;
  memory: number;
  followers: number;
}

@customElement("nb-operations")
export class OperationsView extends AskingElement {
  static override styles = [
    sheet,
    css`
      .charts {
        display: grid;
        grid-template-columns: repeat(6, 1fr);
        gap: 1rem;
        margin-block: 1.25rem;
      }
      @media (max-width: 62rem) {
        .charts {
          grid-template-columns: repeat(3, 1fr);
        }
      }
      @media (max-width: 34rem) {
        .charts {
          grid-template-columns: repeat(2, 1fr);
        }
      }
      .charts .card {
        padding: 1rem 1.125rem 0.875rem;
      }
      .value {
        font-size: 1.625rem;
        font-weight: 300;
        letter-spacing: -0.02em;
        line-height: 1.3;
      }
      svg {
        display: block;
        width: 100%;
        height: 2.5rem;
        margin-block-start: 0.375rem;
        overflow: visible;
      }
      .area {
        fill: var(--tint);
      }
      .line {
        fill: none;
        stroke: var(--accent);
        stroke-width: 1.5;
        vector-effect: non-scaling-stroke;
      }
      section.card {
        margin-block-start: 1.25rem;
      }
      .version {
        margin-block-start: 1.25rem;
      }
      h2 {
        margin-block-end: 0.5rem;
      }
      .two {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr));
        gap: 0 1.25rem;
        align-items: start;
      }
      @media (max-width: 40rem) {
        .wide thead {
          display: none;
        }
        .wide tr {
          display: block;
          padding-block: 0.625rem;
          border-block-end: 1px solid var(--line);
        }
        .wide td {
          display: grid;
          grid-template-columns: 8rem minmax(0, 1fr);
          padding: 0.1875rem 0;
          border: 0;
          text-align: start;
        }
        .wide td::before {
          content: attr(data-label);
          color: var(--quiet);
        }
      }
      nb-bar {
        min-width: 6rem;
        --bar-height: 0.5rem;
        margin-block-start: 0.5rem;
      }
    `,
  ];

  @state() private now: Operations | null = null;
  @state() private failures: Run[] = [];
  @state() private denied = false;
  private samples: Sample[] = [];
  private titles = new Map<string, string>(); // of jobs, by name

  override connectedCallback(): void {
    super.connectedCallback();
    void this.keepLooking();
  }

  private async keepLooking(): Promise<void> {
    if (!document.hidden) await this.load(() => this.look());
    if (!this.denied) this.later(() => void this.keepLooking(), EVERY);
  }

  private async look(): Promise<void> {
    try {
      if (!this.now) this.titles = new Map((await this.api.jobs()).map((one) => [one.name, one.title]));
      const now = await this.api.operations();
      this.samples = [...this.samples, sample(now)].slice(-KEPT);
      this.now = now;
    } catch (refusal) {
      this.denied = refusal instanceof Refused && refusal.status === 403;
      if (!this.denied) throw refusal;
      return;
    }
    this.failures = (await this.api.runs({ state: ["failed", "timed_out"], limit: 8 })).runs;
  }

  protected override render() {
    const { operations } = words;
    const heading = html`<h1>${operations.title}</h1>`;
    if (this.denied) return html`${heading}<p class="notice">${operations.notYours}</p>`;
    if (!this.now) return html`${heading}${this.waiting()}`;
    return html`${heading}${this.trouble()} ${this.charts(this.now)}
      <div class="two">${this.queues(this.now)} ${this.processes(this.now)}</div>
      ${this.leases(this.now)} ${this.outcomes(this.now)} ${this.failed()}
      <p class="quiet small version">${operations.version(this.now.version)}</p>`;
  }

  private charts(now: Operations): TemplateResult {
    const { operations: say } = words;
    const plain = (value: number) => count(value);
    return html`<div class="charts">
      ${this.chart(say.waiting, "waiting", plain)} ${this.chart(say.working, "working", plain)}
      ${this.chart(say.oldest, "oldest", (seconds) => (seconds ? duration(seconds) : say.nothing))} ${this.chart(say.memory, "memory", size)}
      ${this.chart(say.followers, "followers", plain)}
      ${now.disk
        ? html`<figure class="card">
            <figcaption class="quiet small">${say.disk}</figcaption>
            <p class="value figure">${size(now.disk.free)}</p>
            <nb-bar .share=${1 - now.disk.free / now.disk.total} .label=${say.diskUsed}></nb-bar>
            <p class="quiet small">${say.diskOf(percent.format(1 - now.disk.free / now.disk.total), size(now.disk.total))}</p>
          </figure>`
        : nothing}
    </div>`;
  }

  private chart(name: string, key: Exclude<keyof Sample, "at">, spelled: (value: number) => string): TemplateResult {
    const values = this.samples.map((one) => one[key]);
    const top = Math.max(...values);
    return html`<figure class="card">
      <figcaption class="quiet small">${name}</figcaption>
      <p class="value figure">${spelled(values.at(-1)!)}</p>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label=${words.operations.peak(spelled(top))}>
        ${line(values, top)}
      </svg>
    </figure>`;
  }

  private queues(now: Operations): TemplateResult {
    const { operations: say } = words;
    return html`<section class="card">
      <h2>${say.queues}</h2>
      ${now.queues.length
        ? table(
            [say.queue, [say.waiting], [say.working], [say.oldest]],
            now.queues.map((one) => [one.queue, count(one.waiting), count(one.working), duration(one.oldest_age)]),
          )
        : html`<p class="quiet">${say.noQueues}</p>`}
    </section>`;
  }

  private processes(now: Operations): TemplateResult {
    const { operations: say } = words;
    return html`<section class="card">
      <h2>${say.processes}</h2>
      ${table(
        [say.process, [say.pid], [say.memory]],
        now.processes.map((one) => [one.name, String(one.pid), size(one.memory)]),
      )}
      ${now.supervising ? nothing : html`<p class="quiet small">${say.noWorkers}</p>`}
    </section>`;
  }

  private leases(now: Operations): TemplateResult {
    const { operations: say } = words;
    const part = (done: number, total: number | null) =>
      html`<nb-bar .share=${total === null ? null : total && done / total} .label=${say.progress}></nb-bar>`;
    return html`<section class="card">
      <h2>${say.leases}</h2>
      ${now.leases.length
        ? table(
            [say.run, words.runs.owner, say.worker, say.since, say.deadline, say.progress, words.runs.state],
            now.leases.map((one) => [
              html`<a href="#/runs/${one.run}">${one.title}</a>`,
              one.owner,
              one.worker ?? "",
              one.started_at ? timeOf(one.started_at) : "",
              one.deadline ? timeOf(one.deadline) : say.nothing,
              part(one.done, one.total),
              stateOf(one.state),
            ]),
          )
        : html`<p class="quiet">${say.noLeases}</p>`}
    </section>`;
  }

  private outcomes(now: Operations): TemplateResult {
    const { operations: say } = words;
    const lines = byJob(now);
    return html`<section class="card">
      <h2>${say.outcomes}</h2>
      ${lines.length
        ? table(
            [say.job, [say.succeeded], [say.failed], [say.rate], [say.rows], [say.average]],
            lines.map((one) => [
              this.titles.get(one.job) ?? one.job,
              count(one.good),
              count(one.bad),
              percent.format(one.bad / (one.good + one.bad || 1)),
              count(one.rows),
              duration(one.seconds / (one.runs || 1)),
            ]),
          )
        : html`<p class="quiet">${say.noOutcomes}</p>`}
    </section>`;
  }

  private failed(): TemplateResult {
    const { operations: say } = words;
    return html`<section class="card">
      <h2>${say.failures}</h2>
      ${this.failures.length
        ? table(
            [say.run, words.runs.owner, words.run.refusedWhy],
            this.failures.map((one) => [
              html`<a href="#/runs/${one.id}">${one.title}</a><br /><span class="quiet small">${moment(one.created_at)}</span>`,
              one.owner,
              one.error ? toldOf(one.error) : words.states[one.state],
            ]),
          )
        : html`<p class="quiet">${say.noFailures}</p>`}
    </section>`;
  }
}

const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

type Cell = string | TemplateResult;

/** A header in brackets is that of a column of figures. */
function table(heads: (string | [string])[], lines: Cell[][]): TemplateResult {
  const look = (place: number) => (Array.isArray(heads[place]) ? "figure" : "");
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${heads.flat().join(", ")}>
    <table class=${heads.length > 4 || !heads.some(Array.isArray) ? "wide" : ""}>
      <thead>
        <tr>
          ${heads.map((head, place) => html`<th class=${look(place)} scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${lines.map((cells) => html`<tr>${cells.map((cell, place) => html`<td class=${look(place)} data-label=${[heads[place]!].flat().join()}>${cell}</td>`)}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

function sample(now: Operations): Sample {
  const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);
  return {
    at: now.at,
    waiting: sum(now.queues.map((one) => one.waiting)),
    working: sum(now.queues.map((one) => one.working)),
    oldest: Math.max(0, ...now.queues.map((one) => one.oldest_age)),
    memory: sum(now.processes.map((one) => one.memory)),
    followers: now.followers,
  };
}

function line(values: number[], top: number) {
  const seen = values.length > 1 ? values : [...values, ...values];
  const step = 100 / (seen.length - 1);
  const points = seen.map((value, place) => `${(place * step).toFixed(2)},${(29 - (27 * value) / (top || 1)).toFixed(2)}`);
  return svg`<path class="area" d="M0,30 L${points.join(" L")} L100,30 Z"></path>
    <path class="line" d="M${points.join(" L")}"></path>`;
}
