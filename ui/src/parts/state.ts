/** The state of a run as a word in its colour. */

import { html, type TemplateResult } from "lit";
import type { RunState } from "../api/types";
import { words } from "../strings";

const MOODS: Record<RunState, string> = {
  queued: "",
  running: "busy",
  pausing: "busy",
  paused: "",
  cancelling: "busy",
  interrupted: "warn",
  publishing: "busy",
  succeeded: "good",
  partial: "warn",
  failed: "bad",
  timed_out: "bad",
  cancelled: "",
};

export const stateOf = (state: RunState): TemplateResult =>
  html`<span class="state ${MOODS[state]}" part="state">${words.states[state]}</span>`;
