// [data-counter="id of the words"] on a field, or [data-count] beside it: "150 / 200". Characters are counted as the server
// does, an emoji as one; a field with data-most takes more than that and shows it, as a browser would cut a paste silently.
// Only near the end is it told to screen readers.
function count(field) {
  const words = document.getElementById(field.dataset.counter) ?? field.parentElement.querySelector("[data-count]");
  if (!words) return;
  const most = Number(field.dataset.most ?? field.getAttribute("maxlength"));
  const typed = [...field.value].length;
  words.textContent = `${typed} / ${most}`;
  words.classList.toggle("over", typed > most);
  words.setAttribute("aria-live", most - typed <= 10 ? "polite" : "off");
}

const all = (root) => root.querySelectorAll?.("[data-counter]").forEach(count);

document.addEventListener("input", (event) => event.target.matches?.("[data-counter]") && count(event.target));
document.addEventListener("htmx:afterSwap", (event) => all(event.target));
all(document);
