/** The rows that are in the document: few, each shown again elsewhere when it leaves the view. */

import type { GridColumn, Row } from "./source";
import { shortOf } from "./text";
import type { Widths } from "./columns";

interface Slot {
  element: HTMLElement;
  cells: { element: HTMLElement; text: Text }[];
  row: number;
  data: Row | undefined;
  first: number;
  look: number;
}

export interface Frame {
  columns: readonly GridColumn[];
  widths: Widths;
  /** First column that can be seen, and how many. */
  span: [number, number];
  row(index: number): Row | undefined;
  isChosen(row: number, column: number): boolean;
  active: { row: number; column: number };
  /** Rises when something about all rows is another: widths, choice, active cell, order. */
  look: number;
}

const NUMBERS = new Set(["integer", "float", "decimal", "money"]);

export class Ring {
  private readonly slots: Slot[] = [];

  constructor(private readonly body: HTMLElement) {}

  get isEmpty(): boolean {
    return !this.slots.length;
  }

  /** Show rows from `first` on, `count` of them, the row `first` lying at `top` pixels. */
  show(first: number, count: number, top: number, rowHeight: number, frame: Frame): void {
    while (this.slots.length < count) this.slots.push(this.make());
    const size = this.slots.length;
    for (let row = first; row < first + count; row++) {
      const slot = this.slots[row % size]!;
      this.fill(slot, row, frame);
      slot.element.style.transform = `translateY(${top + (row - first) * rowHeight}px)`;
      slot.element.hidden = false;
    }
    for (const slot of this.slots) if (slot.row < first || slot.row >= first + count) this.hide(slot);
  }

  private make(): Slot {
    const element = document.createElement("div");
    element.className = "line";
    element.setAttribute("role", "row");
    this.body.append(element);
    return { element, cells: [], row: -1, data: undefined, first: -1, look: -1 };
  }

  private hide(slot: Slot): void {
    slot.element.hidden = true;
    slot.row = -1;
  }

  private fill(slot: Slot, row: number, frame: Frame): void {
    const data = frame.row(row);
    const [first, count] = frame.span;
    if (slot.row === row && slot.data === data && slot.first === first && slot.look === frame.look) return;
    this.fit(slot, count);
    Object.assign(slot, { row, data, first, look: frame.look });
    slot.element.setAttribute("aria-rowindex", String(row + 2));
    slot.element.classList.toggle("odd", row % 2 === 1);
    slot.element.classList.toggle("waiting", !data);
    slot.cells.forEach((cell, place) => this.fillCell(cell, row, first + place, data, frame));
  }

  private fit(slot: Slot, count: number): void {
    while (slot.cells.length > count) slot.cells.pop()!.element.remove();
    while (slot.cells.length < count) {
      const element = document.createElement("div");
      element.setAttribute("role", "gridcell");
      const text = document.createTextNode("");
      element.append(text);
      slot.element.append(element);
      slot.cells.push({ element, text });
    }
  }

  private fillCell({ element, text }: Slot["cells"][0], row: number, column: number, data: Row | undefined, frame: Frame) {
    const said = data ? shortOf(data[column]) : "…";
    if (text.data !== said) text.data = said;
    const active = frame.active.row === row && frame.active.column === column;
    const look = `cell${NUMBERS.has(frame.columns[column]?.type ?? "") ? " number" : ""}${active ? " active" : ""}`;
    if (element.className !== look) element.className = look;
    element.id = active ? "active" : "";
    element.setAttribute("aria-colindex", String(column + 1));
    element.setAttribute("aria-selected", String(frame.isChosen(row, column)));
    element.style.left = `${frame.widths.left(column)}px`;
    element.style.width = `${frame.widths.width(column)}px`;
  }
}
