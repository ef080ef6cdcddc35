// Copy buttons of the Developer Portal page.

async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    // Without https or permission there is no clipboard object: select, so that Ctrl+C works.
    input.select();
    document.execCommand("copy");
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(document.getElementById(button.dataset.copy));
  button.textContent = "Copied";
  document.getElementById("copied").textContent = `${button.getAttribute("aria-label").slice(5)} copied`;
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
