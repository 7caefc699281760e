/** The figures of a run, as people read them. */

import type { Run } from "../api/types";
import { count, duration, size } from "../figures";
import { words } from "../strings";

/** Whether rows become records by it, or records no more: its file holds what was refused. */
export const imports = (run: Run): boolean => run.kind === "import" || run.kind === "undo";

/** Whether its file is what was asked for. */
export const delivers = (run: Run): boolean => !imports(run) && run.kind !== "report";

/** How much is done, 0 to 1; null where nobody knows. Never "all" before it is. */
export function fraction(run: Run): number | null {
  if (run.ended && run.artifact) return 1;
  if (run.total === null) return run.done || run.state === "running" ? null : 0;
  if (run.total === 0) return run.state === "publishing" ? 1 : 0;
  const part = Math.min(run.done / run.total, 1);
  return run.total_estimated && run.state !== "publishing" ? Math.min(part, 0.99) : part;
}

/** Of that, how much is done in a second; 0 where nobody knows. */
export const pace = (run: Run): number => (run.rate && run.total ? run.rate / run.total : 0);

/** The same as a whole number of percent. */
export const percent = (run: Run): string => words.run.percent(Math.floor((fraction(run) ?? 0) * 100));

/** Name and value of each but the rows, those that are known. */
export function facts(run: Run): [string, string][] {
  const { run: say } = words;
  const found: [string, string][] = [];
  if (!run.ended && run.rate) found.push([say.speed, say.perSecond(count(Math.round(run.rate)))]);
  if (!run.ended && run.seconds_left !== null) found.push([say.left, duration(run.seconds_left)]);
  if (run.took !== null) found.push([say.took, duration(run.took)]);
  if (delivers(run) && (run.bytes || run.artifact)) found.push([say.size, size(run.artifact?.bytes ?? run.bytes)]);
  if (run.memory && !run.ended) found.push([say.memory, size(run.memory)]);
  if (run.rows.rejected && !imports(run)) found.push([say.rejected, count(run.rows.rejected)]);
  if (run.altered) found.push([say.altered, count(run.altered)]);
  return found;
}

/** Those that are done, and of how many. */
export function rows(run: Run): string {
  if (run.total === null || (run.ended && run.artifact)) return count(run.done);
  const total = count(run.total);
  return words.run.rowsOf(count(run.done), run.total_estimated ? words.run.about(total) : total);
}

/** What a run is called: also by what it does to another, or does not do. */
export function titleOf(run: Run): string {
  if (run.kind === "undo") return words.run.undoOf(run.title);
  return run.input?.dry_run ? words.run.dryRunOf(run.title) : run.title;
}

/** What was asked for, as a short line. */
export function asked(run: Run): string {
  const given = Object.entries(run.params).filter(([, value]) => value !== null && value !== "");
  return [run.input?.name, run.kind === "report" ? "" : run.output.format, ...given.map(([name, value]) => `${name}: ${String(value)}`)].filter(Boolean).join(" · ");
}
