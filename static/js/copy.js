// [data-copy="id"]: copies the value of that field, hidden or not, and says so; where the browser does
// not let us, the value is shown and selected, to be copied by hand.
import { toast } from "./toasts.js";

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  if (!field) return;
  try {
    await navigator.clipboard.writeText(field.value);
    toast(button.dataset.copied);
  } catch {
    const hidden = field.closest("[hidden]");
    if (hidden) hidden.hidden = false;
    field.focus();
    field.select();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
});
