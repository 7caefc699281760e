/** The page: a frame with navigation, and the view that the address names. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { Api, Refused } from "./api/client";
import type { Run } from "./api/types";
import { liveOf } from "./live/live";
import { sheet } from "./parts/sheet";
import { words } from "./strings";
import "./views/catalogue";
import "./views/run";
import "./views/runs";
import "./views/signin";
import "./views/start";

// Where scripts cannot make style sheets (WebKit before Safari 16.4), Lit marks the style elements it makes with this.
// It is no `nonce` attribute, as these very browsers hide that from scripts too.
Object.assign(globalThis, { litNonce: document.querySelector<HTMLMetaElement>("meta[name=style-nonce]")?.content });

const api = new Api(new URL(".", location.href).href);
liveOf(api); // the tabs agree on who leads before anybody waits for a run

interface Place {
  name: string;
  about: string;
  query: URLSearchParams;
}

function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name, about = ""] = path.split("/");
  return { name: name || "jobs", about: decodeURIComponent(about), query: new URLSearchParams(query) };
}

@customElement("nb-page")
export class Page extends LitElement {
  static override styles = [
    sheet,
    css`
      header {
        background: var(--surface);
        border-block-end: 1px solid var(--line);
      }
      .bar,
      main {
        max-width: 68rem;
        margin-inline: auto;
        padding-inline: clamp(1rem, 4vw, 2rem);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 1.5rem;
        min-height: 3.75rem;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        min-height: 2.75rem;
        color: var(--ink);
        font-weight: 650;
        font-size: 1.0625rem;
        text-decoration: none;
        letter-spacing: -0.01em;
      }
      nav {
        display: flex;
        gap: 0.25rem;
      }
      nav a {
        display: flex;
        align-items: center;
        min-height: 2.75rem;
        padding-inline: 0.75rem;
        color: var(--quiet);
        font-weight: 550;
        text-decoration: none;
        border-radius: 0.625rem;
      }
      nav a:hover {
        background: var(--sunken);
      }
      nav a[aria-current] {
        color: var(--accent);
        background: var(--tint);
      }
      .who {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        margin-inline-start: auto;
      }
      main {
        padding-block: clamp(1.25rem, 4vw, 2.25rem) 5rem;
      }
      main:focus-visible {
        outline: none;
      }
      .skip {
        position: absolute;
        inset-inline-start: 1rem;
        inset-block-start: -5rem;
        z-index: 2;
      }
      .skip:focus {
        inset-block-start: 0.5rem;
      }
      #said {
        position: fixed;
        inset: auto 0 1rem;
        z-index: 2;
        width: fit-content;
        max-width: calc(100vw - 2rem);
        margin-inline: auto;
        padding: 0.75rem 1.25rem;
        border-radius: 0.75rem;
        color: var(--ground);
        background: var(--ink);
      }
      #said:empty {
        display: none;
      }
      @media (max-width: 30rem) {
        .bar {
          padding-block: 0.25rem;
        }
        nav {
          width: 100%;
          margin-inline: -0.5rem;
        }
        nav a {
          flex: 1;
          justify-content: center;
        }
      }
    `,
  ];

  @state() private place = placeOf(location.hash);
  @state() private operator = false;
  @state() private signedOut = false;
  /** Who signed in here; empty where another application knows the users. */
  @state() private me = "";
  @state() private said = "";
  private quieter = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", () => this.go());
    this.addEventListener("another", (event) => (location.hash = `#/runs/${(event as CustomEvent<Run>).detail.id}`));
    this.addEventListener("say", (event) => this.say((event as CustomEvent<string>).detail));
    this.addEventListener("signed-out", () => (this.signedOut = true));
    void this.whoIsIt();
  }

  /** Operators see one more view, and everybody's runs. */
  private async whoIsIt(): Promise<void> {
    try {
      await api.operations();
      this.operator = true;
    } catch (refusal) {
      if (refusal instanceof Refused && refusal.status === 401) this.signedOut = true;
      else if (refusal instanceof Refused && refusal.passing) setTimeout(() => void this.whoIsIt(), 3000);
    }
    if (!this.signedOut) this.me = await api.me();
  }

  private readonly leave = async () => {
    await api.delete("session").catch(() => undefined);
    location.reload();
  };

  private async go(): Promise<void> {
    this.place = placeOf(location.hash);
    await this.updateComplete;
    scrollTo(0, 0);
    this.renderRoot.querySelector<HTMLElement>("main")!.focus({ preventScroll: true });
  }

  private say(text: string): void {
    this.said = text;
    clearTimeout(this.quieter);
    this.quieter = window.setTimeout(() => (this.said = ""), 6000);
  }

  protected override updated(): void {
    const titles: Record<string, string> = { runs: words.nav.runs, operations: words.nav.operations };
    document.title = [titles[this.place.name] ?? words.nav.start, words.brand].join(" · ");
  }

  protected override render() {
    const { nav } = words;
    return html`<header>
        <button class="skip" @click=${this.skip}>${words.skip}</button>
        <div class="bar">
          <a class="brand" href="#/"><img src="icon.svg" alt="" width="30" height="30" />${words.brand}</a>
          <nav aria-label=${nav.label}>
            ${this.tab("jobs", nav.start)} ${this.tab("runs", nav.runs)}
            ${this.operator ? this.tab("operations", nav.operations) : ""}
          </nav>
          ${this.me && !this.signedOut
            ? html`<div class="who">
                <span class="quiet">${this.me}</span>
                <button class="plain" @click=${this.leave}>${words.signIn.out}</button>
              </div>`
            : ""}
        </div>
      </header>
      <main id="main" tabindex="-1">${this.signedOut ? this.signIn() : this.view()}</main>
      <p id="said" role="status">${this.said}</p>`;
  }

  private readonly skip = () => {
    this.renderRoot.querySelector<HTMLElement>("main")!.focus();
  };

  private tab(name: string, text: string): TemplateResult {
    const here = this.place.name === name || (name === "jobs" && /^(start|import)$/.test(this.place.name));
    return html`<a href="#/${name}" aria-current=${here ? "page" : nothing}>${text}</a>`;
  }

  private signIn(): TemplateResult {
    const enter = () => {
      this.signedOut = false;
      void this.whoIsIt();
    };
    return html`<nb-sign-in .api=${api} @entered=${enter}></nb-sign-in>`;
  }

  private view(): TemplateResult {
    const { name, about, query } = this.place;
    switch (name) {
      case "start":
        return html`<nb-start .api=${api} .job=${about} .query=${query} .operator=${this.operator}></nb-start>`;
      case "runs":
        return about
          ? html`<nb-run-view .api=${api} .run=${about}></nb-run-view>`
          : html`<nb-runs .api=${api} .operator=${this.operator} .query=${query}></nb-runs>`;
      case "import":
        return (
          this.loading("nb-import", () => import("./views/import")) ??
          html`<nb-import .api=${api} .job=${about} .query=${query}></nb-import>`
        );
      case "operations":
        return (
          this.loading("nb-operations", () => import("./views/operations")) ??
          html`<nb-operations .api=${api}></nb-operations>`
        );
      case "jobs":
        return html`<nb-catalogue .api=${api}></nb-catalogue>`;
      default:
        return html`<h1>${words.lost.title}</h1>
          <p class="quiet">${words.lost.text}</p>
          <p><a href="#/">${words.lost.home}</a></p>`;
    }
  }

  /** What few people need is loaded when it is. Null once it is there. */
  private loading(element: string, load: () => Promise<unknown>): TemplateResult | null {
    if (customElements.get(element)) return null;
    void load().then(() => this.requestUpdate());
    return html`<p class="quiet">${words.loading}</p>`;
  }
}
