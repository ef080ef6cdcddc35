// The matrix: places that save themselves, search, one outlet at a time on a phone, many at once.
// Without it the table is read, each row's link changes it, and the forms are sent as they are.
import { rupiahOf } from "./price.js";

const table = () => document.getElementById("matrix-table");
const says = document.getElementById("matrix-says");
const search = document.querySelector("[data-search]");
const only = document.querySelector("[data-only]");
const column = document.querySelector("[data-column]");
const many = document.getElementById("many");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
let chosen = new Set();

// --- a place ----------------------------------------------------------------------------------
function say(text) {
  says.textContent = "";
  requestAnimationFrame(() => { says.textContent = text; });
}

function post(place, values, stock = "") {
  const [kind, pk] = place.closest("[data-row]").dataset.row.split("-");
  const address = `${table().dataset.base}${kind}/${pk}/outlets/${place.dataset.col}/${stock}`;
  return globalThis.htmx.ajax("POST", address, { source: place, target: place, swap: "outerHTML", values });
}

// Only what was changed is sent: leaving a price as it was asks nothing.
function savePrice(field) {
  const typed = field.value.trim();
  const same = typed !== "" && rupiahOf(typed) === Number(field.dataset.was);
  if (same && !field.hasAttribute("aria-invalid")) return;
  post(field.closest("[data-col]"), { field: "price", value: typed, seen: field.dataset.was });
}

// Enter goes to the next row, as in a spreadsheet; leaving the field saves it.
function down(field) {
  const place = field.closest("[data-col]");
  const fields = all(`[data-col="${place.dataset.col}"] .place-price`, table()).filter((one) => one.offsetParent);
  const next = fields[fields.indexOf(field) + 1];
  if (next) { next.focus(); next.select(); } else field.blur();
}

// --- which rows -------------------------------------------------------------------------------
function filter() {
  const words = (search?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const group of all("[data-group]", table())) {
    let here = 0;
    for (const row of all("[data-row]", group)) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word)) || (only.checked && !row.hasAttribute("data-differs"));
      if (!row.hidden) here += 1;
    }
    group.hidden = here === 0;
    found += here;
  }
  table().querySelector("[data-none]").hidden = found > 0;
}

function showColumn() {
  for (const cell of all("[data-col]", table())) cell.classList.toggle("col-shown", cell.dataset.col === column.value);
}

// --- many at once -----------------------------------------------------------------------------
function count() {
  if (!many) return;
  const boxes = all("[name='things']", table());
  chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const outlets = all("[name='outlets']:checked", many).length;
  const line = document.querySelector("[data-chosen]");
  line.dataset.none ??= line.textContent;
  line.textContent = chosen.size || outlets ? `${chosen.size} × ${outlets}` : line.dataset.none;
  const shown = boxes.filter((box) => !box.closest("[data-row]").hidden);
  const every = table().querySelector("[data-all]");
  every.checked = shown.length > 0 && shown.every((box) => box.checked);
  every.indeterminate = !every.checked && shown.some((box) => box.checked);
  document.getElementById("many-plan").replaceChildren();
}

function needsAmount() {
  const verb = many.querySelector("[data-verb]").value;
  many.querySelector("[data-amount]").hidden = !["price", "percent"].includes(verb);
}

// --- what changed elsewhere -------------------------------------------------------------------
// Which answer each row waits for: one that others have overtaken is not shown.
const awaited = new Map();
let turn = 0;

async function refresh(rows) {
  const mine = (turn += 1);
  rows.forEach((row) => awaited.set(row, mine));
  const address = `${table().dataset.rows}&${new URLSearchParams(rows.map((row) => ["row", row]))}`;
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (answer.redirected) { location.reload(); return; }
  if (!answer.ok) return;
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  for (const row of all("[data-row]", template.content)) {
    const here = document.getElementById(row.id);
    if (here && awaited.get(row.dataset.row) === mine) globalThis.Idiomorph.morph(here, row, { morphStyle: "outerHTML" });
  }
  prepare();
}

function hear({ detail }) {
  if (detail.catalog && String(detail.catalog) !== table().dataset.catalog) return;
  const rows = (detail.things ?? []).filter((thing) => document.querySelector(`[data-row="${CSS.escape(thing)}"]`));
  if (!detail.things) document.body.dispatchEvent(new CustomEvent("menu-changed"));
  else if (rows.length) refresh(rows);
}

// --- a table, or rows of it, shown anew ----------------------------------------------------------
function prepare() {
  for (const field of all(".place-price[readonly]", table())) field.readOnly = false;
  for (const box of all("[name='things']", table())) box.checked = chosen.has(box.value);
  const every = table().querySelector("[data-all]");
  if (every) every.hidden = false;
  if (column) showColumn();
  filter();
}

function clicked({ target }) {
  const button = target.closest?.("[data-stock], [data-clear], [data-fold]");
  if (!button || !table().contains(button)) return;
  if (button.matches("[data-fold]")) {
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  } else if (button.matches("[data-clear]")) {
    post(button.closest("[data-col]"), { field: "clear" });
  } else {
    const off = button.getAttribute("aria-checked") === "true";
    post(button.closest("[data-col]"), { in_stock: off ? "0" : "1" }, "stock/");
  }
}

function changed({ target }) {
  if (target.matches(".place-price")) savePrice(target);
  else if (target.matches("[data-submit]")) target.form.requestSubmit();
  else if (target.matches("[data-only]")) filter();
  else if (target.matches("[data-column]")) showColumn();
  else if (target.matches("[data-verb]")) { needsAmount(); count(); }
  else if (target.matches("[data-all]")) {
    for (const box of all("[name='things']", table())) if (!box.closest("[data-row]").hidden) box.checked = target.checked;
    count();
  } else if (target.matches("[data-all-outlets]")) {
    for (const box of all("[name='outlets']", many)) box.checked = target.checked;
    count();
  } else if (target.matches("[name='things'], [name='outlets'], [name='amount']")) count();
}

function pressed(event) {
  const field = event.target;
  if (!field.matches?.(".place-price")) return;
  if (event.key === "Enter") {
    event.preventDefault();
    if (field.hasAttribute("aria-invalid")) savePrice(field);
    down(field);
  } else if (event.key === "Escape") {
    field.value = field.defaultValue;
    field.blur();
  }
}

// The focus stays where it was when a place is shown anew around it.
function keepFocus({ detail }) {
  const place = detail.target;
  if (!place.matches?.("[data-col]") || !place.contains(document.activeElement)) return;
  const what = ["data-stock", "data-clear", "data-price"].find((name) => document.activeElement.hasAttribute(name));
  const again = () => {
    const now = document.getElementById(place.id);
    (now?.querySelector(`[${what}]`) ?? now?.querySelector("[data-stock]"))?.focus();
  };
  document.body.addEventListener("htmx:afterSwap", again, { once: true });
}

if (table()) {
  document.documentElement.classList.add("scripted");
  document.addEventListener("click", clicked);
  document.addEventListener("change", changed);
  document.addEventListener("keydown", pressed);
  search.addEventListener("input", filter);
  document.getElementById("matrix-show").addEventListener("submit", (event) => { if (event.submitter === null && document.activeElement === search) event.preventDefault(); });
  document.body.addEventListener("htmx:beforeSwap", keepFocus);
  document.body.addEventListener("htmx:afterSwap", prepare);
  document.body.addEventListener("place-saved", ({ detail }) => say(detail.text));
  document.body.addEventListener("live:menu", hear);
  if (many) {
    all("[data-scripted]", many).forEach((element) => { element.hidden = false; });
    needsAmount();
  }
  prepare();
}
