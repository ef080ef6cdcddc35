// The order that was made: body, PIN, what was delivered, what can happen next.

import { element, get, post, tell } from "./http.mjs";

const byId = (id) => document.getElementById(id);
const NO_ORDER = "";
let number = NO_ORDER;
let watching = 0;

export function showOrder(created) {
  number = created.order_number;
  byId("result").hidden = false;
  byId("number").textContent = number;
  byId("pin").textContent = created.pin;
  byId("deliveries").replaceChildren();
  tell("event-problem", "");
  tell("undelivered", created.undelivered ? undelivered(created.undelivered) : "");
  watch();
  byId("result").focus({ preventScroll: true });
  byId("result").scrollIntoView({ block: "start" });
}

function undelivered({ items, variants }) {
  const names = [...items, ...variants].map(({ name }) => name).join(", ");
  return `The order itself was not delivered, a webhook_error was: ${names} has no external_id.`;
}

// Polls until another order is watched; a new order or event starts it anew.
function watch() {
  const mine = ++watching;
  const round = async () => {
    if (mine !== watching) return;
    try {
      show(await get("/simulator/deliveries", { order_number: number }));
      setTimeout(round, 1000);
    } catch (error) {
      tell("event-problem", error.message);
      setTimeout(round, 5000);
    }
  };
  round();
}

function show({ order, deliveries }) {
  if (!order) return;
  setText("status", order.status);
  setText("body", JSON.stringify(order.order, null, 2));
  for (const button of document.querySelectorAll("[data-event]")) {
    const driver = button.dataset.event.startsWith("driver");
    button.hidden = driver && order.order.service_type === "gofood_pickup";
    button.disabled = !order.possible_events.includes(button.dataset.event);
  }
  byId("no-deliveries").hidden = deliveries.length > 0;
  byId("deliveries-table").hidden = !deliveries.length;
  byId("deliveries").replaceChildren(...deliveries.flatMap(rows));
}

function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

export function rows(delivery) {
  const name = delivery.event.replace("gofood.order.", "");
  const attempts = delivery.attempts.map((attempt) => row(name, attempt.url, outcome(attempt), attempt.delivered,
    `${clock(attempt.time)} (${attempt.milliseconds} ms)`));
  if (delivery.state === "waiting") {
    const next = delivery.attempts.length ? `retry at ${clock(delivery.due_at)}` : "on its way";
    attempts.push(row(name, delivery.url, next, null, ""));
  }
  if (delivery.state === "dead") attempts.push(row(name, delivery.url, "given up", false, ""));
  return attempts;
}

const outcome = (attempt) => (attempt.status ? `HTTP ${attempt.status}` : attempt.error);
const clock = (time) => new Date(time).toLocaleTimeString("id-ID");

function row(event, url, answer, good, time) {
  const className = good === null ? "" : good ? "good" : "bad";
  return element("tr", {}, element("td", { textContent: event }),
    element("td", {}, element("code", { textContent: url })),
    element("td", { textContent: answer, className }), element("td", { textContent: time }));
}

export function listenToEvents() {
  for (const button of document.querySelectorAll("[data-event]")) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      tell("event-problem", "");
      try {
        await post(`/simulator/orders/${encodeURIComponent(number)}/events`, { event: button.dataset.event });
      } catch (error) {
        tell("event-problem", error.message);
      }
      watch();
    });
  }
}
