// [data-price]: takes `15000`, `15.000`, `15,000`, `Rp 15.000`, and shows `Rp 15.000` on leaving.
// The server reads the same forms again. What cannot be a whole amount stays as it was typed.
export function rupiahOf(typed) {
  const bare = typed.replace(/rp\.?/i, "").replace(/[\s\u00a0]/g, "").replace(/[.,]00$|,-$/, "").replace(/^\u2212/, "-");
  if (!/^-?(\d+|\d{1,3}([.,]\d{3})+)$/.test(bare)) return null;
  return Number(bare.replace(/[.,]/g, ""));
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
