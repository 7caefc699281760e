/** Starting a job: which rows, how many there are, which columns, how much, into which file. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { type Query, Refused } from "../api/client";
import { Intent } from "../api/intent";
import { told } from "../api/telling";
import type { Column, Count, Job } from "../api/types";
import "../parts/advice";
import type { Columns } from "../parts/columns";
import "../parts/columns";
import { asBody, asQuery, type Chosen, complete, defaults, field } from "../parts/fields";
import { type Like, likeLast, outlook } from "../parts/outlook";
import type { Pages } from "../parts/pages";
import "../parts/pages";
import { sheet } from "../parts/sheet";
import { words } from "../strings";
import { AskingElement } from "./asking";

const TYPING = 350; // milliseconds without a change after which the rows are counted

@customElement("nb-start")
export class Start extends AskingElement {
  static override styles = [
    sheet,
    css`
      .lead {
        max-width: 44rem;
        margin-block: 0.375rem 1.5rem;
      }
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 19rem;
        gap: 1.25rem;
        align-items: start;
      }
      .parts {
        display: grid;
        gap: 1.25rem;
      }
      #how-much {
        margin-block-end: 0.375rem;
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr));
        gap: 1rem;
        align-items: end;
        margin-block-start: 0.875rem;
      }
      aside {
        position: sticky;
        top: 1.25rem;
        display: grid;
        gap: 0.875rem;
      }
      .many {
        font-size: 2rem;
        font-weight: 300;
        letter-spacing: -0.02em;
        line-height: 1.15;
      }
      aside button {
        width: 100%;
        min-height: 3rem;
      }
      @media (max-width: 52rem) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
        aside {
          position: static;
        }
      }
    `,
  ];

  @property() job = "";
  @property({ attribute: false }) query = new URLSearchParams();
  @property({ type: Boolean }) operator = false;
  @state() private found: Job | null | undefined;
  @state() private chosen: Chosen = {};
  @state() private format = "";
  @state() private count: Count | null = null;
  @state() private counting = false;
  @state() private asked: Query | null = null;
  @state() private countProblem = "";
  @state() private columns: Column[] | null = null;
  @state() private like: Like | null = null;
  @state() private notify = false;
  @state() private background = false;
  @state() private notBefore = "";
  @state() private starting = false;
  /** Why it was not started: apart from `problem`, which a count that comes later clears. */
  @state() private refusal = "";
  @query("nb-columns") private readonly columnsPart?: Columns;
  @query("nb-pages") private readonly pagesPart?: Pages;
  private typing = 0;
  private asking = new AbortController();
  private readonly intent = new Intent();

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("job")) void this.load(() => this.open());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking.abort();
  }

  private async open(): Promise<void> {
    this.found = undefined;
    const job = (await this.api.jobs()).find((one) => one.name === this.job) ?? null;
    this.found = job;
    if (!job) return;
    if (job.kind === "import") return location.replace(`#/import/${encodeURIComponent(job.name)}`);
    this.chosen = defaults(job.parameters, this.query);
    if (job.kind === "report") void import("../grid/table"); // it will have rows to show
    this.format = job.kind === "report" ? "" : (job.formats[0] ?? ""); // a report's file is chosen when it is wanted
    this.look();
    const past = await this.api.runs({ job: job.name, state: "succeeded", limit: 20 });
    this.like = likeLast(past.runs);
  }

  private readonly set = (name: string, value: Chosen[string]) => {
    this.chosen = { ...this.chosen, [name]: value };
    clearTimeout(this.typing);
    this.typing = this.later(() => this.look(), TYPING);
  };

  /** Count the rows of what is chosen now, and learn the columns. */
  private look(): void {
    const job = this.found!;
    this.asking.abort();
    this.countProblem = "";
    if (!complete(job.parameters, this.chosen)) {
      [this.count, this.counting, this.asked] = [null, false, null];
      return;
    }
    const { signal } = (this.asking = new AbortController());
    const query = asQuery(job.parameters, this.chosen);
    this.counting = true;
    void this.load(async () => {
      try {
        this.count = await this.api.count(job.name, query, signal);
        this.columns = await this.api.columns(job.name, query, signal);
        this.asked = query;
      } catch (error) {
        if (!(error instanceof Refused) || error.passing || error.status === 401) throw error;
        [this.count, this.countProblem] = [null, told(error)];
      } finally {
        if (!signal.aborted) this.counting = false;
      }
    });
  }

  private readonly submit = async (event: SubmitEvent) => {
    event.preventDefault();
    [this.starting, this.refusal] = [true, ""];
    try {
      const body = this.body();
      const started = await this.api.start(this.job, body, this.intent.keyOf(body));
      this.intent.done();
      if (started.how !== "created") this.tell("say", words.start[started.how]);
      location.hash = `#/runs/${started.id}`;
    } catch (error) {
      this.refusal = told(error);
    } finally {
      this.starting = false;
    }
  };

  private body() {
    const job = this.found!;
    return {
      params: asBody(job.parameters, this.chosen),
      output: {
        ...(this.format ? { format: this.format } : {}),
        ...(this.columnsPart?.choice ?? {}),
        ...(this.pagesPart?.choice ?? {}),
      },
      ...(this.notBefore ? { not_before: new Date(this.notBefore).toISOString() } : {}),
      ...(this.notify ? { notify: true } : {}),
      ...(this.background ? { background: true } : {}),
    };
  }

  protected override render() {
    const { start } = words;
    const back = html`<a class="back" href="#/jobs">← ${start.back}</a>`;
    if (this.found === undefined) return html`${back}${this.waiting()}`;
    if (!this.found) return html`${back}<h1>${start.unknown}</h1>`;
    return html`${back}
      <h1>${this.found.title}</h1>
      <p class="lead quiet">${this.found.description}</p>
      <form @submit=${this.submit} @change=${() => this.requestUpdate()}>
        <div class="parts">${this.filters(this.found)} ${this.columnChoice()} ${this.found.kind === "report" ? nothing : this.file(this.found)} ${this.more(this.found)} ${this.advice()}</div>
        ${this.summary()}
      </form>`;
  }

  private filters(job: Job): TemplateResult {
    const { filters, noFilters } = words.start;
    return html`<section class="card" aria-labelledby="filters">
      <h2 id="filters">${filters}</h2>
      ${job.parameters.length
        ? html`<div class="fields">${job.parameters.map((one) => field(one, this.chosen[one.name], this.set))}</div>`
        : html`<p class="quiet">${noFilters}</p>`}
    </section>`;
  }

  private columnChoice(): TemplateResult | typeof nothing {
    if (!this.columns?.length) return nothing;
    const summary = this.columnsPart?.summary ?? words.start.allColumns(this.columns.length);
    return html`<details class="card">
      <summary><h2>${words.start.columns}</h2><span class="quiet">${summary}</span></summary>
      <nb-columns .available=${this.columns} @change=${() => this.requestUpdate()}></nb-columns>
    </details>`;
  }

  private file(job: Job): TemplateResult {
    const { start } = words;
    const pick = (event: Event) => (this.format = (event.target as HTMLSelectElement).value);
    return html`<section class="card" aria-labelledby="how-much">
      <h2 id="how-much">${start.howMuch}</h2>
      <nb-pages .count=${this.count} @change=${() => this.requestUpdate()}></nb-pages>
      <div class="fields" ?hidden=${!job.formats.length}>
        <label>
          ${start.format}
          <select name="format" @change=${pick}>
            ${job.formats.map((one) => html`<option value=${one} ?selected=${one === this.format}>${spelledFormat(one)}</option>`)}
          </select>
        </label>
      </div>
    </section>`;
  }

  private advice(): TemplateResult | typeof nothing {
    if (!this.operator) return nothing;
    return html`<nb-advice .api=${this.api} .job=${this.job} .chosen=${this.asked}></nb-advice>`;
  }

  private more(job: Job): TemplateResult {
    const { later, notBefore, notify, background } = words.start;
    const when = (event: Event) => (this.notBefore = (event.target as HTMLInputElement).value);
    const tick = (name: "notify" | "background", text: string, possible: boolean | undefined) =>
      possible
        ? html`<label class="check">
            <input
              type="checkbox"
              name=${name}
              @change=${(event: Event) => (this[name] = (event.target as HTMLInputElement).checked)}
            />
            <span>${text}</span>
          </label>`
        : nothing;
    const report = job.kind === "report";
    return html`<section class="card" ?hidden=${!job.notify && !report}>
        ${tick("background", background, report)} ${tick("notify", notify, job.notify)}
      </section>
      <details class="card">
        <summary><h2>${later}</h2></summary>
        <div class="fields">
          <label>${notBefore}<input type="datetime-local" name="not_before" @change=${when} /></label>
        </div>
      </details>`;
  }

  private summary(): TemplateResult {
    const { start } = words;
    const rows = this.pagesPart?.rows ?? this.count?.rows ?? null;
    const said = outlook(this.count, rows, this.format, this.like);
    const crowded = this.pagesPart?.several && !/^xlsx|zip$/.test(this.format);
    const wrong = crowded || this.pagesPart?.wrong || this.columnsPart?.none || this.countProblem;
    return html`<aside class="card">
      <div role="status" aria-live="polite">
        <p class="many figure" ?hidden=${!this.counting && !said.many}>${this.counting ? html`<span class="quiet">${start.counting}</span>` : said.many}</p>
        ${complete(this.found!.parameters, this.chosen) ? nothing : html`<p class="quiet small">${start.fillIn}</p>`}
        ${this.counting ? nothing : said.notes.map((note) => html`<p class="quiet small">${note}</p>`)}
      </div>
      ${this.countProblem ? html`<p class="notice">${this.countProblem}</p>` : nothing}
      ${crowded ? html`<p class="notice warn">${start.oneTable}</p>` : nothing}
      ${this.columnsPart?.none ? html`<p class="notice warn">${start.chooseOne}</p>` : nothing} ${this.trouble()}
      ${this.refusal ? html`<p class="notice" role="alert">${this.refusal}</p>` : nothing}
      <button ?disabled=${this.starting || Boolean(wrong)}>${this.starting ? start.starting : start.submit}</button>
    </aside>`;
  }
}

/** `csv.gz` as words. */
function spelledFormat(name: string): string {
  const [format = "", packed = ""] = name.split(".");
  const { formats, packed: ways } = words.start;
  return [formats[format] ?? format, ways[packed]].filter(Boolean).join(", ");
}
