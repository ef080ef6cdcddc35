// The frame of an open page: badges and the bell follow what #frame-now was last told.
const now = document.getElementById("frame-now");
let seen = null;

function badges() {
  for (const told of now.querySelectorAll("[data-count-of]")) {
    const value = Number(told.dataset.value);
    for (const badge of document.querySelectorAll(`[data-count="${told.dataset.countOf}"]`)) {
      badge.hidden = value === 0;
      badge.querySelector("[data-count-number]").textContent = value;
    }
  }
}

function ringForNew() {
  const here = (now.querySelector("[data-order-ids]")?.dataset.orderIds || "").split(" ").filter(Boolean);
  const fresh = seen && here.filter((id) => !seen.has(id));
  seen = new Set([...(seen || []), ...here]);
  if (fresh?.length) document.body.dispatchEvent(new CustomEvent("bell:ring", { bubbles: true, detail: { orders: fresh } }));
}

now?.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== now) return;
  badges();
  ringForNew();
});
