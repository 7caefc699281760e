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
  return joined(toldOf(error), wait);
}

/** What to say of a code, with the server's own text as details; one that says no more than its title is left out. */
export function toldOf({ code, title, detail }: Fault): string {
  const said = problems.codes[code];
  if (!said) return joined(sentence(title), sentence(detail)) || problems.unknown;
  const more = detail && title && !sentence(detail).startsWith(sentence(title));
  return joined(said, more ? problems.details(sentence(detail)) : "");
}

/** The same in a few words, for a list. */
export const brieflyOf = ({ code, title }: Fault): string => (problems.codes[code] ?? title).replace(/[.] .*|[.]$/s, "");

function joined(...parts: string[]): string {
  const said: string[] = [];
  for (const part of parts) if (part && !said.some((before) => before.includes(part))) said.push(part);
  return said.join(" ");
}

const sentence = (text: string): string => (!text || /[.!?…]$/.test(text) ? text : `${text}.`);
