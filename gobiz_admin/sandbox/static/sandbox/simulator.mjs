// The order simulator: three ids, the menu, a basket, and what GoBiz would send.

import * as basket from "./basket.mjs";
import { get, post, tell } from "./http.mjs";
import { showMenu } from "./menu.mjs";
import { listenToEvents, showOrder } from "./result.mjs";

const IDS = ["app_id", "partner_id", "outlet_id"];
const STORE = "gobiz-sandbox-ids";
const byId = (id) => document.getElementById(id);
const ids = () => Object.fromEntries(IDS.map((name) => [name, byId(name).value.trim()]));
let shown = null;

function prefill() {
  const query = new URLSearchParams(location.search);
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { /* a broken note is no note */ }
  for (const name of IDS) byId(name).value = query.get(name) ?? kept[name] ?? "";
}

async function loadMenu() {
  tell("problem", "");
  try {
    const wanted = ids();
    const answer = await get("/simulator/menu", wanted);
    localStorage.setItem(STORE, JSON.stringify(wanted));
    shown = wanted;
    byId("menu-title").textContent = `Menu of ${answer.outlet.name}`;
    byId("closed").hidden = !answer.force_closed;
    for (const box of document.querySelectorAll("[name=events]")) box.checked = answer.default_events.includes(box.value);
    basket.clear();
    showMenu(byId("menu"), answer.catalog, basket.add);
    byId("desk").hidden = false;
  } catch (error) {
    byId("desk").hidden = true;
    tell("problem", error.message);
  }
}

async function createOrder(form) {
  tell("order-problem", "");
  byId("create").disabled = true;
  const data = new FormData(form);
  try {
    showOrder(await post("/simulator/orders", {
      ...shown,
      service_type: data.get("service_type"),
      lines: basket.asked(),
      events: data.getAll("events"),
      pause: Number(data.get("pause")),
      scheduled: data.has("scheduled"),
      cutlery: data.has("cutlery"),
      promo: data.has("promo"),
    }));
  } catch (error) {
    tell("order-problem", error.message);
  }
  byId("create").disabled = !basket.lines.length;
}

async function sendSample() {
  const button = byId("webhook-error");
  button.disabled = true;
  try {
    const { deliveries } = await post("/simulator/webhook-error", shown);
    tell("error-result", deliveries.length ? "Sending…" : "Nothing was sent: no active subscription wants gofood.order.webhook_error.");
    if (deliveries.length) watchSample(deliveries.map(({ id }) => id));
  } catch (error) {
    tell("error-result", error.message);
  }
  button.disabled = false;
}

async function watchSample(sent, rounds = 30) {
  const { deliveries } = await get("/simulator/deliveries", sent.map((id) => ["id", id]));
  const tried = deliveries.filter(({ attempts }) => attempts.length);
  tell("error-result", tried.length ? tried.map(sentence).join(" ") : "Sending…");
  if (rounds && deliveries.some(({ state }) => state === "waiting")) setTimeout(() => watchSample(sent, rounds - 1), 1000);
}

function sentence({ url, attempts }) {
  const last = attempts.at(-1);
  return `${url} answered ${last.status ?? `nothing (${last.error})`} after ${last.milliseconds} ms.`;
}

// A pickup has no driver.
function showServiceType() {
  const pickup = document.querySelector("[name=service_type]:checked").value === "gofood_pickup";
  for (const box of document.querySelectorAll("[name=events][value^=driver]")) {
    box.disabled = pickup;
    if (pickup) box.checked = false;
  }
}

prefill();
basket.show();
showServiceType();
listenToEvents();
byId("ids").addEventListener("submit", (event) => { event.preventDefault(); loadMenu(); });
byId("order").addEventListener("submit", (event) => { event.preventDefault(); createOrder(event.target); });
byId("order").addEventListener("change", showServiceType);
byId("webhook-error").addEventListener("click", sendSample);
if (IDS.every((name) => byId(name).value)) loadMenu();
