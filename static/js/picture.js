// The picture of an item: chosen, dropped, pasted or taken, cut square, sent. Without it a plain form does it.
// What the browser cannot show (HEIC in most) goes to the server as it is, which cuts out its middle.
const SMALL = 500; // pixels: what GoFood's customers see sharp
const LEAST = 100;
const PREVIEW = 1600;
// Larger files are cut here, so that a phone's 8 MB do not have to travel; 1200 pixels are kept of them.
const SEND_WHOLE_BELOW = 1_500_000;
const CUT_SIDE = 1600;
const STEP = 0.02;

const works = "adoptedStyleSheets" in Document.prototype && typeof createImageBitmap === "function";
let cutting = null; // { card, file, bitmap, box: { x, y, side }, selection }
let sent = null; // what was sent last: { pk, file, values }, for "use it anyway"

const part = (card, name) => card.querySelector(`[data-picture-${name}]`);
const formOf = (card) => card.querySelector("[data-picture-form]");
const clamp = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));

function say(card, name) {
  const status = part(card, "status");
  status.textContent = name ? status.dataset[name] : "";
}

// While it is busy, no refresh of the page may take it away (morphing.js looks at data-busy).
function busy(card, is) {
  card.toggleAttribute("data-busy", is);
}

// --- taking a picture -------------------------------------------------------------------------
async function take(card, file) {
  if (!file) return;
  stop();
  busy(card, true);
  say(card, "reading");
  const bitmap = works ? await createImageBitmap(file).catch(() => null) : null;
  if (!card.isConnected) return;
  say(card, "");
  if (!bitmap) send(card, file);
  else if (bitmap.width === bitmap.height && file.size < SEND_WHOLE_BELOW) send(card, file);
  else await cut(card, file, bitmap).catch(() => send(card, file));
}

