// Choosing many items: in the list (a bar in place of the foot), and on the page that changes them.
const page = document.querySelector("[data-bulk]");
const bar = document.querySelector("[data-bulk-bar]");
const editor = document.querySelector("[data-editor]");
let last = null;

// --- the page: only the fields of what is to be done ------------------------------------------
function showFields() {
  const { value } = page.querySelector("[name=operation]");
  for (const fields of page.querySelectorAll("[data-of]")) fields.hidden = !fields.dataset.of.split(" ").includes(value);
}

function toggleAll(button) {
  const boxes = [...button.parentElement.querySelectorAll("[name=items]")];
  const on = boxes.some((box) => !box.checked);
  boxes.forEach((box) => { box.checked = on; });
}

// --- the list ---------------------------------------------------------------------------------
const boxes = () => [...editor.querySelectorAll("[data-pick]")];
const seen = () => boxes().filter((box) => !box.closest("[hidden]"));

function count() {
  bar.querySelector("[data-bulk-count]").textContent = boxes().filter((box) => box.checked).length;
}

function choosing(on) {
  editor.classList.toggle("choosing", on);
  bar.hidden = !on;
  document.getElementById("menu-foot").hidden = on;
  if (!on) boxes().forEach((box) => { box.checked = false; });
  document.querySelector("[data-choose]").setAttribute("aria-pressed", String(on));
  count();
}

function picked(event) {
  const box = event.target;
  const all = seen();
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    all.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
  }
  last = box;
  count();
}

function clicked(event) {
  const target = event.target.closest?.("[data-choose], [data-bulk-leave], [data-bulk-shown], [data-pick]");
  if (!target) return;
  if (target.matches("[data-pick]")) picked(event);
  else if (target.matches("[data-choose]")) choosing(!editor.classList.contains("choosing"));
  else if (target.matches("[data-bulk-leave]")) choosing(false);
  else {
    const on = seen().some((box) => !box.checked);
    seen().forEach((box) => { box.checked = on; });
    count();
  }
}

if (page) {
  page.addEventListener("change", (event) => event.target.name === "operation" && showFields());
  page.addEventListener("click", (event) => event.target.matches("[data-bulk-all]") && toggleAll(event.target));
  page.querySelectorAll("[data-bulk-all]").forEach((button) => { button.hidden = false; });
  showFields();
  page.querySelector("[data-bulk-preview]")?.focus();
}
if (bar && editor) {
  document.querySelector("[data-choose]").hidden = false;
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && editor.classList.contains("choosing") && !document.querySelector("dialog[open]")) choosing(false);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    if (editor.classList.contains("choosing")) document.getElementById("menu-foot").hidden = true;
  });
}
