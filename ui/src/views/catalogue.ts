/** What can be started. */

import { css, html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Job } from "../api/types";
import { sheet } from "../parts/sheet";
import { words } from "../strings";
import { AskingElement } from "./asking";

const STARTED_HERE = new Set(["export", "report", "import"]); // other kinds begin elsewhere
const MANY = 8; // jobs from which on a search helps

@customElement("nb-catalogue")
export class Catalogue extends AskingElement {
  static override styles = [
    sheet,
    css`
      h1 {
        margin-block-end: 1.25rem;
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr));
        gap: 1rem;
      }
      .search {
        max-width: 24rem;
        margin-block-end: 1.25rem;
      }
      li {
        position: relative;
        display: grid;
        gap: 0.375rem;
        align-content: start;
        min-height: 7.5rem;
      }
      li:has(a:hover) {
        border-color: var(--accent);
      }
      h2 a {
        color: inherit;
        text-decoration: none;
      }
      h2 a::after {
        content: "";
        position: absolute;
        inset: 0;
        border-radius: 0.875rem;
      }
      h2 a:focus-visible {
        outline: none;
      }
      h2 a:focus-visible::after {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
      }
      .kind {
        font-size: 0.75rem;
        font-weight: 600;
        letter-spacing: 0.04em;
        text-transform: uppercase;
        color: var(--accent);
      }
    `,
  ];

  @state() private jobs: Job[] | null = null;
  @state() private sought = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load(async () => {
      this.jobs = (await this.api.jobs()).filter((job) => STARTED_HERE.has(job.kind));
    });
  }

  protected override render() {
    const { catalogue } = words;
    return html`<h1>${catalogue.title}</h1>
      ${this.jobs ? this.list(this.jobs) : this.waiting()}`;
  }

  private list(jobs: Job[]): TemplateResult {
    const { catalogue } = words;
    if (!jobs.length) return html`<p class="quiet">${catalogue.none}</p>`;
    const sought = this.sought.trim().toLowerCase();
    const found = jobs.filter((job) => `${job.title} ${job.name} ${job.description}`.toLowerCase().includes(sought));
    return html`${jobs.length < MANY ? "" : this.search()}
      <ul>
        ${found.map((job) => this.job(job))}
      </ul>
      ${found.length ? "" : html`<p class="quiet" role="status">${catalogue.noMatch}</p>`}`;
  }

  private search(): TemplateResult {
    const seek = (event: Event) => (this.sought = (event.target as HTMLInputElement).value);
    return html`<label class="search">${words.catalogue.search}<input type="search" @input=${seek} /></label>`;
  }

  private job(job: Job): TemplateResult {
    const { kinds, watchOnly } = words.catalogue;
    const may = job.may.includes("start");
    const start = job.kind === "import" ? "import" : "start";
    const where = may ? `#/${start}/${encodeURIComponent(job.name)}` : `#/runs?job=${encodeURIComponent(job.name)}`;
    return html`<li class="card">
      <span class="kind">${kinds[job.kind] ?? job.kind}</span>
      <h2><a href=${where}>${job.title}</a></h2>
      <p class="quiet small">${job.description.split("\n\n")[0]}</p>
      ${may ? "" : html`<p class="quiet small">${watchOnly}</p>`}
    </li>`;
  }
}
