// Talking to the sandbox: JSON in, JSON out, a sentence when it fails.

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The sandbox does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? answer.errors?.[0]?.message ?? `The sandbox answered ${response.status}.`);
  return answer;
}

export const get = (path, query) => call(`${path}?${new URLSearchParams(query)}`);

export const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const rupiah = (amount) =>
  `${amount < 0 ? "−" : ""}Rp ${Math.abs(amount).toLocaleString("id-ID")}`;

// An element with properties, attributes ("data-…", "aria-…") and children.
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function tell(id, text) {
  const place = document.getElementById(id);
  place.textContent = text;
  place.hidden = !text;
}
