/** Where columns lie, and which of them can be seen. */

import type { GridColumn, Row } from "./source";
import { textOf } from "./text";

const LEAST = 48; // pixels
const MOST = 800;
const ROOM = 21; // pixels beside the text of a cell
const HEAD_ROOM = 31; // beside that of a header
const LETTERS = 60; // of a text; longer ones are cut

export class Widths {
  private widths: number[] = [];
  private ends: number[] = [];

  get count(): number {
    return this.widths.length;
  }

  get total(): number {
    return this.ends.at(-1) ?? 0;
  }

  set(widths: readonly number[]): void {
    this.widths = widths.map((width) => Math.round(Math.min(MOST, Math.max(LEAST, width))));
    this.add();
  }

  /** By what some rows hold, and by headers that are sorted by, in this type. */
  fit(columns: readonly GridColumn[], some: readonly Row[], type: CSSStyleDeclaration): void {
    const pen = document.createElement("canvas").getContext("2d")!;
    const long = (text: string, weight: number): number => {
      pen.font = `${weight} ${type.fontSize} ${type.fontFamily}`;
      return pen.measureText(text.slice(0, LETTERS)).width;
    };
    this.set(
      columns.map(({ label }, place) => {
        const longest = some.map((row) => textOf(row[place])).reduce((a, b) => (b.length > a.length ? b : a), "");
        return Math.min(320, Math.max(long(`${label} ↓`, 600) + HEAD_ROOM, 1.05 * long(longest, 400) + ROOM));
      }),
    );
  }

  change(column: number, width: number): void {
    this.set(this.widths.with(column, width));
  }

  width(column: number): number {
    return this.widths[column] ?? 0;
  }

  left(column: number): number {
    return column ? this.ends[column - 1]! : 0;
  }

  /** The columns that lie between two edges: the first, and how many. */
  between(left: number, right: number): [number, number] {
    const first = this.at(left);
    return [first, Math.max(0, Math.min(this.at(right) + 1, this.count) - first)];
  }

  private at(x: number): number {
    let [low, high] = [0, this.count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > x) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private add(): void {
    let end = 0;
    this.ends = this.widths.map((width) => (end += width));
  }
}

/** Tells how far a pointer drags what it was pressed on. */
export const dragged = (widen: (by: number) => void) => (event: PointerEvent) => {
  event.stopPropagation();
  const edge = event.target as HTMLElement;
  edge.setPointerCapture(event.pointerId);
  let x = event.clientX;
  edge.onpointermove = (move) => {
    widen(move.clientX - x);
    x = move.clientX;
  };
  edge.onpointerup = edge.onpointercancel = () => (edge.onpointermove = null);
};
