// [data-reveal="id"]: shows a hidden secret on this screen: a password field's text, or an element.
function reveal(button) {
  const target = document.getElementById(button.dataset.reveal);
  if (!target) return;
  let shown;
  if (target.matches("input")) {
    shown = target.type === "password";
    target.type = shown ? "text" : "password";
  } else {
    shown = target.hidden;
    target.hidden = !shown;
    target.toggleAttribute("data-revealed", shown);
  }
  button.setAttribute("aria-pressed", String(shown));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-reveal]");
  if (button) reveal(button);
});
