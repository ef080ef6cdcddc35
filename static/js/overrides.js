// A thing at each outlet: the form that was saved is shown anew, and htmx gives the focus to what has the same id.
// What was pressed can be gone with it ("As in the catalog"): then the keyboard goes on at that form's Save.
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!target.matches("[data-override]") || document.activeElement !== document.body) return;
  target.querySelector("[type=submit]").focus({ preventScroll: true });
});
