/** What will come of it: rows, what fits, and how large and slow it will be if it is like the last one. */

import type { Count, Run } from "../api/types";
import { duration, size } from "../figures";
import { words } from "../strings";

const SHEET = 1_048_575; // rows of a sheet beside its header

/** What was seen of earlier runs, by format: bytes and seconds a row. */
export type Like = Map<string, { bytes: number; seconds: number }>;

export function likeLast(runs: readonly Run[]): Like {
  const like: Like = new Map();
  for (const run of runs) {
    const format = run.output.format ?? "xlsx";
    if (like.has(format) || run.done < 100 || !run.artifact || run.took === null) continue;
    like.set(format, {
      bytes: run.artifact.bytes / run.done,
      seconds: run.took / run.done,
    });
  }
  return like;
}

export function outlook(count: Count | null, rows: number | null, format: string, like: Like | null) {
  const { start } = words;
  if (!count) return { many: "", notes: [] };
  if (rows === null) return { many: "", notes: [start.unknownRows] };
  const text = start.rows(rows);
  const notes = rows === 0 ? [start.noRows] : format ? [fits(rows, format), ...soFar(rows, like?.get(format))] : [];
  return { many: count.estimated ? start.about(text) : text, notes };
}

function fits(rows: number, format: string): string {
  const { start } = words;
  if (rows <= SHEET) return start.fits;
  if (format.startsWith("xlsx")) return `${start.fits} ${start.sheets(Math.ceil(rows / SHEET))}`;
  return format.startsWith("csv") ? start.tooLongForExcel : start.fits;
}

function soFar(rows: number, last: { bytes: number; seconds: number } | undefined): string[] {
  if (!last) return [];
  const { about, likeLast } = words.start;
  const seconds = rows * last.seconds;
  const time = duration(seconds);
  return [likeLast(about(size(Number((rows * last.bytes).toPrecision(2)))), seconds < 1 ? time : about(time))];
}

