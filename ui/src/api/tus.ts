/** Uploads by tus 1.0: pieces with a checksum, which go on where they were after a cut or a reload. */

import { type Api, Refused } from "./client";
import type { Upload } from "./types";

const LONGEST = 8000; // milliseconds between two tries
const MISSED = new Set([409, 460]); // somewhere else already, or damaged on the way: ask where, and go on

export type Heard = (upload: Upload, away: boolean) => void;

/** Send a file. heard: after each piece, and when the server is away. Throws what the server refuses for good. */
export async function send(api: Api, file: File, heard: Heard, signal: AbortSignal): Promise<Upload> {
  let upload = (await begun(api, file, signal)) ?? (await begin(api, file, signal));
  for (let failures = 0; ; ) {
    heard(upload, failures > 0);
    if (upload.complete) return upload;
    try {
      if (failures) upload = await api.get(`uploads/${upload.id}`, {}, signal);
      if (!upload.complete) upload = await piece(api, file, upload, signal);
      failures = 0;
    } catch (error) {
      if (!(error instanceof Refused && (error.passing || (MISSED.has(error.status) && failures < 5)))) throw error;
      heard(upload, true);
      await pause(Math.min(500 * 2 ** failures++, LONGEST), signal);
    }
  }
}

/** What this browser sent of this file before, if the server has it still. */
async function begun(api: Api, file: File, signal: AbortSignal): Promise<Upload | null> {
  const id = recall(file);
  if (!id) return null;
  try {
    const found = await api.get<Upload>(`uploads/${id}`, {}, signal);
    return found.length === file.size ? found : null;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

async function begin(api: Api, file: File, signal: AbortSignal): Promise<Upload> {
  const name = base64(new TextEncoder().encode(file.name));
  const headers = { "Tus-Resumable": "1.0.0", "Upload-Length": String(file.size), "Upload-Metadata": `filename ${name}` };
  const made = (await (await api.ask(api.url("uploads"), { method: "POST", headers, signal })).json()) as Upload;
  remember(file, made.id);
  return made;
}

async function piece(api: Api, file: File, upload: Upload, signal: AbortSignal): Promise<Upload> {
  const at = upload.received;
  const body = await file.slice(at, at + upload.chunk_size).arrayBuffer();
  const headers: Record<string, string> = {
    "Tus-Resumable": "1.0.0",
    "Content-Type": "application/offset+octet-stream",
    "Upload-Offset": String(at),
  };
  // Browsers offer hashes to safe origins alone.
  if (crypto.subtle)
    headers["Upload-Checksum"] = `sha256 ${base64(new Uint8Array(await crypto.subtle.digest("SHA-256", body)))}`;
  const answer = await api.ask(api.url(`uploads/${upload.id}`), { method: "PATCH", headers, body, signal });
  const received = Number(answer.headers.get("Upload-Offset"));
  if (received < upload.length) return { ...upload, received };
  return api.get(`uploads/${upload.id}`, {}, signal);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, stop) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      stop(signal.reason as DOMException);
    });
  });
}

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

const place = (file: File): string => `narrowboat:${file.name}:${file.size}:${file.lastModified}`;

function recall(file: File): string | null {
  try {
    return localStorage.getItem(place(file));
  } catch {
    return null; // forbidden here
  }
}

function remember(file: File, id: string): void {
  try {
    localStorage.setItem(place(file), id);
  } catch {
    // forbidden here, or full: the upload then begins anew after a reload
  }
}
