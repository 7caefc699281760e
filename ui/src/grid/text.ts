/** Cells as text, and nothing but text. */

const MOST = 300; // characters that a cell shows; the whole is a key press away

/** A value whose type is not its column's comes as an object with that type for its only name. */
export function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "object") return String(cell);
  const [value, ...others] = Object.values(cell);
  return typeof value === "string" && !others.length ? value : JSON.stringify(cell);
}

export function shortOf(cell: unknown): string {
  const text = textOf(cell);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

const RUNS = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/; // what starts a formula, or is skipped before one
const HARMLESS = /^[+-]([0-9 ().,/-]*|\d+(\.\d+)?[eE][+-]?\d+|\d+([.,]\d+)?%)$/; // numbers and telephone numbers

/** Text that a spreadsheet would run, with an apostrophe before it: the rule of csv files. */
export const plain = (text: string): string => (RUNS.test(text) && !HARMLESS.test(text) ? `'${text}` : text);

/** Lines of cells as spreadsheets take them from the clipboard. */
export function tsv(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => row.map(quoted).join("\t")).join("\n");
}

function quoted(cell: unknown): string {
  const text = typeof cell === "number" ? String(cell) : plain(textOf(cell));
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const words = new Intl.Collator(undefined, { numeric: true });

/** For sorting: nothing last, numbers by value, the rest as words. */
export function compare(a: unknown, b: unknown): number {
  const [none, other] = [a === null || a === undefined || a === "", b === null || b === undefined || b === ""];
  if (none || other) return Number(none) - Number(other);
  return typeof a === "number" && typeof b === "number" ? a - b : words.compare(textOf(a), textOf(b));
}
