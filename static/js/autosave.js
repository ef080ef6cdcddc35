// [data-field] inside [data-thing] saves itself: on leaving, and when nobody types for a moment. What
// is not saved yet is kept in this browser and sent again. The words stand in the nearest [data-state].
const IDLE_MS = 1000;
const RETRY_MS = 5000;
const SLOW_MS = 400;
const words = document.getElementById("autosave-words")?.dataset ?? {};
const editor = document.querySelector("[data-editor]");
const says = document.getElementById("menu-says");
const timers = new WeakMap();
const strokes = new WeakMap();
// What the server has of a field into which a draft was put back.
const served = new WeakMap();
// Which field's request is under way, and which one is to be sent after it: a row and the panel may show the same.
const running = new Map();

// A field may have left the page, with its panel, before its answer comes.
const known = new WeakMap();
function thingOf(field) {
  const place = field.closest("[data-thing]");
  if (place) known.set(field, place.dataset.thing);
  return known.get(field);
}
const pathOf = (thing) => `${editor.dataset.base}rows/${thing.replace("-", "/")}/`;
const keyOf = (field) => `draft ${pathOf(thingOf(field))}${field.dataset.field}`;
export const addressOf = (thing, verb) => `${pathOf(thing)}${verb}/${editor.dataset.query}`;

export function say(text) {
  says.textContent = "";
  requestAnimationFrame(() => { says.textContent = text; });
}

export async function send(address, values) {
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
  const answer = await fetch(address, { method: "POST", headers, body: new URLSearchParams(values), keepalive: true });
  if (answer.redirected) location.reload(); // the session is over; what was typed is kept
  return answer;
}

function valuesOf(field) {
  if (field.tagName !== "FIELDSET") return [field.value];
  // A field of text in a choice names more to choose.
  return [...field.querySelectorAll("input:checked, input[type=text]")].map((input) => input.value).filter(Boolean);
}

function stateOf(field) {
  for (let place = field; place; place = place.parentElement) {
    const state = place.querySelector("[data-state]");
    if (state) return state;
  }
  return null;
}

// `kind`: field-saved, field-saving or field-error.
function write(field, text, kind) {
  const state = stateOf(field);
  const line = document.createElement("p");
  line.className = kind;
  line.textContent = text;
  // A row that was shown anew meanwhile has its words, and this field, no more.
  state?.replaceChildren(line);
}

// What the field takes from somebody else.
function put(field, value) {
  if (field.tagName !== "FIELDSET") { field.value = value; return; }
  const chosen = value.split(" ");
  field.querySelectorAll("input").forEach((box) => { box.checked = chosen.includes(box.value); });
}

// `sent`: how often it had been typed into by then; more may have been typed since, which is not saved yet.
function show(field, html, sent) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const state = template.content.querySelector("[data-state]");
  stateOf(field)?.replaceWith(state);
  say(state.textContent.replace(/\s+/g, " ").trim());
  field.toggleAttribute("aria-invalid", state.dataset.result === "error");
  if (state.dataset.result !== "saved") return;
  field.dataset.shown = state.dataset.shown;
  if (strokes.get(field) === sent) settle(field);
  else keep(field);
  document.body.dispatchEvent(new CustomEvent("thing-saved", { detail: { thing: thingOf(field) } }));
}

export async function save(field) {
  clearTimeout(timers.get(field));
  field.removeAttribute("data-restored");
  const key = keyOf(field);
  if (running.has(key)) return running.set(key, field);
  running.set(key, null);
  const slow = setTimeout(() => write(field, words.saving, "field-saving"), SLOW_MS);
  const sent = strokes.get(field);
  const values = [["field", field.dataset.field], ["shown", field.dataset.shown], ...valuesOf(field).map((value) => ["value", value])];
  try {
    const answer = await send(addressOf(thingOf(field), "field"), values);
    clearTimeout(slow);
    if (answer.status === 404) write(field, words.gone, "field-error");
    else if (answer.status === 403) write(field, words.refused, "field-error");
    else if (!answer.ok) throw new Error(answer.status);
    else show(field, await answer.text(), sent);
  } catch {
    clearTimeout(slow);
    write(field, navigator.onLine ? words.failed : words.offline, "field-error");
    timers.set(field, setTimeout(() => save(field), RETRY_MS));
  }
  // Even of a panel that is closed by now.
  const next = running.get(key);
  running.delete(key);
  return next && save(next);
}

