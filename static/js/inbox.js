// The inbox: rings for what is new, keeps tiles still under a finger, and answers keys.
const board = document.getElementById("board");
const dialog = document.getElementById("reject-dialog");
const help = document.getElementById("keys-dialog");
const HOLD_AFTER_PRESS_MS = 800;
const LONGEST_HOLD_MS = 2500;

let seen = null;
let pressedAt = 0;
let pointerDown = false;
let heldSince = 0;
let anchor = null;

const ids = () => (board.querySelector("[data-order-ids]")?.dataset.orderIds || "").split(" ").filter(Boolean);
const bare = document.title;

function noteNew() {
  const here = ids();
  const fresh = seen && here.filter((id) => !seen.has(id));
  seen = new Set([...(seen || []), ...here]);
  if (fresh?.length) document.body.dispatchEvent(new CustomEvent("bell:ring", { bubbles: true, detail: { orders: fresh } }));
  for (const id of fresh || []) document.getElementById(`order-${id}`)?.classList.add("is-new");
  const waiting = Number(board.querySelector("[data-bell-waiting]")?.dataset.bellWaiting || 0);
  document.title = waiting ? `(${waiting}) ${bare.replace(/^\(\d+\) /, "")}` : bare.replace(/^\(\d+\) /, "");
}

// A refresh that comes while a finger is on its way waits until the finger has landed.
function fingerBusy() {
  const busy = pointerDown || Date.now() - pressedAt < HOLD_AFTER_PRESS_MS;
  if (!busy) heldSince = 0;
  else heldSince ||= Date.now();
  return busy && Date.now() - heldSince < LONGEST_HOLD_MS;
}

function beforeSwap(event) {
  if (event.detail.target !== board) return;
  if (fingerBusy()) {
    event.detail.shouldSwap = false;
    setTimeout(() => board.dispatchEvent(new CustomEvent("board:refresh")), 500);
    return;
  }
  heldSince = 0;
  const tile = document.activeElement?.closest?.(".tile") || board.querySelector(".tile:hover");
  anchor = tile ? { id: tile.id, top: tile.getBoundingClientRect().top } : null;
}

function afterSwap(event) {
  if (event.target !== board && !board.contains(event.target)) return;
  const tile = anchor && document.getElementById(anchor.id);
  if (tile) scrollBy({ top: tile.getBoundingClientRect().top - anchor.top, behavior: "instant" });
  anchor = null;
  showColumn();
  noteNew();
}

// --- columns on a phone: one at a time ---------------------------------------------------------
// The choice stands on #board itself, which no refresh replaces.
function showColumn(wanted = board.dataset.chosen) {
  board.dataset.chosen = wanted;
  for (const tab of board.querySelectorAll("[data-column-tab]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.columnTab === wanted));
  }
}

function choose(tab) {
  showColumn(tab.dataset.columnTab);
  if (tab.dataset.columnTab === "done") board.querySelector(".column-done").open = true;
}

// --- reject: one dialog outside of the board, so that no refresh touches what is typed in it ------
function openReject(button) {
  const form = dialog.querySelector("form");
  form.reset();
  form.setAttribute("hx-post", button.dataset.url);
  form.setAttribute("hx-target", `#${button.closest(".tile").id}`);
  globalThis.htmx.process(form);
  dialog.querySelector("[data-reject-number]").textContent = button.dataset.number;
  dialog.showModal();
}

// --- keys --------------------------------------------------------------------------------------
const focusedTile = () => document.activeElement?.closest?.("#board .tile");
const tiles = (part) => [...part.querySelectorAll(".tile[tabindex]")];
const shown = (part) => part.checkVisibility?.() ?? true;
const columns = () => [...board.querySelectorAll("[data-column]")].filter((part) => shown(part) && tiles(part).some(shown));

function move(key) {
  const parts = columns();
  if (!parts.length) return;
  const tile = focusedTile();
  const part = tile?.closest("[data-column]");
  if (!part) return tiles(parts[0])[0].focus();
  const place = tiles(part).indexOf(tile);
  if (key === "ArrowDown" || key === "ArrowUp") {
    tiles(part)[place + (key === "ArrowDown" ? 1 : -1)]?.focus();
    return;
  }
  const next = parts[parts.indexOf(part) + (key === "ArrowRight" ? 1 : -1)];
  if (next) tiles(next)[Math.min(place, tiles(next).length - 1)].focus();
}

const KINDS = { a: "accept", r: "cancel", f: "food_ready" };

function keydown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !event.key.startsWith("Arrow")) return;
  if (event.target.closest("input, textarea, select, dialog[open], [popover]:popover-open, [contenteditable]")) return;
  if (event.key.startsWith("Arrow")) {
    if (!focusedTile() && !["ArrowLeft", "ArrowRight"].includes(event.key) && document.activeElement !== document.body) return;
    event.preventDefault();
    move(event.key);
  } else if (event.key === "?") {
    help.showModal();
  } else if (KINDS[event.key.toLowerCase()]) {
    focusedTile()?.querySelector(`[data-kind="${KINDS[event.key.toLowerCase()]}"]:not(:disabled)`)?.click();
  }
}

if (board) {
  noteNew();
  showColumn();
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterSwap", afterSwap);
  board.addEventListener("pointerdown", () => { pointerDown = true; pressedAt = Date.now(); });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { if (pointerDown) pressedAt = Date.now(); pointerDown = false; });
  board.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-column-tab]");
    if (tab) choose(tab);
    const reject = event.target.closest("[data-reject]");
    if (reject) openReject(reject);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close();
    if (event.target.closest("[data-keys-help]")) help.showModal();
  });
  // The request was sent: the tile now says "Sending…", the dialog has done its work.
  dialog?.addEventListener("htmx:afterRequest", (event) => event.detail.successful && dialog.close());
  document.addEventListener("keydown", keydown);
}