// --- cutting ----------------------------------------------------------------------------------
function drawn(bitmap, { x, y, width, height }, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function stageFor(address, alt) {
  const template = document.createElement("template");
  template.innerHTML = `<cropper-canvas><img draggable="false"><cropper-shade></cropper-shade>
    <cropper-selection aspect-ratio="1" movable resizable precise outlined theme-color="#fff">
      <cropper-handle action="move" plain></cropper-handle>
      <cropper-handle action="nw-resize" theme-color="transparent"></cropper-handle><cropper-handle action="ne-resize" theme-color="transparent"></cropper-handle>
      <cropper-handle action="sw-resize" theme-color="transparent"></cropper-handle><cropper-handle action="se-resize" theme-color="transparent"></cropper-handle>
    </cropper-selection></cropper-canvas>`;
  const canvas = template.content.firstElementChild;
  // A plain picture: Cropper's own can be moved and turned, and does not follow when the stage grows.
  Object.assign(canvas.querySelector("img"), { src: address, alt });
  return canvas;
}

async function cut(card, file, bitmap) {
  await import(card.dataset.cropper);
  const { width, height } = bitmap;
  const whole = { x: 0, y: 0, width, height };
  const address = drawn(bitmap, whole, Math.min(1, PREVIEW / Math.max(width, height))).toDataURL("image/jpeg", 0.85);
  const stage = part(card, "stage");
  // The stage has the picture's own shape: what is a fraction of the one is a fraction of the other.
  stage.style.aspectRatio = `${width} / ${height}`;
  stage.style.maxWidth = `min(100%, ${((50 * width) / height).toFixed(1)}dvh)`;
  part(card, "crop").hidden = false;
  part(card, "sources").hidden = true;
  stage.replaceChildren(stageFor(address, stage.dataset.alt));
  const selection = stage.querySelector("cropper-selection");
  const shorter = Math.min(width, height);
  const box = { x: (width - shorter) / 2 / width, y: (height - shorter) / 2 / height, side: 1 };
  cutting = { card, file, bitmap, box, stage, selection, showing: false };
  await stage.querySelector("img").decode();
  selection.addEventListener("change", dragged);
  cutting.watcher = new ResizeObserver(show);
  cutting.watcher.observe(stage);
  show();
  stage.focus({ preventScroll: true });
  part(card, "crop").scrollIntoView({ block: "nearest" });
}

function setBox(box) {
  const { bitmap } = cutting;
  const shorter = Math.min(bitmap.width, bitmap.height);
  const side = clamp(box.side, Math.min(1, LEAST / shorter), 1);
  cutting.box = {
    side,
    x: clamp(box.x, 0, 1 - (side * shorter) / bitmap.width),
    y: clamp(box.y, 0, 1 - (side * shorter) / bitmap.height),
  };
  show();
}

// The selection, the sliders and the words, as the box is.
function show() {
  if (!cutting) return;
  const { card, box, bitmap, stage, selection } = cutting;
  const { offsetWidth: width, offsetHeight: height } = stage;
  const side = box.side * Math.min(width, height);
  cutting.showing = true;
  selection.$change(box.x * width, box.y * height, side, side, 1, true);
  cutting.showing = false;
  const shorter = Math.min(bitmap.width, bitmap.height);
  const room = { x: 1 - (box.side * shorter) / bitmap.width, y: 1 - (box.side * shorter) / bitmap.height, side: 1 };
  for (const slider of card.querySelectorAll("[data-picture-slider]")) {
    const name = slider.dataset.pictureSlider;
    slider.disabled = room[name] < 0.001;
    if (slider !== document.activeElement || name !== cutting.slider) slider.value = 100 * (room[name] < 0.001 ? 0.5 : box[name] / room[name]);
  }
  const pixels = Math.round(box.side * shorter);
  const words = part(card, "size");
  words.textContent = (pixels < SMALL ? words.dataset.wordsSmall : words.dataset.words).replaceAll("{side}", pixels);
  words.classList.toggle("picture-warning", pixels < SMALL);
}

// By the mouse or a finger: what would leave the picture stops at its edge.
function dragged(event) {
  if (!cutting || cutting.showing) return;
  const { x, y, width } = event.detail;
  const { offsetWidth, offsetHeight } = cutting.stage;
  event.preventDefault();
  const resized = Math.abs(width - cutting.selection.width) > 0.01;
  const leaves = x < -0.5 || y < -0.5 || x + width > offsetWidth + 0.5 || y + width > offsetHeight + 0.5;
  if (resized && leaves) return;
  setBox({ x: x / offsetWidth, y: y / offsetHeight, side: width / Math.min(offsetWidth, offsetHeight) });
}

// About its middle, so that what was chosen stays in sight.
function resize(side) {
  const { box, bitmap } = cutting;
  const shorter = Math.min(bitmap.width, bitmap.height);
  const least = Math.min(1, LEAST / shorter);
  const change = (clamp(side, least, 1) - box.side) * shorter;
  setBox({ side, x: box.x - change / 2 / bitmap.width, y: box.y - change / 2 / bitmap.height });
}

function slid(slider) {
  const { box, bitmap } = cutting;
  const shorter = Math.min(bitmap.width, bitmap.height);
  const name = slider.dataset.pictureSlider;
  cutting.slider = name;
  const fraction = Number(slider.value) / 100;
  if (name === "side") resize(fraction);
  else setBox({ ...box, [name]: fraction * (1 - (box.side * shorter) / (name === "x" ? bitmap.width : bitmap.height)) });
}

function pressed(event) {
  if (!cutting || event.target !== cutting.stage) return;
  const { box } = cutting;
  const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const sizes = { "+": STEP, "=": STEP, "-": -STEP };
  if (moves[event.key]) setBox({ ...box, x: box.x + moves[event.key][0], y: box.y + moves[event.key][1] });
  else if (sizes[event.key]) resize(box.side + sizes[event.key]);
  else if (event.key === "Enter") use();
  else if (event.key === "Escape") { event.stopPropagation(); cancel(cutting.card); }
  else return;
  event.preventDefault();
}

function stop() {
  if (!cutting) return;
  const { card, stage, bitmap, watcher } = cutting;
  cutting = null;
  watcher?.disconnect();
  bitmap.close();
  stage.replaceChildren();
  part(card, "crop").hidden = true;
  part(card, "sources").hidden = false;
}

function cancel(card) {
  stop();
  busy(card, false);
  formOf(card).reset();
  card.querySelector("[name=picture]").focus();
}

async function use() {
  const { card, file, bitmap, box } = cutting;
  const side = box.side * Math.min(bitmap.width, bitmap.height);
  const values = { crop_x: box.x, crop_y: box.y, crop_side: box.side };
  if (file.size < SEND_WHOLE_BELOW) return send(card, file, values);
  const square = { x: box.x * bitmap.width, y: box.y * bitmap.height, width: side, height: side };
  const canvas = drawn(bitmap, square, Math.min(1, CUT_SIDE / side));
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.93));
  return blob ? send(card, new File([blob], "picture.jpg", { type: blob.type })) : send(card, file, values);
}

