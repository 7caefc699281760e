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
  importing: Importing | null;
}

/** An index that a run would need, and the statement that makes it. */
export interface MissingIndex {
  because: string;
  statement: string;
}

export interface Importing {
  fields: ImportField[];
  unique: string[][];
  mode: string;
  undo: boolean;
}

export interface ImportField {
  name: string;
  label: string;
  required: boolean;
}

export interface Upload {
  id: string;
  name: string;
  length: number;
  received: number;
  complete: boolean;
  sha256: string | null;
  chunk_size: number;
}

/** Header to field; null leaves a column out. */
export type Mapping = Record<string, string | null>;

export interface Problem {
  /** As the file calls it; null: the row as a whole. */
  column: string | null;
  code: string;
  message: string;
}

export interface PreviewedColumn {
  header: string;
  field: string | null;
  how: "given" | "name" | "alias" | "suggested" | "ignored" | "unknown";
  samples: unknown[];
}

export interface Preview {
  sheets: { name: string; hidden: boolean; rows: number | null }[];
  sheet: string;
  header: number;
  columns: PreviewedColumn[];
  rows: { row: number; cells: unknown[]; problems: Problem[] }[];
  missing: string | null;
  warnings: string[];
}

export interface ReportedRow {
  row: number;
  problems: (Omit<Problem, "message"> & { message: string | null })[];
  /** Null, as messages are, for who may not download. */
  data: unknown;
}

export interface Report {
  dry_run: boolean;
  rejected: number;
  warnings: string[];
  rejects: ReportedRow[];
}

export interface Notice {
  channel: string;
  recipient: string | null;
  state: "asked" | "waiting" | "sent" | "given_up";
  tries: number;
  next_at: string | null;
  error: string | null;
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
  /** Of an import: the file, and what was said when it was started. */
  input?: { name: string; sha256: string; sheet: string | number; dry_run: boolean } | null;
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
  took: number | null;
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
  how: "created" | "joined" | "repeated" | "known";
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
  message: string | null;
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
