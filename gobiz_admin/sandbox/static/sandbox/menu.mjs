// The outlet's menu: items with pictures, and the variants of the item that is being chosen.

import { element, rupiah } from "./http.mjs";

export function showMenu(place, catalog, choose) {
  const categories = new Map(catalog.variant_categories.map((category) => [category.id, category]));
  place.replaceChildren(...catalog.menus.map((menu, index) => menuGroup(menu, index, categories, choose)));
  if (!catalog.menus.length) place.append(element("p", { className: "empty", textContent: "The menu is empty." }));
}

function menuGroup(menu, index, categories, choose) {
  const items = menu.menu_items.map((item) => itemRow(item, categories, choose));
  return element("details", { className: "menu-group", open: index < 2 },
    element("summary", { textContent: `${menu.name} (${items.length})` }),
    element("ul", { className: "items" }, ...items));
}

function itemRow(item, categories, choose) {
  const offered = item.variant_category_ids.map((id) => categories.get(id)).filter(Boolean);
  const button = element("button", {
    type: "button", className: "quiet", textContent: "Add", disabled: !item.in_stock, "aria-label": `Add ${item.name}`,
  });
  const row = element("li", { className: "item", "data-item": item.external_id || item.id },
    picture(item), description(item), button);
  button.addEventListener("click", () => {
    if (!offered.length) choose(item, []);
    else toggleChoices(row, button, item, offered, choose);
  });
  return row;
}

function picture(item) {
  if (!item.image) return element("div", { className: "no-picture" });
  return element("img", { src: item.image, alt: "", width: 64, height: 64, loading: "lazy" });
}

function description(item) {
  const heading = element("h3", { textContent: item.name });
  if (!item.external_id) heading.append(" ", element("span", { className: "chip warn", textContent: "no mapping" }));
  if (!item.in_stock) heading.append(" ", element("span", { className: "chip warn", textContent: "out of stock" }));
  return element("div", {}, heading,
    element("p", { textContent: item.description ?? "" }),
    element("p", { className: "price", textContent: rupiah(item.price) }));
}

function toggleChoices(row, button, item, offered, choose) {
  const open = row.querySelector(".choices");
  button.textContent = open ? "Add" : "Close";
  button.setAttribute("aria-label", open ? `Add ${item.name}` : `Close ${item.name}`);
  if (open) {
    open.remove();
    return;
  }
  const form = element("form", { className: "choices" }, ...offered.map((category) => categoryChoices(item, category)));
  const add = element("button", { className: "main", textContent: "Add to the order" });
  form.append(add);
  const check = () => { add.disabled = !offered.every((category) => enforce(form, category)); };
  form.addEventListener("change", check);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const ids = new Set(new FormData(form).values());
    choose(item, offered.flatMap((category) => category.variants.filter((variant) => ids.has(variant.id))));
    toggleChoices(row, button, item, offered, choose);
    button.focus();
  });
  row.append(form);
  check();
  form.querySelector("input:not(:disabled)")?.focus();
}

function categoryChoices(item, category) {
  const { min_quantity: least, max_quantity: most } = category.rules.selection;
  const single = least === 1 && most === 1;
  const options = category.variants.map((variant) => {
    const input = element("input", {
      type: single ? "radio" : "checkbox", name: category.id, value: variant.id, disabled: !variant.in_stock,
      "data-stock": variant.in_stock,
    });
    const label = element("label", { className: "check" }, input, variant.name);
    if (!variant.external_id) label.append(" ", element("small", { className: "chip warn", textContent: "no mapping" }));
    if (!variant.in_stock) label.append(" (out of stock)");
    label.append(element("span", { textContent: variant.price ? rupiah(variant.price) : "" }));
    return label;
  });
  return element("fieldset", { "data-category": category.id },
    element("legend", { textContent: `${category.name}: ${rule(least, most)}` }), ...options);
}

function rule(least, most) {
  if (least === most) return `choose ${least}`;
  return least ? `choose ${least} to ${most}` : `up to ${most}, if you like`;
}

// Keeps the maximum by locking what is left; tells whether the minimum is reached.
function enforce(form, category) {
  const { min_quantity: least, max_quantity: most } = category.rules.selection;
  const inputs = [...form.querySelectorAll(`[data-category="${CSS.escape(category.id)}"] input`)];
  const count = inputs.filter((input) => input.checked).length;
  for (const input of inputs) {
    if (input.type === "checkbox") input.disabled = input.dataset.stock === "false" || (!input.checked && count >= most);
  }
  return count >= least && count <= most;
}