// --- sending ----------------------------------------------------------------------------------
function send(card, file, values = {}) {
  const form = formOf(card);
  const files = new DataTransfer();
  files.items.add(file);
  form.elements.picture.files = files.files;
  form.elements.photo.value = "";
  for (const name of ["crop_x", "crop_y", "crop_side"]) form.elements[name].value = values[name] ?? "";
  if (form.elements.small_ok) form.elements.small_ok.checked = Boolean(values.small_ok);
  sent = { pk: card.dataset.picture, file, values };
  busy(card, true);
  form.requestSubmit();
}

function wait(card, waiting) {
  part(card, "progress").hidden = !waiting;
  card.querySelectorAll("button").forEach((button) => { button.disabled = waiting; });
  say(card, waiting ? "uploading" : "");
}

function progressed(event) {
  const card = event.target.closest?.("[data-picture]");
  if (!card || !event.detail.lengthComputable) return;
  part(card, "progress").querySelector("progress").value = (100 * event.detail.loaded) / event.detail.total;
  if (event.detail.loaded >= event.detail.total) say(card, "making");
}

function ended(event) {
  const card = event.target.closest?.("[data-picture]");
  if (!card || !event.target.matches("[data-picture-form]")) return;
  wait(card, false);
  if (!event.detail.successful && event.detail.xhr?.status !== 422) say(card, "failed");
}

// A new card has come: what was refused as too small can be sent again without choosing it again.
function arrived(card) {
  if (cutting && !cutting.card.isConnected) { cutting.watcher?.disconnect(); cutting = null; }
  const again = part(card, "anyway");
  if (again && sent?.pk === card.dataset.picture) {
    again.hidden = false;
    again.closest(".note").querySelector(".form-check").hidden = true;
  }
}

function anyway(card) {
  if (sent?.pk === card.dataset.picture) send(card, sent.file, { ...sent.values, small_ok: true });
}

// --- events -----------------------------------------------------------------------------------
const cardOf = (event) => event.target.closest?.("[data-picture]");

function clicked(event) {
  const card = cardOf(event);
  if (!card) return;
  if (event.target.closest("[data-picture-use]")) use();
  else if (event.target.closest("[data-picture-cancel]")) cancel(card);
  else if (event.target.closest("[data-picture-anyway]")) anyway(card);
}

function chosen(event) {
  const card = cardOf(event);
  if (card && event.target.matches("input[type=file]")) take(card, event.target.files[0]);
}

function over(event) {
  const card = cardOf(event);
  if (!card || ![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  card.toggleAttribute("data-over", event.type === "dragover");
}

function dropped(event) {
  const card = cardOf(event);
  if (!card || !event.dataTransfer.files.length) return;
  event.preventDefault();
  card.removeAttribute("data-over");
  take(card, event.dataTransfer.files[0]);
}

function pasted(event) {
  const card = document.querySelector("[data-picture]");
  const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
  if (!card || !file) return;
  event.preventDefault();
  take(card, file);
}

document.documentElement.classList.add("scripted-pictures");
document.addEventListener("change", chosen);
document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("input", (event) => { if (cutting && event.target.matches?.("[data-picture-slider]")) slid(event.target); });
document.addEventListener("dragover", over);
document.addEventListener("dragleave", over);
document.addEventListener("drop", dropped);
document.addEventListener("paste", pasted);
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const card = cardOf(event);
  if (!card) return;
  if (event.target === card && card.matches("[data-state], [data-busy]")) event.preventDefault();
  else if (event.target.matches("[data-picture-form]")) wait(card, true);
});
document.body.addEventListener("htmx:xhr:progress", progressed);
document.body.addEventListener("htmx:afterRequest", ended);
document.body.addEventListener("htmx:afterSwap", (event) => {
  const card = document.getElementById("picture-of-item");
  if (!card) return;
  arrived(card);
  const sentHere = event.detail.requestConfig?.elt?.matches?.("[data-picture-form]");
  if (sentHere) (document.getElementById("picture-error") ?? card.querySelector("[name=picture]"))?.focus({ preventScroll: true });
});
