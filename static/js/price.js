// [data-price]: takes `15000`, `15.000`, `15,000`, `Rp 15.000`, and shows `Rp 15.000` on leaving.
// What the server does not read (menus/forms/fields.py) stays as it was typed: 15.00 must not become Rp 15.
const AMOUNT = /^([-+]?)(?:(\d{1,3}(?:\.\d{3})+|\d+)(?:,00|,-)?|(\d{1,3}(?:,\d{3})+)(?:\.00)?)$/;

export function rupiahOf(typed) {
  const bare = typed.replace(/rp\.?|idr/i, "").replace(/\s/g, "").replace(/[\u2212\u2013]/g, "-");
  const found = AMOUNT.exec(bare);
  const digits = (found?.[2] ?? found?.[3] ?? "").replace(/[.,]/g, "");
  return digits && digits.length <= 12 ? Number(found[1] + digits) : null;
}

export function written(amount) {
  const digits = String(Math.abs(amount)).replace(/\B(?=(\d{3})+$)/g, ".");
  return `${amount < 0 ? "\u2212" : ""}Rp\u00a0${digits}`;
}

function leave(event) {
  const input = event.target.closest?.("[data-price]");
  if (!input || !input.value.trim()) return;
  const amount = rupiahOf(input.value);
  if (amount !== null) input.value = written(amount);
}

document.addEventListener("focusout", leave);
document.querySelectorAll("[data-price]").forEach((input) => leave({ target: input }));
