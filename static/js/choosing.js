// A long list of checkboxes in groups: found by their words, and chosen group by group.
const place = document.querySelector("[data-choosing]");
const search = place.querySelector("[type=search]");
const rowsOf = (group) => [...group.querySelectorAll("[data-choosing-row]")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of place.querySelectorAll("[data-choosing-group]")) {
    const above = group.querySelector("summary").textContent.toLowerCase();
    let found = 0;
    for (const row of rowsOf(group)) {
      const text = `${above} ${row.textContent.toLowerCase()}`;
      row.hidden = !words.every((word) => text.includes(word));
      found += row.hidden ? 0 : 1;
    }
    group.hidden = found === 0;
    if (words.length && found) group.open = true;
  }
}

function toggleAll(button) {
  const boxes = rowsOf(button.closest("[data-choosing-group]")).filter((row) => !row.hidden).map((row) => row.querySelector("input"));
  const on = boxes.some((box) => !box.checked);
  boxes.forEach((box) => { box.checked = on; });
}

search.closest("[data-choosing-search]").hidden = false;
search.addEventListener("input", filter);
search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
for (const button of place.querySelectorAll("[data-choosing-all]")) {
  button.hidden = false;
  button.addEventListener("click", () => toggleAll(button));
}
