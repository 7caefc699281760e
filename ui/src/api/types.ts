/** The shapes of the HTTP interface that the page reads. Moments are RFC 3339, durations seconds. */

export type RunState =
  | "queued" | "running" | "pausing" | "paused" | "cancelling" | "interrupted" | "publishing"
  | "succeeded" | "partial" | "failed" | "timed_out" | "cancelled";

export type Value = string | number | boolean | null;

export interface Parameter {
  name: string;
  type: string;
  required: boolean;
  nullable: boolean;
  default: Value;
  choices: Value[];
}

export interface Job {
  name: string;
  title: string;
  kind: string;
  description: string;
  parameters: Parameter[];
  formats: string[];
  time_limit: number | null;
  limit: number | null;
  may: string[];
  /** Whether the user can be mailed when it ends. */
  notify?: boolean;
}

export interface Column {
  name: string;
  label: string;
  type: string;
}

export interface Count {
  rows: number | null;
  estimated: boolean;
}

export interface Fault {
  code: string;
  title: string;
  detail: string;
}

export interface Run {
  id: string;
  job: string;
  title: string;
  kind: string;
  state: RunState;
  ended: boolean;
  owner: string;
  params: Record<string, unknown>;
  output: Output;
  done: number;
  total: number | null;
  total_estimated: boolean;
  rate: number | null;
  seconds_left: number | null;
  bytes: number;
  memory?: number | null;
  /** Seconds that it goes on while nobody follows it; null: to its end. */
  unfollowed?: number | null;
  rows: { created: number; updated: number; skipped: number; rejected: number };
  altered: number;
  created_at: string;
  not_before: string | null;
  started_at: string | null;
  finished_at: string | null;
  version: number;
  generation: number;
  holders: number;
  parent: string | null;
  error: Fault | null;
  artifact: { filename: string; media_type: string; bytes: number; sha256: string } | null;
  may: string[];
}

export interface Output {
  format?: string;
  columns?: string[];
  labels?: Record<string, string>;
  page_size?: number;
  pages?: string | number[];
}

export interface Started extends Run {
  how: "created" | "joined" | "repeated";
}

export interface Happened {
  id: number;
  at: string;
  before: RunState | null;
  after: RunState;
  reason: string;
  by: string | null;
}

export interface Reject {
  row: number;
  column: string | null;
  code: string;
  message: string;
  data: unknown;
}

export interface Operations {
  at: string;
  version: string;
  queues: { queue: string; waiting: number; working: number; oldest_age: number }[];
  outcomes: { job: string; state: RunState; runs: number; rows: number; bytes: number; seconds: number }[];
  leases: {
    run: string; title: string; owner: string; state: RunState; worker: string | null;
    started_at: string | null; deadline: string | null; done: number; total: number | null;
  }[];
  supervising: boolean;
  processes: { name: string; pid: number; memory: number }[];
  followers: number;
  disk: { free: number; total: number } | null;
}
