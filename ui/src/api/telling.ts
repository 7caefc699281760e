/** Errors as sentences: what happened, and what a person can do. */

import { words } from "../strings";
import { Refused } from "./client";
import type { Fault } from "./types";

const { problems } = words;

/** What to say about a refused request. */
export function told(error: unknown): string {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 0) return problems.network;
  const own = error.code.startsWith("http-") || !error.detail;
  if (own && error.passing) return problems.gateway;
  const wait = error.status === 429 && error.retryAfter ? problems.retryIn(error.retryAfter) : "";
  return joined(error.detail || problems.unknown, problems.advice[error.code], wait);
}

/** What to say about a run that did not succeed. */
export function toldOf(fault: Fault): string {
  const title = sentence(fault.title);
  const detail = fault.detail.startsWith(fault.title) ? fault.detail : joined(title, sentence(fault.detail));
  return joined(detail, problems.advice[fault.code]);
}

function joined(...parts: (string | undefined)[]): string {
  const said: string[] = [];
  for (const part of parts) if (part && !said.some((before) => before.includes(part))) said.push(part);
  return said.join(" ");
}

const sentence = (text: string): string => (!text || /[.!?…]$/.test(text) ? text : `${text}.`);
