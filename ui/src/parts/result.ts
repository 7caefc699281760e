/** What became of the rows of an import: live totals, and in the end the refused rows, files of them, and undo. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Api } from "../api/client";
import { Intent } from "../api/intent";
import { told } from "../api/telling";
import type { Importing, Report, Run } from "../api/types";
import { count } from "../figures";
import { words } from "../strings";
import "./confirm";
import type { Confirm } from "./confirm";
import "./rejects";
import { sheet } from "./sheet";

@customElement("nb-result")
export class Result extends LitElement {
  static override styles = [
    sheet,
    css`
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr));
        gap: 0.75rem;
        margin-block: 0.75rem;
      }
      dl div {
        display: flex;
        flex-direction: column-reverse;
        padding: 0.75rem 1rem;
        border-radius: 0.75rem;
        background: var(--sunken);
      }
      dl .good {
        color: var(--good);
        background: var(--good-ground);
      }
      dl .bad {
        color: var(--bad);
        background: var(--bad-ground);
      }
      dt {
        font-size: 0.875rem;
      }
      dd {
        font-size: 1.75rem;
        font-weight: 350;
        line-height: 1.2;
      }
      .notice,
      .actions {
        margin-block-start: 0.75rem;
      }
      #rejects {
        margin-block: 1.5rem 0.25rem;
      }
    `,
  ];

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) run!: Run;
  @state() private report: Report | null = null;
  @state() private job: Importing | null = null;
  @state() private reads = false;
  @state() private problem = "";
  @query("nb-confirm") private readonly sure!: Confirm;
  private asked = "";
  private readonly intent = new Intent();

  protected override willUpdate(): void {
    const now = `${this.run.id} ${this.run.state}`;
    if (!this.run.ended || this.asked === now) return;
    this.asked = now;
    void this.learn();
  }

  private async learn(): Promise<void> {
    try {
      this.report = await this.api.report(this.run.id);
      const job = (await this.api.jobs()).find((one) => one.name === this.run.job);
      this.job = job?.may.includes("start") ? job.importing : null;
      this.reads = job?.may.includes("download") ?? false;
    } catch (error) {
      this.problem = told(error);
    }
  }

  private readonly undo = async () => {
    if (!(await this.sure.ask())) return;
    this.problem = "";
    try {
      const run = await this.api.another(this.run.id, "undo", this.intent.keyOf(this.run.id));
      this.intent.done();
      this.dispatchEvent(new CustomEvent("another", { detail: run, bubbles: true, composed: true }));
    } catch (error) {
      this.problem = told(error);
    }
  };

  private get undoing(): boolean {
    return this.run.kind === "undo";
  }

  private get dry(): boolean {
    return Boolean(this.run.input?.dry_run);
  }

  protected override render() {
    const { imports: say } = words;
    const { run, report } = this;
    return html`<h2 id="result">${this.undoing ? say.undoTitle : this.dry ? say.dryTitle : say.resultTitle}</h2>
      <dl class="figure">${this.totals()}</dl>
      ${this.dry ? html`<p class="notice warn">${say.dryNote}</p>` : nothing} ${this.note()}
      ${(this.dry ? [] : (report?.warnings ?? [])).map((one) => html`<p class="notice warn">${one}</p>`)}
      ${this.problem ? html`<p class="notice" role="alert">${this.problem}</p>` : nothing}
      ${run.ended ? this.actions() : nothing}
      ${report?.rejects.length && !this.undoing ? this.rejects(report) : nothing}
      <nb-confirm
        .heading=${say.undoHeading}
        .text=${say.undoText(run.rows.created, run.rows.updated)}
        .yes=${say.undoYes}
        .no=${say.undoNo}
      ></nb-confirm>`;
  }

  private totals(): TemplateResult[] {
    const { imports: say } = words;
    const { created, updated, skipped, rejected } = this.run.rows;
    const told: [string, number, string][] = this.undoing
      ? [[say.removed, created, "good"], [say.restored, updated, "good"], [say.left, rejected, "bad"]]
      : this.dry
        ? [[say.wouldCreated, created, "good"], [say.wouldUpdated, updated, "good"], [say.wouldSkipped, skipped, ""], [say.wouldRejected, rejected, "bad"]]
        : [[say.created, created, "good"], [say.updated, updated, "good"], [say.skipped, skipped, ""], [say.rejected, rejected, "bad"]];
    return told.map(([name, n, look]) => html`<div class=${n ? look : ""}><dt>${name}</dt><dd>${count(n)}</dd></div>`);
  }

  private note(): TemplateResult | typeof nothing {
    const { imports: say } = words;
    const { run } = this;
    if (!run.ended || run.error) return nothing;
    const { created, updated, rejected } = run.rows;
    if (this.undoing) return rejected ? html`<p class="quiet">${say.leftNote}</p>` : nothing;
    if (rejected || this.dry || !run.done) return nothing;
    return html`<p class="quiet">${created + updated ? say.allWell : say.nothingNew}</p>`;
  }

  private actions(): TemplateResult {
    const { imports: say } = words;
    const { run } = this;
    const changed = run.rows.created + run.rows.updated;
    const file = (format: "xlsx" | "csv", name: string) =>
      run.artifact && run.rows.rejected && this.reads
        ? html`<a class="button plain" download href=${this.api.url(`runs/${encodeURIComponent(run.id)}/artifact.${format}`)}>${name}</a>`
        : nothing;
    return html`<div class="row actions">
      ${file("xlsx", say.asXlsx)} ${file("csv", say.asCsv)}
      ${this.job?.undo && changed && !this.dry && !this.undoing
        ? html`<button class="plain" @click=${this.undo}>${say.undo}</button>`
        : nothing}
    </div>`;
  }

  private rejects(report: Report): TemplateResult {
    return html`<h2 id="rejects">${words.imports.rejectsTitle}</h2>
      ${this.reads ? nothing : html`<p class="notice warn">${words.imports.rejectsHidden}</p>`}
      <nb-rejects .api=${this.api} .run=${this.run} .report=${report} ?still=${this.dry || !this.reads}></nb-rejects>`;
  }
}
