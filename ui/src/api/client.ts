/** The HTTP interface: one function a question, and refusals as values that can be told to people. */

import type {
  Column, Count, Fault, Happened, Job, MissingIndex, Notice, Operations, Preview, Reject, Report, Run, Started,
} from "./types";

/** What the server answered instead of what was asked for. status 0: it could not be reached. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly title = "",
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }

  /** Worth asking again: the server, or a proxy before it, is away for the moment. */
  get passing(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504);
  }
}

export type Query = Record<string, string | readonly string[] | number | null | undefined>;

export class Api {
  /** base: where the application is mounted, with a slash at its end. */
  constructor(
    readonly base: string,
    readonly credentials: RequestCredentials = "same-origin",
  ) {}

  url(path: string, query: Query = {}): string {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value === null || value === undefined || value === "") continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    return url.href;
  }

  async get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return (await this.ask(this.url(path, query), { signal })).json();
  }

  async post<T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<T> {
    const answer = await this.ask(this.url(path), {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return (answer.status === 204 ? null : await answer.json()) as T;
  }

  async delete(path: string): Promise<void> {
    await this.ask(this.url(path), { method: "DELETE" });
  }

  /** Whether the server has this address at all; some parts are there only in some set-ups. */
  async has(path: string): Promise<boolean> {
    try {
      await this.ask(this.url(path), {});
      return true;
    } catch (refusal) {
      return refusal instanceof Refused && refusal.status !== 0 && refusal.code !== "not-found";
    }
  }

  /** Raises Refused for what is no success. */
  async ask(url: string, options: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(url, {
        ...options,
        credentials: this.credentials,
        headers: { Accept: "application/json", ...options.headers },
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new Refused(0, "network", "");
    }
    if (answer.ok) return answer;
    throw await refusal(answer);
  }

  // the questions

  /** Who signed in here; empty where nobody did, and where another application knows the users. */
  me = async (): Promise<string> =>
    (await this.get<{ id: string }>("me").catch(() => ({ id: "" }))).id;

  jobs = async (): Promise<Job[]> => (await this.get<{ jobs: Job[] }>("jobs")).jobs;

  count = (job: string, params: Query, signal?: AbortSignal): Promise<Count> =>
    this.get(`jobs/${encodeURIComponent(job)}/count`, params, signal);

  columns = async (job: string, params: Query, signal?: AbortSignal): Promise<Column[]> =>
    (await this.get<{ columns: Column[] }>(`jobs/${encodeURIComponent(job)}/columns`, params, signal)).columns;

  /** For operators. */
  missingIndexes = async (job: string, params: Query): Promise<MissingIndex[]> =>
    (await this.get<{ indexes: MissingIndex[] }>(`jobs/${encodeURIComponent(job)}/advice`, params)).indexes;

  start = (job: string, body: unknown, key: string): Promise<Started> =>
    this.post(`jobs/${encodeURIComponent(job)}/runs`, body, { "Idempotency-Key": key });

  run = (id: string): Promise<Run> => this.get(`runs/${encodeURIComponent(id)}`);

  runs = (query: Query): Promise<{ runs: Run[]; next: string | null }> => this.get("runs", query);

  /** key: of a cancel, so that a second click lets go of nobody else's share. */
  order = (id: string, what: string, key: string): Promise<Run> =>
    this.post(`runs/${encodeURIComponent(id)}/${what}`, {}, { "Idempotency-Key": key });

  /** A run made of another: `rerun`, `retry`, `resubmit`, `undo`. */
  another = (id: string, what: string, key: string, body: unknown = {}): Promise<Started> =>
    this.post(`runs/${encodeURIComponent(id)}/${what}`, body, { "Idempotency-Key": key });

  history = async (id: string): Promise<Happened[]> =>
    (await this.get<{ events: Happened[] }>(`runs/${encodeURIComponent(id)}/history`)).events;

  rejects = (id: string, after: number): Promise<{ rejects: Reject[]; next: number | null }> =>
    this.get(`runs/${encodeURIComponent(id)}/rejects`, { after, limit: 50 });

  notices = async (id: string): Promise<Notice[]> =>
    (await this.get<{ notices: Notice[] }>(`runs/${encodeURIComponent(id)}/notices`)).notices;

  preview = (upload: string, query: Query, signal?: AbortSignal): Promise<Preview> =>
    this.get(`uploads/${encodeURIComponent(upload)}/preview`, query, signal);

  report = (id: string): Promise<Report> => this.get(`runs/${encodeURIComponent(id)}/report`, { rejects: 1000 });

  link = (id: string): Promise<{ url: string; expires_at: string }> =>
    this.post(`runs/${encodeURIComponent(id)}/links`);

  operations = (): Promise<Operations> => this.get("operations");

  /** Where the file of a run is; partial: as far as it is committed. */
  artifact = (id: string, partial = false): string =>
    this.url(`runs/${encodeURIComponent(id)}/artifact`, { partial: partial ? "true" : null });
}

async function refusal(answer: Response): Promise<Refused> {
  const told = (await answer.json().catch(() => ({}))) as Partial<Fault>;
  const seconds = Number(answer.headers.get("Retry-After")) || null;
  return new Refused(answer.status, told.code ?? `http-${answer.status}`, told.detail ?? "", told.title, seconds);
}
