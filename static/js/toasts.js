// Toasts: the messages that came with the page, and `HX-Trigger: {"toast": {"text", "kind"}}`.
// A failed request says so and stays until it is dismissed: nothing fails silently.
const STAYS_MS = 8000;
const list = document.getElementById("toasts");

function arm(note) {
  note.querySelector("[data-toast-close]").addEventListener("click", () => note.remove());
  if (note.matches(".toast-error, .toast-danger")) return;
  let timer = 0;
  const start = () => { timer = setTimeout(() => note.remove(), STAYS_MS); };
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("focusin", () => clearTimeout(timer));
  note.addEventListener("pointerleave", start);
  note.addEventListener("focusout", start);
  start();
}

export function toast(text, kind = "success") {
  const same = [...list.querySelectorAll("[data-toast]")].find((note) => note.querySelector("p").textContent === text);
  if (same) return;
  const note = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  note.classList.add(`toast-${kind}`);
  note.querySelector("p").textContent = text;
  list.append(note);
  arm(note);
}

const words = (id) => document.getElementById(id).content.textContent.trim();
// What a page asks by itself it will ask again; what a person asked for has to be said.
const BY_ITSELF = /^(live:|menu-|board:|load$|revealed$)/;

function asked({ detail }) {
  const { verb, triggeringEvent } = detail.requestConfig ?? {};
  return verb !== "get" || (triggeringEvent != null && !BY_ITSELF.test(triggeringEvent.type));
}

if (list) {
  list.querySelectorAll("[data-toast]").forEach(arm);
  document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));
  document.body.addEventListener("htmx:sendError", (event) => asked(event) && toast(words("toast-unreachable"), "danger"));
  document.body.addEventListener("htmx:timeout", (event) => asked(event) && toast(words("toast-unreachable"), "danger"));
  document.body.addEventListener("htmx:responseError", (event) => asked(event) && toast(words("toast-refused"), "danger"));
}
