// <time data-since="ISO">: "3 min", in the page's language; data-shown-as="clock" counts "1:24" each second.
// data-late="seconds" marks it when it has become late.
const language = document.documentElement.lang || "id";
const inWords = (value, unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);

function spoken(seconds) {
  if (seconds < 60) return inWords(seconds, "second");
  if (seconds < 3600) return inWords(Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return inWords(Math.floor(seconds / 3600), "hour");
  return inWords(Math.floor(seconds / 86400), "day");
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function tell(element) {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(element.dataset.since)) / 1000));
  if (Number.isNaN(seconds)) return;
  const ticking = element.dataset.shownAs === "clock" && seconds < 3600;
  const text = ticking ? clock(seconds) : spoken(seconds);
  if (element.textContent !== text) element.textContent = text;
  if (element.dataset.late) element.classList.toggle("is-late", seconds >= Number(element.dataset.late));
}

const tellAll = () => document.querySelectorAll("[data-since]").forEach(tell);

setInterval(tellAll, 15000);
setInterval(() => document.querySelectorAll("[data-since][data-shown-as=clock]").forEach(tell), 1000);
document.addEventListener("htmx:afterSwap", tellAll);
tellAll();
