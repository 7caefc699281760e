/** The active cell and the cells chosen with it: a rectangle between the active cell and its anchor. Row -1: header. */

export interface Place {
  row: number;
  column: number;
}

export class Choice {
  active: Place = { row: 0, column: 0 };
  private anchor: Place = { row: 0, column: 0 };

  /** extend: from the anchor on, instead of anew. */
  move(to: Place, extend: boolean): void {
    this.active = to;
    if (!extend) this.anchor = to;
  }

  /** All of it, with the active cell where it is. */
  all(rows: number, columns: number): void {
    this.anchor = { row: 0, column: 0 };
    this.active = { row: rows - 1, column: columns - 1 };
  }

  /** From and up to and with: rows and columns. */
  get box(): { top: number; bottom: number; left: number; right: number } {
    const { active: a, anchor: b } = this;
    return {
      top: Math.max(0, Math.min(a.row, b.row)),
      bottom: Math.max(a.row, b.row),
      left: Math.min(a.column, b.column),
      right: Math.max(a.column, b.column),
    };
  }

  get isOne(): boolean {
    const { top, bottom, left, right } = this.box;
    return top === bottom && left === right;
  }

  has(row: number, column: number): boolean {
    const { top, bottom, left, right } = this.box;
    return row >= top && row <= bottom && column >= left && column <= right;
  }
}

/** Where a key leads from a place; null: it is no such key. */
export function led(key: string, from: Place, rows: number, columns: number, page: number, far: boolean): Place | null {
  const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(value, most));
  const at = (row: number, column: number): Place => ({
    row: clamp(row, -1, rows - 1),
    column: clamp(column, 0, columns - 1),
  });
  switch (key) {
    case "ArrowUp":
      return at(far ? 0 : from.row - 1, from.column);
    case "ArrowDown":
      return at(far ? rows - 1 : from.row + 1, from.column);
    case "ArrowLeft":
      return at(from.row, far ? 0 : from.column - 1);
    case "ArrowRight":
      return at(from.row, far ? columns - 1 : from.column + 1);
    case "PageUp":
      return at(Math.max(0, from.row - page), from.column);
    case "PageDown":
      return at(from.row + page, from.column);
    case "Home":
      return at(far ? 0 : from.row, 0);
    case "End":
      return at(far ? rows - 1 : from.row, columns - 1);
    default:
      return null;
  }
}
