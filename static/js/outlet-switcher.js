// Search among many outlets: hides the entries that do not match.
const menu = document.querySelector("[data-outlet-switcher]");
const search = menu?.querySelector("input[type=search]");

function narrow() {
  const wanted = search.value.trim().toLowerCase();
  let found = 0;
  for (const entry of menu.querySelectorAll("[data-words]")) {
    entry.hidden = !entry.dataset.words.includes(wanted);
    found += entry.hidden ? 0 : 1;
  }
  menu.querySelector(".menu-none").hidden = found > 0;
}

search?.addEventListener("input", narrow);
search?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") menu.querySelector("[data-words]:not([hidden])")?.click();
});
