// [data-counter="id of the words"] on a field with maxlength, or [data-count] beside it: "150 / 200". Only near the end is it
// told to screen readers.
function count(field) {
  const words = document.getElementById(field.dataset.counter) ?? field.parentElement.querySelector("[data-count]");
  if (!words) return;
  const most = Number(field.getAttribute("maxlength"));
  words.textContent = `${field.value.length} / ${most}`;
  words.setAttribute("aria-live", most - field.value.length <= 10 ? "polite" : "off");
}

const all = (root) => root.querySelectorAll?.("[data-counter]").forEach(count);

document.addEventListener("input", (event) => event.target.matches?.("[data-counter]") && count(event.target));
document.addEventListener("htmx:afterSwap", (event) => all(event.target));
all(document);
