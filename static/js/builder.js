// What the form builder adds to its up and down buttons: dragging, and Alt with the arrow keys. The server does the
// moving; this only presses the buttons of the row, and says where the question went.
(() => { // its names are its own: app.js stands beside it on the page
  const MOTION = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120;
  const questions = () => document.getElementById("questions");

  function dragged({ item, oldIndex, newIndex }) {
    if (oldIndex === newIndex) return;
    const form = item.querySelector("form");
    const place = form.elements.place;
    place.name = "by";
    place.value = newIndex + 1;
    place.disabled = false;
    form.requestSubmit();
  }

  function makeDraggable() {
    const rows = questions()?.querySelector(".sortable");
    if (!rows || Sortable.get(rows)) return;
    Sortable.create(rows, {
      handle: ".handle", animation: MOTION, forceFallback: true, fallbackOnBody: true,
      delay: 150, delayOnTouchOnly: true, ghostClass: "ghost", fallbackClass: "lifted", onEnd: dragged,
    });
  }

  function pressed(event) {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = event.target.closest?.("#questions .row");
    if (!row) return;
    event.preventDefault();
    row.querySelector(event.key === "ArrowUp" ? "[data-up]" : "[data-down]").click();
  }

  // The list was drawn anew: keep the keyboard on the question that moved, and say where it is.
  function settled() {
    makeDraggable();
    const { said, moved } = questions()?.dataset ?? {};
    if (!said) return;
    document.getElementById("said").textContent = said;
    questions().removeAttribute("data-said");
    const row = document.getElementById(moved);
    if (!row.contains(document.activeElement)) row.querySelector("a").focus();
  }

  document.addEventListener("keydown", pressed);
  document.addEventListener("htmx:afterSettle", settled);
  makeDraggable();
})();
