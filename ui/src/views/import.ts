/** Importing a file in steps that can be gone back: the file, its columns, a check. The address says where one is. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Refused } from "../api/client";
import { Intent } from "../api/intent";
import { told } from "../api/telling";
import type { Job, Mapping, Preview, Run, Started, Upload } from "../api/types";
import { moment, size } from "../figures";
import "../parts/drop";
import { unsure } from "../parts/mapping";
import "../parts/mapping";
import "../parts/preview";
import "../parts/result";
import "../parts/run";
import "../parts/steps";
import { sheet } from "../parts/sheet";
import { words } from "../strings";
import { AskingElement } from "./asking";

const STEPS = ["file", "columns", "check"] as const;
type Step = (typeof STEPS)[number];

@customElement("nb-import")
export class Import extends AskingElement {
  static override styles = [
    sheet,
    css`
      .card {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1rem;
      }
      .card + .card {
        margin-block-start: 1.25rem;
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr));
        gap: 1rem;
        align-items: end;
      }
      .sum {
        font-family: ui-monospace, monospace;
        overflow-wrap: anywhere;
      }
      .foot {
        justify-content: space-between;
      }
    `,
  ];

  @property() job = "";
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private found: Job | null | undefined;
  @state() private upload: Upload | null = null;
  @state() private preview: Preview | null = null;
  @state() private refusal = "";
  @state() private known: Started | null = null;
  @state() private dry: Run | null = null;
  @state() private busy = false;
  private asking = new AbortController();
  private readonly intent = new Intent();

  private get step(): Step {
    const asked = this.query.get("step") as Step;
    return this.upload?.complete && STEPS.includes(asked) ? asked : "file";
  }

  private get mapping(): Mapping {
    try {
      return JSON.parse(this.query.get("mapping") ?? "{}") as Mapping;
    } catch {
      return {};
    }
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("job")) void this.load(() => this.open());
    const id = this.query.get("upload");
    if (!id) this.upload = null;
    else if (changed.has("query") && id !== this.upload?.id) void this.load(() => this.fetch(id));
    else if (changed.has("query") && this.step !== "file" && !this.preview) this.look();
  }

  private async open(): Promise<void> {
    this.found = (await this.api.jobs()).find((one) => one.name === this.job && one.importing) ?? null;
  }

  /** A file that was sent before this page was opened. */
  private async fetch(id: string): Promise<void> {
    [this.preview, this.known, this.dry] = [null, null, null];
    try {
      this.upload = await this.api.get<Upload>(`uploads/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
      this.go({ upload: null, step: null });
      this.tell("say", words.imports.gone);
    }
    if (this.step !== "file") this.look();
  }

  private where(change: Record<string, string | null>): string {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(change)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    return `#/import/${encodeURIComponent(this.job)}?${query.toString()}`;
  }

  /** Another step, which the browser can go back from. */
  private go(change: Record<string, string | null>): void {
    location.hash = this.where(change);
  }

  /** The same step, read otherwise. */
  private reread(change: Record<string, string | null>): void {
    const to = this.where(change);
    history.replaceState(null, "", to);
    this.query = new URLSearchParams(to.split("?")[1]);
    [this.known, this.dry] = [null, null];
    this.look();
  }

  private look(): void {
    this.asking.abort();
    const { signal } = (this.asking = new AbortController());
    this.refusal = "";
    void this.load(async () => {
      const { sheet, header, mapping } = Object.fromEntries(this.query);
      try {
        this.preview = await this.api.preview(this.upload!.id, { job: this.job, sheet, header, mapping }, signal);
      } catch (error) {
        if (!(error instanceof Refused) || error.passing || error.status === 401) throw error;
        [this.preview, this.refusal] = [null, told(error)];
      }
    });
  }

  private readonly began = (event: CustomEvent<Upload>) => {
    history.replaceState(null, "", `#/import/${encodeURIComponent(this.job)}?upload=${event.detail.id}`);
  };

  private readonly sent = (event: CustomEvent<Upload>) => {
    this.upload = event.detail;
    [this.preview, this.known, this.dry] = [null, null, null];
    this.query = new URLSearchParams({ upload: event.detail.id });
    this.go({ step: "columns" });
  };

  private readonly start = (what: { dry_run?: boolean; again?: boolean }) => async () => {
    this.busy = true;
    [this.problem, this.known] = ["", null];
    const header = Number(this.query.get("header")) || null;
    const sheet = this.query.get("sheet") ?? 0;
    const input = { upload: this.upload!.id, sheet, header, mapping: this.mapping, ...what };
    try {
      const started = await this.api.start(this.job, { input }, this.intent.keyOf(input));
      this.intent.done();
      if (started.how === "known") this.known = started;
      else if (what.dry_run) this.dry = started;
      else location.hash = `#/runs/${started.id}`;
    } catch (error) {
      this.problem = told(error);
    } finally {
      this.busy = false;
    }
  };

  protected override render() {
    const { imports: say } = words;
    const back = html`<a class="back" href="#/jobs">← ${say.back}</a>`;
    if (this.found === undefined) return html`${back}${this.waiting()}`;
    if (!this.found) return html`${back}<h1>${say.unknown}</h1>`;
    if (!this.found.may.includes("start"))
      return html`${back}<h1>${this.found.title}</h1><p class="notice">${words.catalogue.watchOnly} ${words.problems.askForPermission}</p>`;
    const { step } = this;
    return html`${back}
      <h1>${this.found.title}</h1>
      <p class="quiet">${this.found.description}</p>
      <nb-steps .names=${Object.values(say.names)} .at=${STEPS.indexOf(step)}></nb-steps>
      ${step === "file" ? this.fileStep(this.found) : this.readStep(step, this.found)} ${this.trouble()}`;
  }

  private fileStep(job: Job): TemplateResult {
    const { imports: say } = words;
    const example = (format: string) =>
      html`<a download href=${this.api.url(`jobs/${encodeURIComponent(job.name)}/example.${format}`)}>${say.exampleAs(format)}</a>`;
    const { upload } = this;
    return html`<section class="card">
      ${upload?.complete ? this.arrived(upload) : nothing}
      <nb-drop
        .api=${this.api}
        .begun=${upload && !upload.complete ? upload : null}
        @began=${this.began}
        @sent=${this.sent}
      >
        <p class="quiet small">${say.example} ${example("xlsx")}, ${example("csv")}</p>
      </nb-drop>
    </section>`;
  }

  private arrived(upload: Upload): TemplateResult {
    const { imports: say } = words;
    return html`<div>
        <p><strong>${say.arrived(upload.name, size(upload.length))}</strong> ${say.arrivedWhole}</p>
        <p class="quiet small">${say.fingerprint}: <span class="sum">${upload.sha256}</span></p>
      </div>
      <div class="row"><button @click=${() => this.go({ step: "columns" })}>${say.next}</button></div>`;
  }

  private readStep(step: Step, job: Job): TemplateResult {
    const { imports: say } = words;
    const { preview, refusal } = this;
    const body = !preview ? nothing : step === "columns" ? this.columnsStep(preview, job) : this.checkStep(preview);
    return html`<section class="card" aria-labelledby="step">
        <h2 id="step">${step === "columns" ? say.columnsTitle : say.checkTitle}</h2>
        <p class="quiet small">${say.arrived(this.upload!.name, size(this.upload!.length))}</p>
        ${refusal ? html`<p class="notice" role="alert">${refusal}</p>` : nothing}
        ${preview || refusal ? body : html`<p class="quiet" role="status">${say.reading}</p>`}
        ${this.foot(step, preview)}
      </section>
      ${step === "check" && this.dry ? this.tried(this.dry) : nothing}`;
  }

  private columnsStep(preview: Preview, job: Job): TemplateResult {
    const { imports: say } = words;
    const { fields } = job.importing!;
    const known = preview.columns.filter((one) => one.how !== "suggested").map((one) => one.field);
    const absent = fields.filter((one) => !known.includes(one.name)).map((one) => one.label);
    const asked = unsure(preview);
    return html`<div class="fields" ?hidden=${!preview.header}>${this.sheets(preview)} ${this.headerRow(preview)}</div>
      <p class="quiet">${say.columnsHint}</p>
      <nb-mapping
        .preview=${preview}
        .fields=${fields}
        .mapping=${this.mapping}
        @map=${(event: CustomEvent<Mapping>) => this.reread({ mapping: JSON.stringify(event.detail) })}
      ></nb-mapping>
      <div role="status">
        ${asked
          ? html`<p class="notice warn">${say.confirmFirst(asked)}</p>`
          : preview.missing
            ? html`<p class="notice">${preview.missing}</p>`
            : absent.length
              ? html`<p class="quiet">${say.notInFile(absent.join(", "))}</p>`
              : nothing}
      </div>`;
  }

  private sheets(preview: Preview): TemplateResult | typeof nothing {
    const { imports: say } = words;
    if (preview.sheets.length < 2) return nothing;
    const pick = (event: Event) =>
      this.reread({ sheet: (event.target as HTMLSelectElement).value, header: null, mapping: null });
    return html`<label>
      ${say.sheet}
      <select name="sheet" @change=${pick}>
        ${preview.sheets.map(
          (one) => html`<option value=${one.name} ?selected=${one.name === preview.sheet}>
            ${one.name}${one.hidden ? ` (${say.hidden})` : nothing}
          </option>`,
        )}
      </select>
    </label>`;
  }

  private headerRow(preview: Preview): TemplateResult {
    const pick = (event: Event) => {
      const input = event.target as HTMLInputElement;
      if (input.reportValidity()) this.reread({ header: input.value || null, mapping: null });
    };
    return html`<label>
      ${words.imports.headerRow}
      <input name="header" type="number" min="1" max="1048576" .value=${String(preview.header)} @change=${pick} />
    </label>`;
  }

  private checkStep(preview: Preview): TemplateResult {
    const { imports: say } = words;
    const { known } = this;
    return html`${preview.missing ? html`<p class="notice">${preview.missing}</p>` : nothing}
      ${preview.warnings.map((one) => html`<p class="notice warn">${one}</p>`)}
      <nb-preview .preview=${preview}></nb-preview>
      ${known
        ? html`<div class="notice good" role="status">
            <p>${say.known(moment(known.created_at))}</p>
            <div class="row">
              <a class="button plain" href="#/runs/${known.id}">${say.showKnown}</a>
              <button class="plain" ?disabled=${this.busy} @click=${this.start({ again: true })}>${say.again}</button>
            </div>
          </div>`
        : nothing}`;
  }

  private foot(step: Step, preview: Preview | null): TemplateResult {
    const { imports: say } = words;
    const mapped = preview && !preview.missing && !unsure(preview);
    const ready = mapped && preview.rows.length > 0 && !this.busy;
    const to = step === "columns" ? "file" : "columns";
    const onward =
      step === "columns"
        ? html`<button ?disabled=${!mapped} @click=${() => this.go({ step: "check" })}>${say.next}</button>`
        : html`<div class="row">
            <button class="plain" ?disabled=${!ready} @click=${this.start({ dry_run: true, again: true })}>
              ${this.dry ? say.dryAgain : say.dry}
            </button>
            <button ?disabled=${!ready} @click=${this.start({})}>${this.busy ? say.starting : say.start}</button>
          </div>`;
    return html`<div class="row foot">
      <button class="plain" @click=${() => this.go({ step: to })}>← ${say.previous}</button>
      ${onward}
    </div>`;
  }

  private tried(run: Run): TemplateResult {
    const changed = (event: CustomEvent<Run>) => (this.dry = event.detail);
    return html`<section class="card">
      <narrowboat-run src=${this.api.url(`runs/${encodeURIComponent(run.id)}`)} @change=${changed}></narrowboat-run>
      <nb-result .api=${this.api} .run=${run}></nb-result>
    </section>`;
  }
}
