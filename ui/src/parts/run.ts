/** `<narrowboat-run src="…/runs/ID">`: a run as it is now, with all that can be asked of it. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Api } from "../api/client";
import { Intent } from "../api/intent";
import { told, toldOf } from "../api/telling";
import type { Run } from "../api/types";
import { Calm } from "../calm";
import { moment } from "../figures";
import { liveOf } from "../live/live";
import type { Connection } from "../live/stream";
import { words } from "../strings";
import "./bar";
import type { Bar } from "./bar";
import "./confirm";
import type { Confirm } from "./confirm";
import { delivers, facts, fraction, pace, percent, rows, titleOf } from "./facts";
import "./lively";
import type { Lively } from "./lively";
import { sheet } from "./sheet";
import { stateOf } from "./state";

const STILL = new Set(["queued", "paused", "interrupted"]);

@customElement("narrowboat-run")
export class NarrowboatRun extends LitElement {
  static override styles = [
    sheet,
    css`
      .head {
        align-items: baseline;
        margin-block-end: 0.875rem;
      }
      .percent {
        font-size: 2.5rem;
        font-weight: 300;
        line-height: 1;
        letter-spacing: -0.03em;
      }
      nb-bar {
        margin-block-end: 1rem;
      }
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
        gap: 0.75rem 1.25rem;
      }
      dt {
        font-size: 0.8125rem;
        color: var(--quiet);
      }
      dd {
        font-weight: 550;
      }
      h1 {
        font-size: 1.375rem;
      }
      .says {
        min-height: 1.5rem;
        margin-block-end: 0.75rem;
      }
      .notice,
      .actions {
        margin-block-start: 1rem;
      }
      .actions:not(:has(*)) {
        display: none;
      }
    `,
  ];

  /** The run's address. */
  @property() src = "";
  /** `include` sends cookies to a server of another origin. */
  @property() credentials: RequestCredentials = "same-origin";
  /** The level of its heading: 1, or 2 as on a page that has another. */
  @property() heading = "2";
  /** The newest. What is drawn of it in each frame is told to the parts that draw it, the rest is drawn more calmly. */
  run: Run | null = null;
  @state() private connection: Connection = "connecting";
  @state() private unknown = false;
  @state() private problem = "";
  @state() private note = "";
  @state() private busy = false;
  @state() private linkable = false;
  @state() private formats: string[] = [];
  @query("nb-bar") private readonly bar?: Bar;
  @query(".percent") private readonly percent?: Lively;
  @query("dd nb-lively") private readonly rows?: Lively;
  @query("nb-confirm") private readonly sure!: Confirm;
  private readonly figures = new Calm(() => this.requestUpdate());
  private leave = () => {};
  private readonly intent = new Intent();
  private readonly share = new Intent(); // never done: what this tab lets go of, it lets go of once
  private api = new Api("http://localhost/");

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.leave();
    this.figures.stop();
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("src") || changed.has("credentials")) this.follow();
  }

  private get id_(): string {
    return decodeURIComponent(this.src.replace(/[?#].*|\/+$/g, "").split("/").at(-1) ?? "");
  }

  private follow(): void {
    this.leave();
    [this.run, this.unknown, this.problem, this.note] = [null, false, "", ""];
    this.requestUpdate();
    if (!this.src) return;
    this.api = new Api(new URL("..", new URL(this.src.replace(/\/+$/, ""), document.baseURI)).href, this.credentials);
    this.leave = liveOf(this.api).follow(this.id_, {
      run: (run) => this.show(run),
      connection: (state) => (this.connection = state),
    });
  }

  private show(run: Run | null): void {
    this.unknown = !run;
    if (!run) return;
    const [before, finished] = [this.run, run.artifact && !this.run?.artifact];
    this.run = run;
    if (this.bar) Object.assign(this.bar, { share: fraction(run), pace: pace(run) });
    if (this.percent) this.percent.text = percent(run);
    if (this.rows) this.rows.text = rows(run);
    this.figures.ask(before?.state !== run.state);
    if (finished && delivers(run)) void this.api.has(`runs/${run.id}/links`).then((has) => (this.linkable = has));
    if (run.kind === "report" && before?.kind !== "report") void this.learnFormats(run.job);
    this.dispatchEvent(new CustomEvent("change", { detail: run }));
    if (before && before.state !== run.state) this.note = "";
  }

  private async learnFormats(job: string): Promise<void> {
    const jobs = await this.api.jobs().catch(() => []);
    this.formats = (jobs.find((one) => one.name === job)?.formats ?? []).filter((one) => /^(csv|xlsx)$/.test(one));
  }

  private async during(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.problem = this.note = "";
    try {
      await work();
    } catch (error) {
      this.problem = told(error);
    } finally {
      this.busy = false;
    }
  }

  private readonly order = (what: string) => () =>
    this.during(async () => {
      if (what === "cancel" && !(await this.sure.ask())) return;
      liveOf(this.api).note(await this.api.order(this.run!.id, what, this.share.keyOf(this.run!.id)));
    });

  private readonly again = (what: "rerun" | "retry") => () =>
    this.during(async () => {
      const run = await this.api.another(this.run!.id, what, this.intent.keyOf([this.run!.id, what]));
      this.intent.done();
      this.dispatchEvent(new CustomEvent("another", { detail: run, bubbles: true, composed: true }));
    });

  private readonly copyLink = () =>
    this.during(async () => {
      const made = await this.api.link(this.run!.id);
      const [url, until] = [new URL(made.url, this.api.base).href, moment(made.expires_at)];
      try {
        await navigator.clipboard.writeText(url);
        this.note = words.run.linkCopied(until);
      } catch {
        this.note = words.run.linkShown(url, until); // no permission, or no secure context
      }
    });

  protected override render() {
    if (this.unknown) return html`<p class="notice">${words.run.unknown}</p>`;
    const run = this.run;
    if (!run) return html`<p class="quiet" role="status">${words.connection[this.connection] || words.loading}</p>`;
    return html`${this.head(run)}
      <nb-bar
        .share=${fraction(run)}
        .pace=${pace(run)}
        .still=${STILL.has(run.state)}
        .label=${words.run.progress}
        ?hidden=${run.ended}
      ></nb-bar>
      <p class="says quiet small" role="status" ?hidden=${!this.says(run)}>${this.says(run)}</p>
      <dl class="figure">
        <div><dt>${words.run.rows}</dt><dd><nb-lively .text=${rows(run)}></nb-lively></dd></div>
        ${facts(run).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
      ${this.messages(run)} ${this.actions(run)}
      <nb-confirm
        .heading=${words.confirm.cancel(run.title)}
        .text=${words.confirm.cancelText}
        .yes=${words.confirm.yes}
        .no=${words.confirm.no}
      ></nb-confirm>`;
  }

  private head(run: Run): TemplateResult {
    return html`<div class="row head">
      ${this.heading === "1" ? html`<h1 part="title">${titleOf(run)}</h1>` : html`<h2 part="title">${titleOf(run)}</h2>`}
      ${stateOf(run.state)}
      ${run.ended || fraction(run) === null ? nothing : html`<nb-lively class="percent figure push" aria-hidden="true" .text=${percent(run)}></nb-lively>`}
    </div>`;
  }

  /** What is going on, when it is not plain from the state. The network comes first: figures may be old. */
  private says(run: Run): string {
    if (!run.ended && words.connection[this.connection]) return words.connection[this.connection];
    if (run.state === "queued" && run.not_before && Date.parse(run.not_before) > Date.now())
      return words.run.startsAt(moment(run.not_before));
    if (run.state === "succeeded" && !run.done && run.kind !== "undo")
      return words.run[run.kind === "import" ? "noRows" : run.kind === "report" ? "noData" : "headerAlone"];
    if (run.input?.dry_run && !run.ended) return words.run.dryRun;
    return words.stateSays[run.state];
  }

  private messages(run: Run) {
    const { restarted, shared } = words.run;
    return html`${run.error && run.state !== "succeeded" ? html`<p class="notice">${toldOf(run.error)}</p>` : nothing}
    ${run.generation > 0 && !run.ended ? html`<p class="notice warn">${restarted}</p>` : nothing}
    ${run.holders > 1 && !run.ended ? html`<p class="quiet small">${shared(run.holders)}</p>` : nothing}
    ${this.problem ? html`<p class="notice" role="alert">${this.problem}</p>` : nothing}
    ${this.note ? html`<p class="notice good" role="status">${this.note}</p>` : nothing}`;
  }

  /** A report can be had as a file of its rows so far, at any moment. */
  private files(run: Run) {
    if (!run.done) return nothing;
    return this.formats.map(
      (format, place) => html`<a
        class="button ${place || !run.ended ? "plain" : ""}"
        download
        href=${this.api.url(`runs/${encodeURIComponent(run.id)}/artifact.${format}`)}
        >${words.run.as(format)}</a
      >`,
    );
  }

  private actions(run: Run) {
    const may = new Set(run.may);
    const ask = (what: "background" | "pause" | "resume" | "cancel" | "rerun" | "retry", look: string, possible: boolean) =>
      possible
        ? html`<button
            class=${look}
            ?disabled=${this.busy}
            @click=${what === "rerun" || what === "retry" ? this.again(what) : this.order(what)}
          >${words.run[what]}</button>`
        : nothing;
    const file = run.kind === "report" ? this.files(run) : run.artifact && delivers(run) ? html`<a class="button" download href=${this.api.artifact(run.id)}>${words.run.download}</a>` : nothing;
    const part = delivers(run) && !run.artifact && run.bytes && run.output.format !== "parquet";
    const held = run.kind === "report" && !run.ended && typeof run.unfollowed === "number";
    const resumable = may.has("resume") && run.state !== "pausing";
    return html`<div class="row actions">
      ${file} ${ask("resume", part ? "" : "", resumable)}
      ${part ? html`<a class="button plain" download href=${this.api.artifact(run.id, true)}>${words.run.partial}</a>` : nothing}
      ${run.artifact && this.linkable
        ? html`<button class="plain" ?disabled=${this.busy} @click=${this.copyLink}>${words.run.link}</button>`
        : nothing}
      ${ask("retry", "plain", run.ended && run.kind !== "undo" && !run.input?.dry_run && run.rows.rejected > 0)}
      ${ask("rerun", "plain", run.ended && (delivers(run) || run.kind === "report"))}
      ${ask("background", "plain", held)} ${ask("pause", "plain", may.has("pause"))} ${ask("cancel", "plain", may.has("cancel"))}
    </div>`;
  }
}
