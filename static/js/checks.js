// The list of findings: what was pressed is often gone when the answer is here. Then the keyboard goes on
// at what is wrong with the answer, or else at the top of the list, whose words say what is left.
document.body.addEventListener("htmx:afterSettle", (event) => {
  const list = document.getElementById("checks");
  const asked = event.detail.requestConfig?.verb !== "get";
  if (!list || !asked || !event.detail.requestConfig?.target?.matches?.("#checks")) return;
  const wrong = list.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
  else if (!list.contains(document.activeElement)) list.querySelector("h1").focus({ preventScroll: true });
});
