// What a morph must leave alone, and what must never land in the middle of a page.
const Idiomorph = globalThis.Idiomorph;
const TYPED = "input, textarea, select";
const SAID = ["aria-invalid", "aria-describedby"];
const REVEALED = ["hidden", "data-revealed", "type", "aria-pressed"];

// A dialog or a <details> that a person has opened stays open through a refresh, what was revealed
// stays revealed, and what is being typed stays typed.
function mayChange(name, node) {
  if (name === "open" && node.matches("dialog, details")) return false;
  if (REVEALED.includes(name) && (node.hasAttribute("data-revealed") || node.hasAttribute("data-reveal"))) return false;
  return true;
}

// What is being typed, or typed and not saved or sent yet, and what was said of it, stay as they are.
function mayMorph(node, next) {
  if (!(node instanceof Element)) return true;
  if (node.matches("[data-unsaved], [data-state], [data-busy], [data-typed]")) return false;
  // Nor does a row go back whose texts are being edited; only who ends that shows it anew.
  if (node.matches("[data-thing]:has([data-edit-done]):not([data-ending])")) return false;
  if (node !== document.activeElement || !node.matches(TYPED)) return true;
  // Whether it was refused, and where that is said, is no text that somebody types.
  for (const name of SAID) {
    if (next.hasAttribute(name)) node.setAttribute(name, next.getAttribute(name));
    else node.removeAttribute(name);
  }
  return false;
}

// What was said of a press stays until the next one, also where a refresh says nothing of it.
const mayRemove = (node) => !(node instanceof Element && node.matches("[data-said]"));

if (Idiomorph) {
  // Not `ignoreActiveValue`: it skips the children of whatever has the focus, a pressed tile's too.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = mayMorph;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = mayChange;
  Idiomorph.defaults.callbacks.beforeNodeRemoved = mayRemove;
}

// What somebody types or chooses in such a place stays, also through an answer that is under way by then, until its
// form is sent.
document.body.addEventListener("input", ({ target }) => {
  const place = target.closest("[data-keeps-typed]");
  for (const one of place?.querySelectorAll(`[name="${CSS.escape(target.name)}"]`) ?? []) one.dataset.typed = "";
});
document.body.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (!target.matches("form")) return;
  for (const one of target.querySelectorAll("[data-typed]:is([data-keeps-typed] *)")) delete one.dataset.typed;
});

const pathOf = (address) => new URL(address, location.href).pathname;

// A whole page where a piece was asked for is the sign-in page: the session is over. Go there.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, requestConfig } = event.detail;
  if (target === document.body || !/^\s*<!doctype html/i.test(xhr.responseText.slice(0, 200))) return;
  const selects = requestConfig.elt.closest("[hx-select]")?.getAttribute("hx-select");
  const elsewhere = requestConfig.verb === "get" && pathOf(xhr.responseURL) !== pathOf(requestConfig.path);
  if (selects && !elsewhere && xhr.responseText.includes(`id="${selects.replace("#", "")}"`)) return;
  event.detail.shouldSwap = false;
  location.reload();
});
