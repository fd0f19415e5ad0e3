// What a list in an order of its own ([data-ordered]) gets besides its up and down buttons: dragging, and Alt with the
// arrow keys. The server does the moving; this only presses the buttons of the row, and says where the row went.
(() => { // its names are its own: app.js stands beside it on the page
  const MOTION = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120;
  const ordered = () => document.querySelector("[data-ordered]");

  function dragged({ item, oldIndex, newIndex }) {
    if (oldIndex === newIndex) return;
    const form = item.querySelector("form");
    const place = form.elements.place;
    place.name = ordered().dataset.ordered;
    place.value = newIndex + 1;
    place.disabled = false;
    form.requestSubmit();
  }

  function makeDraggable() {
    const rows = ordered()?.querySelector(".sortable");
    if (!rows || Sortable.get(rows)) return;
    Sortable.create(rows, {
      handle: ".handle", animation: MOTION, forceFallback: true, fallbackOnBody: true,
      delay: 150, delayOnTouchOnly: true, ghostClass: "ghost", fallbackClass: "lifted", onEnd: dragged,
    });
  }

  function pressed(event) {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = event.target.closest?.("[data-ordered] .row");
    if (!row) return;
    event.preventDefault();
    row.querySelector(event.key === "ArrowUp" ? "[data-up]" : "[data-down]").click();
  }

  // The list was drawn anew: keep the keyboard on the row that moved, and say where it is.
  function settled() {
    makeDraggable();
    const { said, moved } = ordered()?.dataset ?? {};
    if (!said) return;
    document.getElementById("said").textContent = said;
    ordered().removeAttribute("data-said");
    const row = document.getElementById(moved);
    if (!row.contains(document.activeElement)) row.querySelector("a").focus();
  }

  document.addEventListener("keydown", pressed);
  document.addEventListener("htmx:afterSettle", settled);
  makeDraggable();
})();
