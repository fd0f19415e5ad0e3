// A button with data-copy copies that text. Without a clipboard the text beside it can still be marked by hand.
async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.title = "Copied";
  button.querySelector("svg")?.setAttribute("aria-label", "Copied");
  const use = button.querySelector("use");
  use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#check"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
