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
  if (node !== document.activeElement || !node.matches(TYPED)) return true;
  // Whether it was refused, and where that is said, is no text that somebody types.
  for (const name of SAID) {
    if (next.hasAttribute(name)) node.setAttribute(name, next.getAttribute(name));
    else node.removeAttribute(name);
  }
  return false;
}

if (Idiomorph) {
  // Not `ignoreActiveValue`: it skips the children of whatever has the focus, a pressed tile's too.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = mayMorph;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = mayChange;
}

// A choice that somebody made stays made, also by an answer that was under way by then.
document.body.addEventListener("change", ({ target }) => {
  if (target.type !== "radio" || !target.closest("[data-choices]")) return;
  for (const option of target.closest("[data-choices]").querySelectorAll(`[name="${CSS.escape(target.name)}"]`)) option.dataset.typed = "";
});

const pathOf = (address) => new URL(address, location.href).pathname;

// A whole page where a piece was asked for is the sign-in page: the session is over. Go there.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, requestConfig } = event.detail;
  if (target === document.body || !/^\s*<!doctype html/i.test(xhr.responseText.slice(0, 200))) return;
  const selects = requestConfig.elt.closest("[hx-select]");
  const elsewhere = requestConfig.verb === "get" && pathOf(xhr.responseURL) !== pathOf(requestConfig.path);
  if (selects && !elsewhere) return;
  event.detail.shouldSwap = false;
  location.reload();
});
