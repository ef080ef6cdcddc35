// The lines chosen so far.

import { element, rupiah } from "./http.mjs";

export const lines = [];

export function add(item, variants) {
  const key = [item.id, ...variants.map((variant) => variant.id)].join();
  const same = lines.find((line) => line.key === key && !line.notes);
  if (same) same.quantity += 1;
  else lines.push({ key, item, variants, quantity: 1, notes: "" });
  show();
}

export function clear() {
  lines.length = 0;
  show();
}

export const asked = () =>
  lines.map(({ item, variants, quantity, notes }) =>
    ({ item_id: item.id, quantity, notes, variants: variants.map((variant) => variant.id) }));

const unitPrice = (line) => line.variants.reduce((sum, variant) => sum + variant.price, line.item.price);

export function show() {
  document.getElementById("basket").replaceChildren(...lines.map(row));
  document.getElementById("basket-empty").hidden = lines.length > 0;
  document.getElementById("create").disabled = !lines.length;
  showTotal();
}

function showTotal() {
  const total = document.getElementById("total");
  total.hidden = !lines.length;
  const sum = lines.reduce((amount, line) => amount + unitPrice(line) * line.quantity, 0);
  total.replaceChildren(element("span", { textContent: "Total" }), element("span", { textContent: rupiah(sum) }));
}

function row(line, index) {
  const quantity = element("input", { id: `quantity-${index}`, type: "number", min: 1, max: 999, value: line.quantity });
  quantity.addEventListener("change", () => {
    line.quantity = Math.min(999, Math.max(1, Math.round(quantity.valueAsNumber) || 1));
    quantity.value = line.quantity;
    showTotal();
  });
  const notes = element("input", { id: `notes-${index}`, value: line.notes, maxLength: 200 });
  notes.addEventListener("input", () => { line.notes = notes.value; });
  const remove = element("button", {
    type: "button", className: "quiet", textContent: "✕", "aria-label": `Remove ${line.item.name}`,
  });
  remove.addEventListener("click", () => { lines.splice(index, 1); show(); });
  return element("li", {},
    element("p", {}, element("strong", { textContent: line.item.name }), ` ${rupiah(unitPrice(line))}`),
    element("p", { className: "picked", textContent: line.variants.map((variant) => variant.name).join(", ") }),
    element("div", { className: "line-row" },
      element("div", { className: "quantity" }, element("label", { htmlFor: quantity.id, textContent: "Quantity" }), quantity),
      element("div", { className: "notes" }, element("label", { htmlFor: notes.id, textContent: "Notes" }), notes),
      remove));
}
