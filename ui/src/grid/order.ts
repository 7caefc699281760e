/** The order that a person wants, of the rows that are here: others may come, so it is never called the order of all. */

import type { Row } from "./source";
import { compare } from "./text";

export interface Order {
  column: number;
  down: boolean;
  /** Each with its place among all rows. */
  rows: [number, Row][];
}

/** One step on: upwards, then downwards, then as they come (null). */
export function sorted(before: Order | null, column: number, loaded: Iterable<[number, Row]>): Order | null {
  const again = before?.column === column;
  if (again && before.down) return null;
  const rows = (before?.rows ?? [...loaded]).toSorted(([, a], [, b]) => compare(a[column], b[column]));
  return { column, down: again, rows: again ? rows.reverse() : rows };
}
