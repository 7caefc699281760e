/** Signing in, where this server has users of its own. */

import { css, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { Refused } from "../api/client";
import { told } from "../api/telling";
import { sheet } from "../parts/sheet";
import { words } from "../strings";
import { AskingElement } from "./asking";

@customElement("nb-sign-in")
export class SignIn extends AskingElement {
  static override styles = [
    sheet,
    css`
      .card {
        max-width: 26rem;
        margin: 3rem auto;
      }
      form {
        display: grid;
        gap: 1rem;
        margin-block-start: 1rem;
      }
      p {
        margin-block: 0.75rem;
      }
    `,
  ];

  @state() private own: boolean | null = null;
  @state() private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.api.has("session").then((has) => (this.own = has));
  }

  private readonly enter = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target as HTMLFormElement));
    this.busy = true;
    try {
      await this.api.post("session", given);
      this.tell("entered");
    } catch (error) {
      this.problem = error instanceof Refused && error.status === 401 ? words.signIn.wrong : told(error);
    } finally {
      this.busy = false;
    }
  };

  protected override render() {
    const { signIn } = words;
    if (this.own === null) return this.waiting();
    if (!this.own)
      return html`<div class="card">
        <h1>${signIn.title}</h1>
        <p>${signIn.elsewhere}</p>
        <button @click=${() => location.reload()}>${signIn.again}</button>
      </div>`;
    return html`<div class="card">
      <h1>${signIn.title}</h1>
      <form @submit=${this.enter}>
        <label>${signIn.user}<input name="user" autocomplete="username" required autofocus /></label>
        <label>${signIn.password}<input name="password" type="password" autocomplete="current-password" required /></label>
        ${this.trouble()}
        <button ?disabled=${this.busy}>${signIn.submit}</button>
      </form>
    </div>`;
  }
}
