// The menu's search, and rows for new variants. Without it the whole list and one empty row are there.
const search = document.querySelector("[data-menu-search]");

function matches(row, words) {
  return words.every((word) => row.dataset.words.includes(word));
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const group of document.querySelectorAll("[data-menu-group]")) {
    let here = 0;
    for (const row of group.querySelectorAll("[data-words]")) {
      row.hidden = !matches(row, words);
      if (!row.hidden) here += 1;
    }
    group.hidden = words.length > 0 && here === 0;
    if (words.length > 0 && here > 0) group.open = true;
    found += here;
  }
  document.querySelector("[data-menu-none]").hidden = words.length === 0 || found > 0;
}

function addVariant(button) {
  const total = document.getElementById("id_variants-TOTAL_FORMS");
  const row = document.querySelector("[data-variant-template]").innerHTML.replaceAll("__prefix__", total.value);
  document.querySelector("[data-variant-rows]").insertAdjacentHTML("beforeend", row);
  total.value = Number(total.value) + 1;
  document.querySelector("[data-variant-rows] > :last-child input:not([type=hidden])").focus();
}

if (search) {
  search.addEventListener("input", filter);
  document.body.addEventListener("htmx:afterSettle", filter);
  document.body.addEventListener("row-anew", filter);
  filter();
}
for (const button of document.querySelectorAll("[data-variant-add]")) {
  button.hidden = false;
  button.addEventListener("click", () => addVariant(button));
}
