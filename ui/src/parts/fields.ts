/** A job's parameters as fields of a form, and what was filled in as the API takes it. */

import { html, type TemplateResult } from "lit";
import type { Parameter, Value } from "../api/types";
import { spoken } from "../figures";
import { words } from "../strings";

const TYPES: Record<string, string> = {
  int: "number",
  float: "number",
  Decimal: "number",
  date: "date",
  datetime: "datetime-local",
  time: "time",
};

export type Chosen = Record<string, Value>;
type Change = (name: string, value: Value) => void;

/** What stands in the form before anybody touched it. */
export function defaults(parameters: readonly Parameter[], asked: URLSearchParams): Chosen {
  const chosen: Chosen = {};
  for (const one of parameters) {
    const given = asked.get(one.name);
    if (given !== null) chosen[one.name] = parse(one, given);
    else if (one.default !== null) chosen[one.name] = one.default;
    else if (one.type === "bool" && one.required) chosen[one.name] = false;
  }
  return chosen;
}

/** Whether everything required is there. */
export const complete = (parameters: readonly Parameter[], chosen: Chosen): boolean =>
  parameters.every((one) => !one.required || one.nullable || (chosen[one.name] ?? "") !== "");

/** For the body of a start: what was left empty is null where that differs from the default. */
export function asBody(parameters: readonly Parameter[], chosen: Chosen): Chosen {
  const body: Chosen = {};
  for (const one of parameters) {
    const value = chosen[one.name];
    if (value !== undefined && value !== "" && value !== null) body[one.name] = value;
    else if (one.nullable && one.default !== null) body[one.name] = null;
  }
  return body;
}

/** For the query of a count, where nothing is said for null. */
export const asQuery = (parameters: readonly Parameter[], chosen: Chosen): Record<string, string> =>
  Object.fromEntries(
    Object.entries(asBody(parameters, chosen))
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, String(value)]),
  );

export function field(one: Parameter, value: Value | undefined, change: Change): TemplateResult {
  if (one.choices.length || (one.type === "bool" && one.nullable)) return choice(one, value, change);
  if (one.type === "bool") return tick(one, value, change);
  return entry(one, value, change);
}

function label(one: Parameter): TemplateResult {
  const required = one.required && !one.nullable;
  return html`<span>${spoken(one.name)} ${required ? html`<span class="hint">${words.start.required}</span>` : ""}</span>`;
}

function choice(one: Parameter, value: Value | undefined, change: Change): TemplateResult {
  const choices = one.choices.length ? one.choices : [true, false];
  const free = !one.required || one.nullable;
  const now = value === undefined || value === null ? "" : String(value);
  const pick = (event: Event) => {
    const text = (event.target as HTMLSelectElement).value;
    change(one.name, choices.find((each) => String(each) === text) ?? null);
  };
  return html`<label>
    ${label(one)}
    <select name=${one.name} ?required=${!free} @change=${pick}>
      ${free || now === "" ? html`<option value="" ?selected=${now === ""}>${free ? words.start.any : ""}</option>` : ""}
      ${choices.map(
        (each) => html`<option value=${String(each)} ?selected=${String(each) === now}>${spelled(each)}</option>`,
      )}
    </select>
  </label>`;
}

function tick(one: Parameter, value: Value | undefined, change: Change): TemplateResult {
  const pick = (event: Event) => change(one.name, (event.target as HTMLInputElement).checked);
  return html`<label class="check">
    <input type="checkbox" name=${one.name} .checked=${value === true} @change=${pick} />
    <span>${spoken(one.name)}</span>
  </label>`;
}

function entry(one: Parameter, value: Value | undefined, change: Change): TemplateResult {
  const free = !one.required || one.nullable;
  const step = one.type === "int" ? "1" : one.type === "datetime" || one.type === "time" ? "1" : "any";
  const pick = (event: Event) => change(one.name, parse(one, (event.target as HTMLInputElement).value));
  return html`<label>
    ${label(one)}
    <input
      name=${one.name}
      type=${TYPES[one.type] ?? "text"}
      step=${step}
      placeholder=${free ? words.start.any : ""}
      autocomplete="off"
      ?required=${!free}
      .value=${value === undefined || value === null ? "" : String(value)}
      @input=${pick}
    />
  </label>`;
}

const spelled = (value: Value): string =>
  value === true ? words.start.yes : value === false ? words.start.no : value === null ? words.start.empty : String(value);

/** Numbers stay text, since decimals and large integers are not floating-point numbers. */
function parse(one: Parameter, text: string): Value {
  if (text === "") return null;
  return one.type === "bool" ? text === "true" : text;
}
