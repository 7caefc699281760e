// The page: what can be exported, the runs under way, and what became of the rest.
// All text from the server is set as textContent; nothing here makes HTML of it.

const LIVE = 3; // event streams at once: a browser allows six connections to a server, and downloads need some
const LOOK = 3000; // milliseconds between looks at runs that have no stream

const $ = (id) => document.getElementById(id);
const copy = (id) => $(id).content.firstElementChild.cloneNode(true);
const part = (card, name) => card.querySelector(`[data-of="${name}"], [data-do="${name}"]`);

const number = new Intl.NumberFormat();
const size = (bytes) => {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = bytes ? Math.min(Math.floor(Math.log10(bytes) / 3), 4) : 0;
  return `${number.format(+(bytes / 1000 ** step).toFixed(step ? 1 : 0))} ${units[step]}`;
};
const duration = (seconds) => {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
};

class Refused extends Error {}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
  } catch {
    say("No connection to the server. Trying again…");
    throw new Refused("The server cannot be reached.");
  }
  say("");
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Refused(problem.detail || `The server answered ${answer.status}.`);
}

const post = (path, body) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });

function say(text) {
  if ($("connection").textContent !== text) $("connection").textContent = text;
}

// ---- what can be started

const INPUTS = { int: "number", float: "number", Decimal: "number", date: "date", datetime: "datetime-local" };

function field(parameter) {
  const label = document.createElement("label");
  let input;
  if (parameter.choices.length || (parameter.type === "bool" && parameter.nullable)) {
    input = document.createElement("select");
    const choices = parameter.choices.length ? parameter.choices : [true, false];
    if (!parameter.required || parameter.nullable) input.append(new Option("any", ""));
    for (const choice of choices) input.append(new Option(String(choice), String(choice)));
    if (parameter.default !== null) input.value = String(parameter.default);
  } else {
    input = document.createElement("input");
    input.type = parameter.type === "bool" ? "checkbox" : INPUTS[parameter.type] || "text";
    if (parameter.type === "float" || parameter.type === "Decimal") input.step = "any";
    if (parameter.type === "datetime") input.step = "1";
    if (parameter.type === "bool") input.checked = parameter.default === true;
    else if (parameter.default !== null) input.value = String(parameter.default);
    if (parameter.nullable || !parameter.required) input.placeholder = parameter.default ?? "any";
  }
  input.name = parameter.name;
  input.required = parameter.required && !parameter.nullable && parameter.type !== "bool";
  const name = document.createElement("span");
  name.textContent = parameter.name.replaceAll("_", " ");
  if (input.type === "checkbox") {
    label.className = "check";
    label.append(input, name);
  } else label.append(name, input);
  return label;
}

function chosen(form, job) {
  const params = {};
  for (const parameter of job.parameters) {
    const input = form.elements[parameter.name];
    if (input.type === "checkbox") params[parameter.name] = input.checked;
    else if (input.value !== "") params[parameter.name] = input.value;
    else if (parameter.nullable) params[parameter.name] = null;
  }
  return params;
}

function showJob(job) {
  const card = copy("job");
  const form = card.querySelector("form");
  const told = card.querySelector("output");
  part(card, "title").textContent = job.title;
  part(card, "description").textContent = job.description.split("\n")[0];
  const fields = card.querySelector(".fields");
  fields.append(...job.parameters.map(field));
  const formats = field({ name: "file format", type: "str", required: true, choices: job.formats, default: null });
  const format = formats.querySelector("select");
  format.removeAttribute("name");
  fields.append(formats);
  const may = new Set(job.may);
  form.querySelector("[type=submit]").hidden = part(card, "count").hidden = !may.has("start");

  const during = async (button, work) => {
    button.disabled = true;
    told.textContent = "";
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      told.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    during(event.submitter, async () => {
      const body = { params: chosen(form, job), output: { format: format.value } };
      const run = await post(`jobs/${encodeURIComponent(job.name)}/runs`, body);
      told.textContent = run.how === "joined" ? "The same export is under way already; here it is." : "Started.";
      show(run, true);
    });
  });
  part(card, "count").addEventListener("click", (event) => {
    if (!form.reportValidity()) return;
    during(event.target, async () => {
      const given = Object.entries(chosen(form, job)).filter(([, value]) => value !== null);
      const count = await ask(`jobs/${encodeURIComponent(job.name)}/count?${new URLSearchParams(given)}`);
      const about = count.estimated ? "About " : "";
      told.textContent = count.rows === null ? "Only reading them will tell." : `${about}${number.format(count.rows)} rows`;
    });
  });
  return card;
}

async function showJobs() {
  try {
    const { jobs } = await ask("jobs");
    $("jobs").replaceChildren(...jobs.map(showJob));
    if (!jobs.length) $("jobs").append(quiet("There is nothing to export yet."));
    if (jobs.length === 1) $("jobs").querySelector("details").open = true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("jobs").replaceChildren(quiet(error.message));
    setTimeout(showJobs, LOOK);
  }
}

function quiet(text) {
  const line = document.createElement("p");
  line.className = "quiet";
  line.textContent = text;
  return line;
}

// ---- runs

const cards = new Map(); // run id -> its card; card.run is the newest snapshot
const streams = new Map(); // run id -> its EventSource
const MOODS = { succeeded: "good", partial: "good", failed: "bad", timed_out: "bad", running: "busy", publishing: "busy" };

function show(run, first = false) {
  let card = cards.get(run.id);
  if (card && card.run.version > run.version) return;
  if (!card) {
    card = newCard(run.id);
    if (first) $("runs").prepend(card);
    else $("runs").append(card);
  }
  card.run = run;
  paint(card, run);
  arrange();
}

