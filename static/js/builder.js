// What the form builder adds to its up and down buttons: dragging, and Alt with the arrow keys. The server does the
// moving; this only presses the buttons of the row, and says where the question went.
(() => { // its names are its own: app.js stands beside it on the page
  const list = () => document.querySelector("#questions .rows.sortable");

  function dragged({ item, oldIndex, newIndex }) {
    if (oldIndex === newIndex) return;
    const form = item.querySelector("form");
    const place = form.elements.place;
    place.name = "by";
    place.value = newIndex + 1;
    place.disabled = false;
    form.requestSubmit();
  }

  function makeSortable() {
    const rows = list();
    if (!rows || rows.dataset.sortable) return;
    rows.dataset.sortable = "yes";
    Sortable.create(rows, {
      handle: ".handle", animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      ghostClass: "ghost", dragClass: "lifted", delay: 150, delayOnTouchOnly: true, onEnd: dragged,
    });
  }

  function pressed(event) {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = event.target.closest("#questions .row");
    if (!row) return;
    event.preventDefault();
    row.querySelector(event.key === "ArrowUp" ? "[data-up]" : "[data-down]")?.click();
  }

  // The list was drawn anew: keep the keyboard on the question that moved, and say where it is.
  function settled() {
    makeSortable();
    const questions = document.querySelector("#questions[data-said]");
    if (!questions) return;
    document.querySelector("#said").textContent = questions.dataset.said;
    const row = document.getElementById(questions.dataset.moved);
    questions.removeAttribute("data-said");
    if (row && !row.contains(document.activeElement)) row.querySelector("a")?.focus();
  }

  document.addEventListener("keydown", pressed);
  document.addEventListener("htmx:afterSettle", settled);
  makeSortable();
})();
