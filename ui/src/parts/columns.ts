/** Which columns stand in the file, in which order, under which header. */

import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Column } from "../api/types";
import { words } from "../strings";
import { sheet } from "./sheet";

interface Line extends Column {
  chosen: boolean;
  header: string;
}

/** What differs from "all of them, as they are". */
export interface ColumnChoice {
  columns?: string[];
  labels?: Record<string, string>;
}

@customElement("nb-columns")
export class Columns extends LitElement {
  static override styles = [
    sheet,
    css`
      li {
        display: grid;
        grid-template-columns: auto minmax(6rem, 1fr) minmax(6rem, 1.2fr) auto;
        gap: 0.5rem 0.75rem;
        align-items: center;
        padding-block: 0.375rem;
        border-block-end: 1px solid var(--line);
      }
      li:last-child {
        border: 0;
      }
      label.check {
        display: contents;
      }
      label span {
        overflow-wrap: anywhere;
        font-weight: 500;
      }
      .off span {
        color: var(--quiet);
      }
      ol {
        max-height: 26rem;
        overflow: auto;
        margin-block: 0.5rem;
        padding-inline: 0.25rem;
      }
      input:not([type]) {
        min-height: 2.5rem;
      }
      @media (max-width: 34rem) {
        li {
          grid-template-columns: auto 1fr auto;
        }
        li > input:not([type]) {
          grid-column: 2 / -1;
          grid-row: 2;
        }
      }
    `,
  ];

  @property({ attribute: false }) available: Column[] = [];
  @state() private lines: Line[] = [];

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("available")) return;
    const known = new Map(this.lines.map((line) => [line.name, line]));
    const fresh = this.available.map((one) => known.get(one.name) ?? { ...one, chosen: true, header: "" });
    const order = new Map(this.lines.map((line, place) => [line.name, place]));
    this.lines = fresh.sort((a, b) => (order.get(a.name) ?? Infinity) - (order.get(b.name) ?? Infinity) || 0);
  }

  get choice(): ColumnChoice {
    const chosen = this.lines.filter((line) => line.chosen);
    const plain =
      chosen.length === this.available.length && chosen.every((line, place) => line.name === this.available[place]!.name);
    const labelled = chosen.filter((line) => line.header.trim() && line.header !== line.label);
    return {
      ...(plain ? {} : { columns: chosen.map((line) => line.name) }),
      ...(labelled.length ? { labels: Object.fromEntries(labelled.map((line) => [line.name, line.header.trim()])) } : {}),
    };
  }

  get summary(): string {
    const chosen = this.lines.filter((line) => line.chosen).length;
    const { allColumns, someColumns } = words.start;
    return chosen === this.lines.length ? allColumns(chosen) : someColumns(chosen, this.lines.length);
  }

  get none(): boolean {
    return this.lines.length > 0 && !this.lines.some((line) => line.chosen);
  }

  private set(name: string, change: Partial<Line>): void {
    this.lines = this.lines.map((line) => (line.name === name ? { ...line, ...change } : line));
    this.tell();
  }

  private all(chosen: boolean): void {
    this.lines = this.lines.map((line) => ({ ...line, chosen }));
    this.tell();
  }

  private move(place: number, by: number): void {
    const lines = [...this.lines];
    const [line] = lines.splice(place, 1);
    lines.splice(place + by, 0, line!);
    this.lines = lines;
    this.tell();
  }

  private tell(): void {
    this.dispatchEvent(new Event("change"));
  }

  protected override render() {
    const { start } = words;
    return html`<p class="hint">${start.columnsHint}</p>
      <ol>
        ${repeat(
          this.lines,
          (line) => line.name,
          (line, place) => this.line(line, place),
        )}
      </ol>
      <div class="row">
        <button type="button" class="bare" @click=${() => this.all(true)}>${start.chooseAll}</button>
        <button type="button" class="bare" @click=${() => this.all(false)}>${start.chooseNone}</button>
      </div>`;
  }

  private line(line: Line, place: number) {
    const { headerOf, up, down } = words.start;
    const tick = (event: Event) => this.set(line.name, { chosen: (event.target as HTMLInputElement).checked });
    const write = (event: Event) => this.set(line.name, { header: (event.target as HTMLInputElement).value });
    const step = (by: number, text: string, sign: string) => html`<button
      type="button"
      class="bare icon"
      aria-label=${text}
      ?disabled=${by < 0 ? place === 0 : place === this.lines.length - 1}
      @click=${() => this.move(place, by)}
    >
      ${sign}
    </button>`;
    return html`<li class=${line.chosen ? "" : "off"}>
      <label class="check">
        <input type="checkbox" .checked=${line.chosen} @change=${tick} />
        <span>${line.name}</span>
      </label>
      <input
        placeholder=${line.label}
        aria-label=${headerOf(line.name)}
        .value=${line.header}
        ?disabled=${!line.chosen}
        @input=${write}
      />
      <span class="row">${step(-1, up(line.name), "↑")}${step(1, down(line.name), "↓")}</span>
    </li>`;
  }
}
