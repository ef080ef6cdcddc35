// What changed, told by the stream process: each message {"topic": "orders", …} becomes the DOM event
// `live:orders` on <body>. While the stream is away, `live:poll` every 4 s keeps the page true.
const BACKOFF_SECONDS = [1, 2, 5, 10];
const POLL_SECONDS = 4;
const SAFETY_POLL_SECONDS = 60;
const body = document.body;

let source = null;
let failures = 0;
let retryTimer = 0;
let pollTimer = 0;

function announce(topic, detail = {}) {
  body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail }));
}

function setState(state) {
  body.dataset.liveState = state;
  clearInterval(pollTimer);
  const seconds = state === "live" ? SAFETY_POLL_SECONDS : POLL_SECONDS;
  pollTimer = setInterval(() => announce("poll"), seconds * 1000);
}

function hear(message) {
  let told;
  try {
    told = JSON.parse(message.data);
  } catch {
    return;
  }
  if (told && typeof told.topic === "string") announce(told.topic, told);
}

function open() {
  close();
  const address = new URL(body.dataset.liveUrl, location.href);
  address.searchParams.set("token", body.dataset.liveToken);
  source = new EventSource(address);
  source.onopen = () => {
    failures = 0;
    setState("live");
    announce("poll"); // something may have been missed
  };
  source.onmessage = hear;
  source.onerror = lost;
}

function close() {
  clearTimeout(retryTimer);
  source?.close();
  source = null;
}

function lost() {
  close();
  // The stream process ends a stream now and then: only a second failure is worth words.
  if (failures > 0 && body.dataset.liveState !== "polling") setState("polling");
  const wait = BACKOFF_SECONDS[Math.min(failures, BACKOFF_SECONDS.length - 1)];
  failures += 1;
  retryTimer = setTimeout(reconnect, wait * 1000);
}

// The token may be what was refused: a new one with each try.
async function reconnect() {
  try {
    const answer = await fetch(body.dataset.liveRenew, { headers: { Accept: "application/json" } });
    body.dataset.liveToken = (await answer.json()).token;
  } catch {
    return lost();
  }
  return open();
}

function pause() {
  close();
  clearInterval(pollTimer);
}

function resume(event) {
  if (!event.persisted) return;
  setState("polling");
  announce("poll");
  reconnect();
}

if (body.dataset.liveUrl) {
  setState("connecting");
  // htmx has to have read the page before the first event: it does so at DOMContentLoaded.
  if (document.readyState === "complete") open();
  else addEventListener("load", open, { once: true });
  addEventListener("pagehide", pause);
  addEventListener("pageshow", resume);
  addEventListener("online", () => source?.readyState === EventSource.OPEN || reconnect());
}
