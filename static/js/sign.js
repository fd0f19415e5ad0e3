// Drawing a signature. Without this the name is typed, which counts just as much. What was drawn goes into a hidden
// field as lines of points in a square of 1000, so that it is drawn again when the page comes back.
(() => {
  const mark = document.querySelector("[data-mark]");
  const canvas = mark?.querySelector("canvas");
  const pen = canvas?.getContext("2d");
  if (!pen) return;
  const field = mark.querySelector("[name=strokes]");
  const typed = mark.querySelector("[name=typed]");
  const preview = mark.querySelector("[data-preview]");
  const SIDE = 1000, NEAR = 4, MOST_STROKES = 60, MOST_POINTS = 3900;
  let strokes = kept();
  let drawing = null; // the pointer that draws now

  function kept() {
    try {
      const lines = JSON.parse(field.value);
      return Array.isArray(lines) ? lines.filter(Array.isArray) : [];
    } catch {
      return [];
    }
  }

  // Both ways by the width: a circle stays a circle.
  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    const scaled = (length) => Math.round((length * SIDE * 10) / box.width) / 10;
    const inside = (length, most) => Math.min(Math.max(length, 0), most);
    return [inside(scaled(event.clientX - box.left), SIDE), inside(scaled(event.clientY - box.top), scaled(box.height))];
  }

  function draw() {
    const unit = canvas.width / SIDE;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = pen.fillStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 6;
    pen.lineCap = pen.lineJoin = "round";
    for (const line of strokes) {
      pen.beginPath();
      line.forEach(([x, y], place) => (place ? pen.lineTo(x * unit, y * unit) : pen.moveTo(x * unit, y * unit)));
      if (line.length === 1) pen.lineTo(line[0][0] * unit + 0.1, line[0][1] * unit);
      pen.stroke();
    }
  }

  function keep() {
    field.value = strokes.length ? JSON.stringify(strokes) : "";
    draw();
  }

  function begin(event) {
    if (drawing !== null || event.button || strokes.length >= MOST_STROKES) return;
    drawing = event.pointerId;
    canvas.setPointerCapture(drawing);
    strokes.push([pointOf(event)]);
    draw();
    event.preventDefault();
  }

  function go(event) {
    if (event.pointerId !== drawing || strokes.flat().length >= MOST_POINTS) return;
    const line = strokes.at(-1);
    const [x, y] = pointOf(event);
    const [lastX, lastY] = line.at(-1);
    if (Math.hypot(x - lastX, y - lastY) < NEAR) return;
    line.push([x, y]);
    draw();
  }

  function end(event) {
    if (event.pointerId !== drawing) return;
    drawing = null;
    keep();
  }

  function choose() {
    const isDrawn = mark.querySelector("[name=kind]:checked")?.value === "drawn";
    mark.querySelector("[data-drawn]").hidden = !isDrawn;
    mark.querySelector("[data-typed]").hidden = isDrawn;
    if (isDrawn) draw();
  }

  function show() {
    preview.textContent = typed.value;
    preview.hidden = !typed.value.trim();
  }

  canvas.addEventListener("pointerdown", begin);
  canvas.addEventListener("pointermove", go);
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  mark.querySelector("[data-undo]").addEventListener("click", () => { strokes.pop(); keep(); });
  mark.querySelector("[data-clear]").addEventListener("click", () => { strokes = []; keep(); });
  mark.querySelectorAll("[name=kind]").forEach((button) => button.addEventListener("change", choose));
  typed.addEventListener("input", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  mark.querySelector("[data-choice]").hidden = false;
  choose();
  show();
})();
