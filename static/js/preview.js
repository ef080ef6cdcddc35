// The preview: an item opens as a sheet in the phone, and its price follows the choices. Without it an
// item has its own page, and a button calculates the price.
import { written } from "./price.js";

const wide = matchMedia("(min-width: 992px)");
let opener = null;

// --- choices ----------------------------------------------------------------------------------
function check(category, asked) {
  const boxes = [...category.querySelectorAll("input[data-adds]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const { min, max } = category.dataset;
  // One radio takes the other's place; of checkboxes the rest waits until there is room.
  for (const box of boxes) {
    const full = box.type === "checkbox" && !box.checked && chosen >= Number(max);
    box.disabled = box.hasAttribute("data-sold-out") || full;
  }
  category.querySelector("[data-too-few]").hidden = !asked || chosen >= Number(min);
  category.querySelector("[data-too-many]").hidden = chosen <= Number(max);
}

function reckon(form) {
  const chosen = [...form.querySelectorAll("input[data-adds]:checked")];
  const total = chosen.reduce((sum, box) => sum + Number(box.dataset.adds), Number(form.dataset.base));
  form.querySelector("[data-phone-total]").textContent = written(total);
}

function prepare(root) {
  for (const button of root.querySelectorAll("[data-preview-without-script]")) button.hidden = true;
  for (const form of root.querySelectorAll("[data-phone-choices]")) {
    form.querySelectorAll("[data-min]").forEach((category) => check(category, false));
    reckon(form);
  }
}

// --- the sheet --------------------------------------------------------------------------------
const sheetOf = (element) => element.closest("[data-phone]").querySelector("[data-phone-sheet]");
const screenOf = (sheet) => sheet.closest("[data-phone]").querySelector("[data-phone-screen]");

async function open(link) {
  const sheet = sheetOf(link);
  opener = link;
  // Its fragment is for the page of its own: here nothing has to scroll.
  await globalThis.htmx.ajax("GET", link.href.split("#")[0], { target: sheet, swap: "innerHTML" });
  if (!sheet.isConnected || !sheet.querySelector("[data-phone-title]")) return;
  if (!sheet.open) {
    // Beside the choice of the time it stays inside the phone; on a phone it is all there is.
    if (wide.matches) { sheet.show(); screenOf(sheet).inert = true; }
    else sheet.showModal();
  }
  prepare(sheet);
  sheet.scrollTop = 0;
  sheet.querySelector("[data-phone-title]").focus({ preventScroll: true });
}

function shut(sheet) {
  sheet.close();
  sheet.replaceChildren();
  screenOf(sheet).inert = false;
  if (opener?.isConnected) opener.focus();
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest?.("[data-phone-open], [data-phone-close]");
  const sheet = link && sheetOf(link);
  if (!link || (link.matches("[data-phone-close]") && !sheet.contains(link))) return;
  event.preventDefault();
  if (link.matches("[data-phone-open]")) open(link);
  else shut(sheet);
});

document.addEventListener("keydown", (event) => {
  const sheet = document.querySelector("[data-phone-sheet][open]");
  if (event.key !== "Escape" || !sheet) return;
  event.preventDefault();
  shut(sheet);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-phone-choices]");
  if (!form) return;
  check(event.target.closest("[data-min]"), true);
  reckon(form);
});

// Enter in the form asks for a new page, which knows the choices: the sheet does already.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-phone-choices]")) event.preventDefault();
});

// A sheet that was fetched is made ready once it is open; what else comes in, at once.
document.body.addEventListener("htmx:afterSwap", () => prepare(document));
prepare(document);