function typed(field) {
  field.removeAttribute("data-restored");
  strokes.set(field, (strokes.get(field) ?? 0) + 1);
  keep(field);
}

function keep(field) {
  field.dataset.unsaved = "";
  // With what was seen: somebody else may change the field before this is sent.
  localStorage.setItem(keyOf(field), JSON.stringify({ values: valuesOf(field), shown: field.dataset.shown }));
}

function settle(field) {
  field.removeAttribute("data-unsaved");
  field.removeAttribute("data-restored");
  localStorage.removeItem(keyOf(field));
}

// What was typed before the page went away, and never saved: it is there again, and asks. It is sent when somebody
// says so or goes on typing, and not by leaving the page: who looks at it has confirmed nothing.
export function restore(root) {
  const busy = new Set([...document.querySelectorAll("[data-unsaved]")].map(keyOf));
  for (const field of root.querySelectorAll("input[data-field], textarea[data-field]")) {
    const kept = localStorage.getItem(keyOf(field));
    if (kept === null || busy.has(keyOf(field))) continue;
    const { values: [value], shown } = JSON.parse(kept);
    if (value === field.value) { localStorage.removeItem(keyOf(field)); continue; }
    served.set(field, { value: field.value, shown: field.dataset.shown });
    field.value = value;
    field.dataset.shown = shown;
    typed(field);
    field.dataset.restored = "";
    write(field, words.kept, "field-error");
    stateOf(field)?.append(button(words.keptSave, () => { field.focus(); save(field); }), button(words.keptDrop, () => drop(field)));
  }
}

function button(text, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-sm";
  made.textContent = text;
  made.addEventListener("click", pressed);
  return made;
}

function drop(field) {
  const { value, shown } = served.get(field);
  field.value = value;
  field.dataset.shown = shown;
  settle(field);
  stateOf(field)?.replaceChildren();
  field.focus();
}

// All that is typed and not saved yet, but for drafts about which nobody has said anything.
export const unsaved = (root) => root.querySelectorAll("[data-unsaved]:not([data-restored])");

function listen(event) {
  const field = event.target.closest?.("[data-field]");
  if (!field || !field.closest("[data-thing]")) return;
  clearTimeout(timers.get(field));
  if (event.type === "input") {
    if (field.tagName === "FIELDSET") return;
    typed(field);
    timers.set(field, setTimeout(() => save(field), IDLE_MS));
  } else {
    typed(field);
    save(field);
  }
}

function choose(event) {
  const button = event.target.closest?.("[data-take], [data-overwrite]");
  if (!button) return;
  const field = fieldBeside(button);
  field.dataset.shown = button.dataset.shownNow;
  if (button.hasAttribute("data-overwrite")) { save(field); return; }
  put(field, button.dataset.take);
  settle(field);
  stateOf(field)?.replaceChildren();
  field.focus();
  document.body.dispatchEvent(new CustomEvent("thing-saved", { detail: { thing: thingOf(field) } }));
}

function fieldBeside(element) {
  for (let place = element; place; place = place.parentElement) {
    const field = place.matches("[data-field]") ? place : place.querySelector("[data-field]");
    if (field) return field;
  }
  return null;
}

if (editor) {
  document.addEventListener("input", listen);
  document.addEventListener("change", listen);
  document.addEventListener("click", choose);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.("input[data-field]")) { event.preventDefault(); save(event.target); }
  });
  addEventListener("online", () => unsaved(document).forEach((field) => save(field)));
  addEventListener("pagehide", () => unsaved(document).forEach((field) => save(field)));
  restore(document);
}
