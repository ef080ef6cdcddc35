// The menu page: the panel beside the list, texts edited in their row, moving, and the next problem.
import { addressOf, restore, save, say, send, unsaved } from "./autosave.js";

const editor = document.querySelector("[data-editor]");
const panel = document.getElementById("panel");
const words = document.getElementById("autosave-words")?.dataset ?? {};
const wide = matchMedia("(min-width: 1200px)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const changed = (name) => document.body.dispatchEvent(new CustomEvent(name));
let opener = null;
let moves = Promise.resolve();

// --- rows shown anew --------------------------------------------------------------------------
function addressToShow(element) {
  const [kind, pk] = element.dataset.thing.split("-");
  const { base, query } = editor.dataset;
  if (element.hasAttribute("data-panel")) return `${base}items/${pk}/${query}`;
  if (kind === "item") return `${base}items/${pk}/row/${query}`;
  if (kind === "variant_category") return `${base}variant-categories/${pk}/card/${query}`;
  return null;
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (answer.redirected) location.reload();
  if (!answer.ok) return null;
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  return template.content.firstElementChild;
}

// How often each was asked for: an answer that others have overtaken is not shown.
const asked = new Map();
// Rows whose texts are about to be edited.
const opening = new Set();

async function showAnew(element, address = addressToShow(element)) {
  const turn = (asked.get(element.id) ?? 0) + 1;
  asked.set(element.id, turn);
  const html = address && (await fetched(address));
  if (!html || !element.isConnected || asked.get(element.id) !== turn) return;
  globalThis.Idiomorph.morph(element, html, { morphStyle: "outerHTML" });
  const now = document.getElementById(element.id) ?? element;
  globalThis.htmx.process(now);
  prepare(now);
  document.body.dispatchEvent(new CustomEvent("row-anew"));
}

function refresh(thing) {
  const found = new Set();
  for (const element of document.querySelectorAll(`[data-thing="${CSS.escape(thing)}"]`)) {
    const shown = element.closest("[data-thing^='variant_category']") ?? element;
    if (!shown.querySelector("[data-edit-done]") && !opening.has(shown.id)) found.add(shown);
  }
  found.forEach((element) => showAnew(element));
}

function hear(event) {
  const { things } = event.detail;
  if (things) things.forEach(refresh);
  else changed("menu-changed");
}

// Without the stream nobody says that a switch has arrived.
function lookAtSwitches() {
  const things = new Set([...document.querySelectorAll("[data-on-its-way]")].map((mark) => mark.closest("[data-thing]")?.dataset.thing));
  things.delete(undefined);
  if (things.size > 10) changed("menu-changed");
  else things.forEach(refresh);
}

// Each picture that was looked at is told of: the list waits for the last.
let pictures = 0;

function hearOfPictures() {
  clearTimeout(pictures);
  pictures = setTimeout(() => changed("menu-changed"), 2000);
}

function saved(event) {
  changed("menu-switched");
  // With the stream open, it tells this page too.
  if (document.body.dataset.liveState !== "live") refresh(event.detail.thing);
}

// --- the panel --------------------------------------------------------------------------------
async function open(link) {
  if (!panel) { location.assign(link.href); return; }
  opener = link.closest("#panel") ? opener : link;
  const before = panel.firstElementChild;
  await globalThis.htmx.ajax("GET", link.href, { target: panel, swap: "innerHTML", event: new Event("open") });
  // A failure was said; there is nothing to open.
  if (panel.firstElementChild === before) return;
  if (!panel.open) {
    if (wide.matches) panel.show();
    else { panel.showModal(); history.pushState({ panel: true }, ""); }
  }
  prepare(panel);
  restore(panel);
  panel.scrollTop = 0;
  panel.querySelector("[data-panel-title]")?.focus();
}

function close() {
  if (!panel?.open) return;
  unsaved(panel).forEach((field) => save(field));
  panel.close();
  panel.replaceChildren();
  if (history.state?.panel) history.back();
  opener?.isConnected && opener.focus();
}

// --- texts in their row -----------------------------------------------------------------------
async function editTexts(row) {
  const address = addressToShow(row);
  opening.add(row.id);
  await showAnew(row, `${address}${address.includes("?") ? "&" : "?"}edit=1`).finally(() => opening.delete(row.id));
  document.querySelector(`#${row.id} [data-field="name"]`)?.focus();
}

async function endTexts(row) {
  await Promise.all([...unsaved(row)].map((field) => save(field)));
  row.dataset.ending = "";
  await showAnew(row);
  document.querySelector(`#${row.id} [data-edit]`)?.focus();
}

// --- moving -----------------------------------------------------------------------------------
function post(thing, verb, values) {
  moves = moves.then(async () => {
    const answer = await send(addressOf(thing, verb), values).catch(() => null);
    say(answer?.ok ? words.moved : words.notMoved);
    changed(answer?.ok ? "menu-switched" : "menu-changed");
  });
}

function stepBy(handle, down) {
  const row = handle.closest("[data-thing]");
  const other = down ? row.nextElementSibling : row.previousElementSibling;
  const lists = [...document.querySelectorAll("[data-sort='item']")];
  const list = lists[lists.indexOf(row.parentElement) + (down ? 1 : -1)];
  if (other) other[down ? "after" : "before"](row);
  else if (row.dataset.thing.startsWith("item-") && list) list[down ? "prepend" : "append"](row);
  else return;
  handle.focus();
  post(row.dataset.thing, "step", { down: down ? "1" : "0" });
}

function dropped({ item, to, from, oldIndex, newIndex }) {
  if (to === from && oldIndex === newIndex) return;
  const before = item.nextElementSibling?.dataset.thing?.split("-")[1] ?? "";
  post(item.dataset.thing, "place", { before, into: to.dataset.into ?? "" });
}

function sortable(list) {
  if (!globalThis.Sortable || globalThis.Sortable.get(list)) return;
  const kind = list.dataset.sort;
  globalThis.Sortable.create(list, {
    group: kind === "item" ? "items" : undefined,
    handle: "[data-handle]",
    draggable: "[data-thing]",
    animation: calm.matches ? 0 : 120,
    onEnd: dropped,
  });
}

// --- finding one's way ------------------------------------------------------------------------
function nextProblem() {
  const all = [...document.querySelectorAll("#menu-list .problem")];
  if (!all.length) return;
  const last = document.querySelector("[data-problem-here]");
  const next = all[(all.indexOf(last) + 1) % all.length];
  last?.removeAttribute("data-problem-here");
  next.setAttribute("data-problem-here", "");
  next.closest("details[data-menu-group]").open = true;
  next.open = true;
  next.querySelector("summary").focus({ preventScroll: true });
  // Rows that were never in sight have only a guessed height: once they are, the place is another.
  const show = () => next.closest("[data-thing]").scrollIntoView({ block: "center", behavior: "instant" });
  show();
  requestAnimationFrame(() => requestAnimationFrame(show));
}

function collapse(button) {
  const all = document.querySelectorAll("details[data-menu-group]");
  const shut = button.getAttribute("aria-pressed") !== "true";
  all.forEach((section) => { section.open = !shut; });
  button.setAttribute("aria-pressed", String(shut));
}

// --- what a page, or a piece of it, needs -----------------------------------------------------
function prepare(root) {
  root.querySelectorAll("[data-edit]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("[data-sort]").forEach(sortable);
}

function clicked(event) {
  const target = event.target.closest?.("[data-open], [data-edit], [data-edit-done], [data-panel-close], [data-next-problem], [data-collapse]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.matches("[data-open]")) { event.preventDefault(); open(target); }
  else if (target.matches("[data-edit]")) editTexts(target.closest("[data-thing]"));
  else if (target.matches("[data-edit-done]")) endTexts(target.closest("[data-thing]"));
  else if (target.matches("[data-panel-close]")) close();
  else if (target.matches("[data-next-problem]")) nextProblem();
  else collapse(target);
}

function pressed(event) {
  const handle = event.target.closest?.("[data-handle]");
  if (handle && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    stepBy(handle, event.key === "ArrowDown");
  } else if (event.key === "Escape" && event.target.closest?.("[data-thing]")?.querySelector("[data-edit-done]")) {
    endTexts(event.target.closest("[data-thing]"));
  } else if (event.key === "Escape" && panel?.open && wide.matches) {
    close();
  }
}

if (editor) {
  document.documentElement.classList.add("scripted");
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  document.body.addEventListener("live:menu", hear);
  document.body.addEventListener("live:stock", hear);
  document.body.addEventListener("live:pictures", hearOfPictures);
  document.body.addEventListener("live:poll", lookAtSwitches);
  document.body.addEventListener("thing-saved", saved);
  document.body.addEventListener("htmx:afterSwap", (event) => prepare(event.target));
  panel?.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  addEventListener("popstate", () => { if (panel?.open && !wide.matches) { panel.close(); panel.replaceChildren(); opener?.focus(); } });
  document.querySelectorAll("[data-next-problem], [data-collapse]").forEach((button) => { button.hidden = false; });
  prepare(document);
}
