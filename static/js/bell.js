// The bell: a two-tone chime made here, no file. It rings for what is new (`bell:ring`) and, every 8 s,
// as long as an element [data-bell-waiting] says that somebody waits. One window rings for all.
const REPEAT_MS = 8000;
const HUSH_MS = 2 * 60 * 1000;
const WISH = "bell-wish";
const HUSHED_UNTIL = "bell-hushed-until";
const LAST_RING = "bell-last-ring";

const bell = document.getElementById("bell");
const banner = document.querySelector("[data-bell-banner]");
let audio = null;

const kept = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window: this visit only */ } },
};
const moment = (key) => Number(kept.get(key) || 0);
const wished = () => bell.dataset.wish === "on";
const running = () => audio?.state === "running";
const hushed = () => moment(HUSHED_UNTIL) > Date.now();

function waiting() {
  return [...document.querySelectorAll("[data-bell-waiting]")].some((element) => Number(element.dataset.bellWaiting) > 0);
}

function show() {
  let state = "off";
  if (wished()) state = !running() ? "blocked" : hushed() ? "hushed" : "armed";
  bell.dataset.bell = state;
  bell.toggleAttribute("data-ringing", waiting());
  if (banner) banner.hidden = state !== "blocked";
}

async function wake() {
  audio ??= new AudioContext();
  audio.onstatechange = show;
  if (!running()) {
    // Without a press this promise may stay open for ever: nothing waits longer than a moment for it.
    await Promise.race([audio.resume().catch(() => {}), new Promise((done) => setTimeout(done, 400))]);
  }
  show();
}

function tone(frequency, start, seconds) {
  const oscillator = new OscillatorNode(audio, { type: "triangle", frequency });
  const loudness = new GainNode(audio, { gain: 0 });
  loudness.gain.setValueAtTime(0.0001, start);
  loudness.gain.exponentialRampToValueAtTime(0.6, start + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  oscillator.connect(loudness).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + seconds);
  return oscillator;
}

function chime() {
  const now = audio.currentTime + 0.02;
  tone(988, now, 0.5);
  const last = tone(784, now + 0.28, 0.9);
  return new Promise((done) => {
    last.onended = () => {
      if (running()) bell.dataset.rings = Number(bell.dataset.rings) + 1;
      done();
    };
    setTimeout(done, 3000); // a clock that was stopped in the middle never ends its tone
  });
}

// `pause`: how long ago the last ring of any window has to be. Without locks (plain HTTP on a local
// network) the time of the last ring alone keeps windows apart.
async function ring(pause) {
  if (!wished() || hushed()) return;
  await wake();
  if (!running()) return;
  const once = async (lock = {}) => {
    if (!lock || Date.now() - moment(LAST_RING) < pause) return;
    kept.set(LAST_RING, String(Date.now()));
    await chime();
  };
  if (navigator.locks) await navigator.locks.request("bell", { ifAvailable: true }, once);
  else await once();
}

function wish(on) {
  bell.dataset.wish = on ? "on" : "off";
  kept.set(WISH, bell.dataset.wish);
}

async function press() {
  if (wished() && running()) {
    if (hushed()) kept.set(HUSHED_UNTIL, "0");
    else wish(false);
    return show();
  }
  wish(true);
  kept.set(HUSHED_UNTIL, "0");
  await wake();
  return ring(0); // so that the person hears what they have turned on
}

function hush() {
  kept.set(HUSHED_UNTIL, String(Date.now() + HUSH_MS));
  show();
}

if (bell) {
  bell.dataset.wish = kept.get(WISH) === "on" ? "on" : "off";
  bell.querySelector("[data-bell-switch]").addEventListener("click", press);
  bell.querySelector("[data-bell-hush]").addEventListener("click", hush);
  banner?.querySelector("[data-bell-arm]").addEventListener("click", () => running() || press());
  document.addEventListener("bell:ring", () => ring(1500));
  document.addEventListener("htmx:afterSwap", show);
  // Any press in the window is the one that browsers ask for.
  document.addEventListener("pointerdown", () => wished() && !running() && wake(), true);
  document.addEventListener("keydown", () => wished() && !running() && wake(), true);
  addEventListener("storage", (event) => {
    if (event.key === WISH) bell.dataset.wish = event.newValue === "on" ? "on" : "off";
    if (event.key === WISH || event.key === HUSHED_UNTIL) show();
  });
  setInterval(() => {
    show();
    if (waiting()) ring(REPEAT_MS - 500);
  }, 1000);
  if (wished()) wake().then(() => waiting() && ring(REPEAT_MS - 500));
  else show();
}
