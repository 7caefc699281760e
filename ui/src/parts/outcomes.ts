/** What became of the runs of each job. */

import type { Operations } from "../api/types";

export function byJob(now: Operations) {
  const jobs = new Map<string, { job: string; good: number; bad: number; rows: number; seconds: number; runs: number }>();
  for (const one of now.outcomes) {
    if (!["succeeded", "partial", "failed", "timed_out"].includes(one.state)) continue;
    const found = jobs.get(one.job) ?? { job: one.job, good: 0, bad: 0, rows: 0, seconds: 0, runs: 0 };
    if (one.state === "succeeded" || one.state === "partial") found.good += one.runs;
    else found.bad += one.runs;
    found.rows += one.rows;
    found.seconds += one.seconds;
    found.runs += one.runs;
    jobs.set(one.job, found);
  }
  return [...jobs.values()];
}
