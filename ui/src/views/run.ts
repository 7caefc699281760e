/** One run: its card, what was asked for, what happened, what was refused. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Happened, Notice, Reject, Run } from "../api/types";
import { moment, spoken, timeOf } from "../figures";
import { imports } from "../parts/facts";
import "../parts/run";
import { sheet } from "../parts/sheet";
import { words } from "../strings";
import { AskingElement } from "./asking";

const ROWS = 500; // milliseconds in which the first rows of a report come: they go before its history

@customElement("nb-run-view")
export class RunView extends AskingElement {
  static override styles = [
    sheet,
    css`
      :host > .card,
      .two {
        margin-block-start: 1.25rem;
      }
      h1 + .card {
        margin-block-start: 1rem;
      }
      .two {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      dl {
        display: grid;
        grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr);
        gap: 0.375rem 1.25rem;
        margin-block-start: 0.75rem;
      }
      dt {
        color: var(--quiet);
      }
      dd {
        overflow-wrap: anywhere;
      }
      ol,
      ul {
        margin-block-start: 0.75rem;
      }
      ol li {
        position: relative;
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0 1rem;
        padding: 0 0 1rem 1.5rem;
      }
      ol li::before {
        content: "";
        position: absolute;
        inset: 0.5rem auto auto 0.125rem;
        width: 0.5625rem;
        height: 0.5625rem;
        border-radius: 50%;
        background: var(--edge);
      }
      ol li::after {
        content: "";
        position: absolute;
        inset: 1.25rem auto -0.25rem 0.375rem;
        border-inline-start: 1px solid var(--line);
      }
      ol li:last-child::after {
        display: none;
      }
      ol li > .small {
        grid-column: 1 / -1;
      }
      pre {
        margin: 0;
        font-size: 0.8125rem;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .refused {
        min-width: 40rem;
      }
      narrowboat-table {
        height: min(36rem, 75vh);
        margin-block-start: 0.75rem;
      }
    `,
  ];

  @property({ attribute: "run" }) run = "";
  @state() private now: Run | null = null;
  @state() private events: Happened[] = [];
  @state() private rejects: Reject[] = [];
  @state() private next: number | null = null;
  @state() private notices: Notice[] = [];
  @state() private said = "";

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("run")) return;
    [this.now, this.events, this.rejects, this.next, this.said, this.notices] = [null, [], [], null, "", []];
  }

  private readonly changed = (event: CustomEvent<Run>) => {
    const [before, run] = [this.now, event.detail];
    if (before?.state === run.state && !imports(run)) return; // nothing here shows more of it
    this.now = run;
    if (before?.state === run.state) return;
    if (before) this.said = words.run.announce(run.title, words.states[run.state]);
    if (run.kind === "report") void import("../grid/table"); // few runs have rows to show
    if (imports(run)) void import("../parts/result");
    if (run.kind === "report" && run.state === "running") this.later(() => this.lookBack(run.id), ROWS);
    else this.lookBack(run.id);
    if (run.ended && run.kind !== "import" && run.rows.rejected && !this.rejects.length) void this.load(() => this.moreRejects());
  };

  /** What happened so far. */
  private lookBack(id: string): void {
    void this.load(async () => {
      const [events, notices] = await Promise.all([this.api.history(id), this.api.notices(id)]);
      if (id === this.run) [this.events, this.notices] = [events, notices];
    });
  }

  private async moreRejects(): Promise<void> {
    const page = await this.api.rejects(this.run, this.next ?? 0);
    this.rejects = [...this.rejects, ...page.rejects];
    this.next = page.next;
  }

  protected override render() {
    const run = this.now;
    return html`<a class="back" href="#/runs">← ${words.runs.title}</a>
      <div class="card">
        <narrowboat-run
          heading="1"
          src=${this.api.url(`runs/${encodeURIComponent(this.run)}`)}
          @change=${this.changed}
        ></narrowboat-run>
      </div>
      <p class="visually-hidden" role="status">${this.said}</p>
      ${run && imports(run) ? this.result(run) : nothing}
      ${run?.kind === "report" ? this.table(run) : nothing} ${this.rejects.length ? this.refused() : nothing}
      ${run && (this.events.length || this.problem) ? html`<div class="two">${this.asked(run)} ${this.history()} ${this.told()}</div>` : nothing} ${this.trouble()}`;
  }

  private result(run: Run): TemplateResult {
    const { parent, parentLink } = words.imports;
    return html`<section class="card" >
      <nb-result .api=${this.api} .run=${run}></nb-result>
      ${run.parent ? html`<p class="quiet small">${parent} <a href="#/runs/${run.parent}">${parentLink}</a></p>` : nothing}
    </section>`;
  }

  private told(): TemplateResult | typeof nothing {
    const { title, told, channels, next } = words.notices;
    if (!this.notices.length) return nothing;
    return html`<section class="card" aria-labelledby="told">
      <h2 id="told">${title}</h2>
      <ul>
        ${this.notices.map(
          (one) => html`<li>
            <span>${one.recipient ?? channels[one.channel] ?? one.channel} ${told[one.state]}</span>
            ${one.tries && one.next_at ? html`<span class="quiet small">${next(timeOf(one.next_at))}</span>` : nothing}
            ${one.error ? html`<span class="quiet small">${one.error}</span>` : nothing}
          </li>`,
        )}
      </ul>
    </section>`;
  }

  private table(run: Run): TemplateResult {
    return html`<section class="card" aria-labelledby="rows">
      <h2 id="rows">${words.run.rowsTitle}</h2>
      <narrowboat-table src=${this.api.url(`runs/${encodeURIComponent(run.id)}`)}></narrowboat-table>
    </section>`;
  }

  private asked(run: Run): TemplateResult {
    const { run: say } = words;
    const { format, columns, pages, page_size: size } = run.output;
    const lines: [string, unknown][] = [
      ...Object.entries(run.params)
        .filter(([, value]) => value !== null)
        .map(([name, value]): [string, unknown] => [spoken(name), value]),
      [say.file, run.input?.name],
      [say.fingerprint, run.input?.sha256],
      [say.format, run.kind === "report" || imports(run) ? null : (run.artifact?.filename ?? format)],
      [say.columns, columns?.join(", ")],
      [say.pages, pages && `${String(pages)} (${size})`],
      [say.owner, run.owner],
      [say.id, run.id],
    ];
    return html`<section class="card" aria-labelledby="asked">
      <h2 id="asked">${say.asked}</h2>
      <dl>
        ${lines.map(([name, value]) => (value || value === 0 || value === false ? html`<dt>${name}</dt><dd>${shown(value)}</dd>` : nothing))}
      </dl>
    </section>`;
  }

  private history(): TemplateResult {
    return html`<section class="card" aria-labelledby="history">
      <h2 id="history">${words.run.history}</h2>
      <ol>
        ${this.events.map(
          (one) => html`<li>
            <span>${words.states[one.after]}</span>
            <time class="quiet figure" datetime=${one.at} title=${moment(one.at)}>${timeOf(one.at)}</time>
            <span class="quiet small">${why(one)}${one.by ? ` (${words.run.by(one.by)})` : ""}</span>
          </li>`,
        )}
      </ol>
    </section>`;
  }

  private refused(): TemplateResult {
    const { run: say } = words;
    return html`<section class="card" aria-labelledby="refused">
      <h2 id="refused">${say.refused}</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="refused">
        <table class="refused">
          <thead>
            <tr><th>${say.refusedRow}</th><th>${say.refusedColumn}</th><th>${say.refusedWhy}</th><th>${say.refusedData}</th></tr>
          </thead>
          <tbody>
            ${this.rejects.map(
              (one) => html`<tr>
                <td>${one.row}</td>
                <td>${one.column ?? ""}</td>
                <td>${one.message ?? one.code}</td>
                <td><pre>${one.data === null ? "" : shown(one.data)}</pre></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${this.next === null
        ? nothing
        : html`<button class="plain" @click=${() => this.load(() => this.moreRejects())}>${say.more}</button>`}
    </section>`;
  }
}

/** Why a run became what it became; the server's own words where the page has none. */
function why(one: Happened): string {
  const { happened, began, askedTo } = words.run;
  if (!one.before) return began;
  const asked = one.after === "pausing" || one.after === "cancelling";
  return asked ? askedTo : (happened[`${one.before}>${one.after}`] ?? one.reason);
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
