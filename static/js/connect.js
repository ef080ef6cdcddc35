// The first step of connecting: a paste loses its stray spaces, and a value that looks like another
// field's is pointed out beside the field. The server checks again.
const form = document.querySelector("[data-connect]");

// Which field a value looks like, by its shape; "" when it could be any.
function looksLike(value) {
  if (/^G\d{6,}[A-Za-z]?$/.test(value)) return "outlet_id";
  if (/^https?:\/\//i.test(value)) return "address";
  if (/^bearer\s|^eyJ/i.test(value)) return "token";
  return "";
}

function trim(field) {
  const clean = field.value.replace(/[\u200b-\u200d\ufeff]/g, "").replace(/^["'\s\u00a0]+|["'\s\u00a0]+$/g, "");
  if (clean !== field.value) field.value = clean;
}

function twin(field) {
  if (!field.value || field.dataset.kind === "outlet_name") return false;
  return [...form.querySelectorAll("[data-kind]")].some((other) => other !== field && other.value === field.value && field.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_PRECEDING);
}

function check(field) {
  const kind = field.dataset.kind;
  const shape = looksLike(field.value);
  let problem = "";
  if (kind !== "outlet_name" && field.value) {
    if (shape && shape !== kind) problem = `looks-${shape}`;
    else if (twin(field)) problem = "twin";
    else if (kind === "outlet_id" && !/^G[0-9A-Za-z]{3,}$/.test(field.value)) problem = "not-outlet";
  }
  const words = document.getElementById(`${field.id}-swapped`);
  const text = problem ? document.getElementById(`words-${problem}`).content.textContent.trim() : "";
  if (words.textContent !== text) words.textContent = text;
}

if (form) {
  form.addEventListener("paste", (event) => {
    const field = event.target.closest("[data-kind]");
    if (field) setTimeout(() => { trim(field); check(field); });
  });
  form.addEventListener("change", (event) => {
    const field = event.target.closest("[data-kind]");
    if (!field) return;
    trim(field);
    form.querySelectorAll("[data-kind]").forEach(check);
  });
}