function newCard(id) {
  const card = copy("run");
  if (!cards.size) $("runs").replaceChildren();
  cards.set(id, card);
  for (const what of ["pause", "resume", "rerun", "cancel"]) {
    part(card, what).addEventListener("click", (event) => askOf(card, what, event.target));
  }
  return card;
}

async function askOf(card, what, button) {
  if (what === "cancel" && !(await sure(card.run.title))) return;
  button.disabled = true;
  try {
    show(await post(`runs/${card.run.id}/${what}`), what === "rerun");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(card, error.message);
  } finally {
    button.disabled = false;
  }
}

function sure(title) {
  const dialog = $("confirm");
  $("confirm-title").textContent = `Cancel “${title}”?`;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((decide) => {
    dialog.addEventListener("close", () => decide(dialog.returnValue === "yes"), { once: true });
  });
}

function tell(card, text) {
  const line = part(card, "problem");
  line.textContent = text;
  line.hidden = !text;
}

function paint(card, run) {
  part(card, "title").textContent = run.title;
  const state = part(card, "state");
  state.textContent = run.state.replaceAll("_", " ");
  state.className = `state ${MOODS[run.state] ?? ""}`;
  const when = part(card, "when");
  when.dateTime = run.created_at;
  when.textContent = new Date(run.created_at).toLocaleString();
  const given = Object.entries(run.params).filter(([, value]) => value !== null);
  part(card, "asked").textContent = [run.output.format, ...given.map(([name, value]) => `${name}: ${value}`)].join(" · ");
  paintProgress(card, run);
  part(card, "figures").textContent = figures(run);
  tell(card, run.error && run.state !== "succeeded" ? `${run.error.title}. ${run.error.detail}` : "");
  const may = new Set(run.may);
  for (const what of ["pause", "resume", "cancel"]) part(card, what).hidden = !may.has(what);
  part(card, "rerun").hidden = !run.ended;
  const file = `runs/${run.id}/artifact`;
  link(part(card, "download"), run.artifact && file);
  link(part(card, "partial"), !run.artifact && run.bytes && run.state !== "running" && `${file}?partial=true`);
}

function paintProgress(card, run) {
  const bar = card.querySelector("progress");
  bar.hidden = run.ended;
  if (run.total) bar.value = Math.min(run.done / run.total, 1);
  else if (["running", "publishing"].includes(run.state)) bar.removeAttribute("value");
  else bar.value = 0;
}

function link(anchor, href) {
  anchor.hidden = !href;
  if (href) anchor.href = href;
}

function figures(run) {
  if (run.state === "succeeded" && !run.done) return "No data: the file has a header alone.";
  const all = run.total === null || run.ended ? "" : ` of ${run.total_estimated ? "about " : ""}${number.format(run.total)}`;
  const found = [`${number.format(run.done)}${all} rows`];
  if (run.total && !run.ended) found.unshift(`${Math.floor((100 * Math.min(run.done, run.total)) / run.total)} %`);
  if (run.bytes) found.push(size(run.artifact?.bytes ?? run.bytes));
  if (run.rows.rejected) found.push(`${number.format(run.rows.rejected)} rejected`);
  if (run.altered) found.push(`${number.format(run.altered)} cells altered`);
  if (run.rate && !run.ended) found.push(`${number.format(Math.round(run.rate))} rows a second`);
  if (run.seconds_left !== null) found.push(`${duration(run.seconds_left)} left`);
  if (run.ended && run.started_at) found.push(duration((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000));
  return found.join(" · ");
}

// ---- following: a few runs by their event streams, the others by looking at the list

function arrange() {
  const open = [...cards.values()].map((card) => card.run).filter((run) => !run.ended);
  const wanted = new Set(open.slice(0, LIVE).map((run) => run.id));
  for (const [id, stream] of streams) {
    if (!wanted.has(id)) {
      stream.close();
      streams.delete(id);
    }
  }
  for (const id of wanted) if (!streams.has(id)) follow(id, 0);
}

function follow(id, tries) {
  const card = cards.get(id);
  const stream = new EventSource(`runs/${id}/events?last_event_id=${card.run.version}`);
  streams.set(id, stream);
  let faults = tries;
  const take = (event) => {
    faults = 0;
    say("");
    show(JSON.parse(event.data));
  };
  stream.addEventListener("run", take);
  stream.addEventListener("done", (event) => {
    stream.close();
    streams.delete(id);
    take(event);
  });
  stream.addEventListener("error", () => {
    // The browser comes back by itself, unless a proxy answered with an error: then it never would.
    if (stream.readyState !== EventSource.CLOSED || streams.get(id) !== stream) return;
    say("The connection was lost. Trying again…");
    const pause = Math.min(1000 * 2 ** faults, 30000) * (0.5 + Math.random());
    setTimeout(() => streams.get(id) === stream && follow(id, faults + 1), pause);
  });
}

let older = null; // where the next page of the list begins

async function look() {
  try {
    const page = await ask("runs?limit=25");
    for (const run of page.runs.toReversed()) show(run, !cards.has(run.id));
    if (older === null) setOlder(page.next);
    if (!cards.size) $("runs").replaceChildren(quiet("Nothing has been exported yet."));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!cards.size) $("runs").replaceChildren(quiet(error.message));
  }
}

function setOlder(next) {
  older = next ?? "";
  $("more").hidden = !next;
}

$("more").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    const page = await ask(`runs?limit=25&after=${encodeURIComponent(older)}`);
    for (const run of page.runs) show(run);
    setOlder(page.next);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  } finally {
    event.target.disabled = false;
  }
});

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, LOOK);
}

showJobs();
keepLooking();
