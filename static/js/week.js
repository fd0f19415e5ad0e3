// The week as a grid: painted with the mouse, edges dragged, moved by the words of their time, or walked by keys. The rows of times below it are the truth:
// the grid is drawn from them, and what it changes it writes into them. Without this file the rows are all there is.
(() => {
  const form = document.getElementById("week");
  const grid = document.getElementById("week-grid");
  const said = document.getElementById("week-said");
  const DAY = 1440;
  const STEPS = [15, 30];
  const days = [...form.querySelectorAll("fieldset[data-day]")];
  const names = days.map((day) => day.querySelector("legend").textContent);
  let step = 30;
  let week = []; // per weekday: { begins, ends, kinds } in order
  let here = { day: 0, cell: 18 };
  let mark = null; // where Enter began a range
  let drag = null;

  const clock = (minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
  const field = (minute) => clock(minute % DAY).padStart(5, "0");
  const minutes = (text) => { const [h, m] = text.split(":").map(Number); return text ? 60 * h + m : NaN; };
  const say = (text) => { said.textContent = text; };

  // Rows → week ----------------------------------------------------------------------------------------------------------
  function read() {
    week = days.map((day) => [...day.querySelectorAll("li")].map((row) => {
      const [begins, ends] = [...row.querySelectorAll("input[type=time]")].map((input) => minutes(input.value));
      const kinds = [...row.querySelectorAll("input:checked")].map((tick) => tick.value);
      return { begins, ends: ends === 0 ? DAY : ends, kinds };
    }).filter(({ begins, ends }) => begins < ends).sort((a, b) => a.begins - b.begins));
  }

  // Week → rows ----------------------------------------------------------------------------------------------------------
  function write(day) {
    const list = days[day].querySelector("ul");
    list.replaceChildren(...week[day].map((open, key) => row(day, String(key), open)));
    days[day].querySelector(".error")?.remove();
  }

  function row(day, key, { begins, ends, kinds } = { kinds: [] }) {
    const made = document.getElementById(`hours-${day}`).content.firstElementChild.cloneNode(true);
    for (const input of made.querySelectorAll("[name]")) {
      input.name = input.name.replace("@", key);
      if (input.type === "hidden") input.value = key;
      if (input.tagName === "BUTTON") input.value = input.value.replace("@", key);
      if (input.type === "checkbox") input.checked = kinds.includes(input.value);
    }
    const [from, to] = made.querySelectorAll("input[type=time]");
    if (begins !== undefined) [from.value, to.value] = [field(begins), field(ends)];
    count(made);
    return made;
  }

  function count(item) {
    const ticked = item.querySelectorAll("input:checked").length;
    item.querySelector(".kinds summary span").textContent = ticked ? `${ticked} kind${ticked > 1 ? "s" : ""}` : "Any session";
  }

  // Changing the week ------------------------------------------------------------------------------------------------------
  // Opens or closes a stretch; hours that touch it are joined and keep their kinds.
  function paint(day, begins, ends, open, kinds) {
    const before = week[day];
    const kept = before.flatMap((each) => [
      { ...each, ends: Math.min(each.ends, begins) }, { ...each, begins: Math.max(each.begins, ends) },
    ]).filter((each) => each.begins < each.ends);
    if (open) {
      const touched = before.find((each) => each.begins <= ends && each.ends >= begins);
      kept.push({ begins, ends, kinds: kinds ?? touched?.kinds ?? [] });
    }
    kept.sort((a, b) => a.begins - b.begins);
    week[day] = kept.reduce((joined, each) => {
      const last = joined.at(-1);
      if (last && last.ends >= each.begins && String(last.kinds) === String(each.kinds)) last.ends = Math.max(last.ends, each.ends);
      else joined.push({ ...each });
      return joined;
    }, []);
  }

  // Hours that are there get other times, or another day; what lies there gives way.
  function place(was, from, day, begins, ends) {
    week[from] = week[from].filter((each) => each !== was);
    paint(day, begins, ends, true, was.kinds);
    for (const changed of new Set([from, day])) write(changed);
    draw();
    say(`${names[day]}: ${told(day)}.`);
  }

  const opening = (day, minute) => week[day].find(({ begins, ends }) => begins <= minute && minute < ends);
  const told = (day) => week[day].map(({ begins, ends }) => `${clock(begins)} to ${clock(ends)}`).join(", ") || "closed";

  // Drawing ----------------------------------------------------------------------------------------------------------------
  const cells = () => DAY / step;
  const cellAt = (day, number) => grid.querySelector(`[data-day="${day}"][data-cell="${number}"]`);

  function build() {
    const table = document.createElement("div");
    table.className = `week-grid by-${step}`;
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", "Weekly hours");
    table.append(line([head(unseen("Time")), ...names.map((name) => head(name.slice(0, 3), name))], "heads"));
    for (let number = 0; number < cells(); number++) {
      const hour = number && number * step % 60 === 0;
      const time = clock(number * step);
      table.append(line([title(hour ? time : unseen(time)), ...names.map((_, day) => cell(day, number))], hour ? "hour" : ""));
    }
    const frame = document.createElement("div");
    frame.className = "week-frame";
    frame.append(table);
    grid.replaceChildren(tools(), frame);
    grid.hidden = false;
    const earliest = Math.min(...week.flat().map(({ begins }) => begins), 8 * 60);
    frame.scrollTop = (table.querySelector(".hour")?.offsetHeight ?? 0) * Math.max(0, earliest - 30) / step;
  }

  function line(children, name) {
    const made = document.createElement("div");
    made.setAttribute("role", "row");
    made.className = name;
    made.append(...children);
    return made;
  }

  function head(text, name = "") {
    const made = document.createElement("div");
    made.setAttribute("role", "columnheader");
    made.append(text);
    if (name) made.setAttribute("aria-label", name);
    return made;
  }

  function title(text) {
    const made = document.createElement("div");
    made.setAttribute("role", "rowheader");
    made.append(text);
    return made;
  }

  function unseen(text) {
    const made = document.createElement("span");
    made.className = "unseen";
    made.textContent = text;
    return made;
  }

  function cell(day, number) {
    const made = document.createElement("div");
    made.setAttribute("role", "gridcell");
    Object.assign(made.dataset, { day, cell: number });
    made.tabIndex = -1;
    return made;
  }

  function tools() {
    const made = document.createElement("p");
    made.className = "week-tools";
    made.textContent = "Drag to open hours, over open ones to close them; their edge stretches them, their time moves them. Keys: arrows and Space, Enter for a range, Alt and arrows move, with Shift stretch, Delete closes.";
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", "Steps of the grid");
    choice.append(...STEPS.map((size) => new Option(`${size} minutes`, size, false, size === step)));
    choice.addEventListener("change", () => { here.cell = Math.floor(here.cell * step / choice.value); step = Number(choice.value); build(); draw(); });
    made.append(choice);
    return made;
  }

  function draw() {
    const range = marked();
    for (const made of grid.querySelectorAll("[role=gridcell]")) {
      const [day, number] = [Number(made.dataset.day), Number(made.dataset.cell)];
      const [begins, ends] = [number * step, (number + 1) * step];
      const open = week[day].find((each) => each.begins < ends && each.ends > begins);
      made.className = open ? "open" : "";
      made.classList.toggle("first", Boolean(open) && open.begins >= begins);
      made.classList.toggle("last", Boolean(open) && open.ends <= ends);
      made.classList.toggle("some", Boolean(open?.kinds.length));
      const isMarked = Boolean(range) && range.day === day && begins < range.ends && ends > range.begins;
      made.classList.toggle("marked", isMarked);
      made.classList.toggle("closing", isMarked && !range.open);
      made.textContent = open && open.begins >= begins ? `${clock(open.begins)}–${clock(open.ends)}` : "";
      made.setAttribute("aria-selected", Boolean(open));
      made.setAttribute("aria-label", `${names[day]} ${clock(begins)}, ${open ? `open ${clock(open.begins)}–${clock(open.ends)}${open.kinds.length ? ", some kinds only" : ""}` : "closed"}`);
      made.tabIndex = day === here.day && number === here.cell ? 0 : -1;
    }
  }

  function marked() {
    if (drag?.carries) return { ...carried(), open: true };
    if (drag) return { day: drag.day, open: drag.open, ...span(drag.from, drag.to) };
    return mark && { day: mark.day, open: mark.open, ...span(mark.cell, here.cell) };
  }

  // Where hours come to lie that are moved by so many days and minutes, within the week and the day.
  function shifted({ begins, ends }, day, sideways, later) {
    const start = Math.min(DAY - (ends - begins), Math.max(0, begins + later));
    return { day: Math.min(6, Math.max(0, day + sideways)), begins: start, ends: start + ends - begins };
  }

  const carried = () => shifted(drag.carries, drag.day, drag.onto - drag.day, (drag.to - drag.from) * step);

  const span = (one, other) => ({ begins: Math.min(one, other) * step, ends: (Math.max(one, other) + 1) * step });

  // Keys -------------------------------------------------------------------------------------------------------------------
  const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  function pressed(event) {
    if (!event.target.matches("[role=gridcell]") || event.ctrlKey || event.metaKey) return;
    here = { day: Number(event.target.dataset.day), cell: Number(event.target.dataset.cell) };
    const { day, cell: number } = here;
    if (event.altKey) { if (event.key in MOVES) { event.preventDefault(); carry(event.shiftKey, ...MOVES[event.key]); } return; }
    if (event.key in MOVES) move(...MOVES[event.key]);
    else if (event.key === "Home" || event.key === "End") go(day, event.key === "Home" ? 0 : cells() - 1);
    else if (event.key === "PageUp" || event.key === "PageDown") move(0, (event.key === "PageUp" ? -120 : 120) / step);
    else if (event.key === " ") change(day, number * step, (number + 1) * step, !opening(day, number * step));
    else if (event.key === "Enter") range();
    else if (event.key === "Delete" || event.key === "Backspace") remove(day, number * step);
    else if (event.key === "Escape" && mark) { mark = null; draw(); say("Range given up."); }
    else return;
    event.preventDefault();
  }

  function move(sideways, down) {
    go(mark ? mark.day : Math.min(6, Math.max(0, here.day + sideways)), Math.min(cells() - 1, Math.max(0, here.cell + down)));
  }

  function go(day, number) {
    here = { day, cell: number };
    draw();
    cellAt(day, number).focus();
  }

  function range() {
    if (!mark) {
      mark = { ...here, open: !opening(here.day, here.cell * step) };
      draw();
      say(`${names[here.day]} from ${clock(here.cell * step)}: go to where it ends and press Enter, or Escape.`);
      return;
    }
    const { begins, ends } = span(mark.cell, here.cell);
    const { open } = mark;
    mark = null;
    change(here.day, begins, ends, open);
  }

  function carry(stretches, sideways, down) {
    const { day, cell: number } = here;
    const open = opening(day, number * step);
    if (!open) return say(`${names[day]} ${clock(number * step)} is closed: there is nothing to move.`);
    if (stretches && sideways) return;
    const ends = Math.min(DAY, Math.max(open.begins + step, open.ends + down * step));
    const to = stretches ? { day, begins: open.begins, ends } : shifted(open, day, sideways, down * step);
    mark = null;
    place(open, day, to.day, to.begins, to.ends);
    const moved = stretches ? number : number + (to.begins - open.begins) / step;
    go(to.day, Math.min(Math.ceil(to.ends / step) - 1, Math.floor(moved)));
  }

  function remove(day, minute) {
    const open = opening(day, minute);
    if (open) change(day, open.begins, open.ends, false);
  }

  function change(day, begins, ends, open) {
    paint(day, begins, ends, open);
    write(day);
    draw();
    say(`${names[day]}: ${told(day)}.`);
  }

  // Mouse ------------------------------------------------------------------------------------------------------------------
  const EDGE = 6;

  function grabbed(event) {
    const made = event.target.closest("[role=gridcell]");
    if (!made || event.button !== 0 || event.pointerType === "touch") return;
    event.preventDefault();
    const [day, number] = [Number(made.dataset.day), Number(made.dataset.cell)];
    mark = null;
    here = { day, cell: number };
    const open = opening(day, number * step) ?? week[day].find((each) => each.begins < (number + 1) * step && each.ends > number * step);
    const edge = open && edgeAt(event, made);
    drag = { day, from: number, to: number, onto: day, open: !open };
    if (edge) {
      const [first, last] = [Math.floor(open.begins / step), Math.ceil(open.ends / step) - 1];
      drag = { ...drag, from: edge === "first" ? last : first, open: true, was: open };
    } else if (open && made.classList.contains("first")) drag.carries = open;
    made.focus();
    grid.setPointerCapture(event.pointerId);
    draw();
  }

  function edgeAt(event, made) {
    const { top, bottom } = made.getBoundingClientRect();
    if (made.classList.contains("first") && event.clientY - top < EDGE) return "first";
    return made.classList.contains("last") && bottom - event.clientY < EDGE ? "last" : "";
  }

  function dragged(event) {
    if (!drag) return;
    const column = [...grid.querySelectorAll(`[data-day="${drag.day}"]`)];
    const under = column.findIndex((each) => event.clientY < each.getBoundingClientRect().bottom);
    const to = under < 0 ? cells() - 1 : under;
    const onto = drag.carries ? dayAt(event.clientX) : drag.day;
    if (to === drag.to && onto === drag.onto) return;
    Object.assign(drag, { to, onto });
    draw();
  }

  function dayAt(x) {
    const right = names.map((_, day) => cellAt(day, 0).getBoundingClientRect().right);
    return Math.max(0, right.findIndex((edge) => x < edge || edge === right.at(-1)));
  }

  function dropped() {
    if (!drag) return;
    const { day, from, to, onto, open, was, carries } = drag;
    const { begins, ends } = span(from, to);
    const there = carries && carried();
    drag = null;
    if (carries && (from !== to || onto !== day)) return place(carries, day, there.day, there.begins, there.ends);
    if (carries && carries.ends - carries.begins > step) return draw(); // a press on the handle alone closes nothing
    if (was && from === to) place(was, day, day, begins, ends);
    else if (was) place(was, day, day, from > to ? begins : was.begins, from > to ? was.ends : ends);
    else change(day, begins, ends, open);
  }

  // Buttons beside the rows do here what the server would do -----------------------------------------------------------------
  function clicked(event) {
    const button = event.target.closest("button[name=act]");
    const [verb, day, key] = button?.value.split("-") ?? [];
    if (!["add", "drop", "copy"].includes(verb)) return;
    event.preventDefault();
    if (verb === "add") {
      const list = days[day].querySelector("ul");
      const taken = [...list.querySelectorAll("input[type=hidden]")].map(({ value }) => Number(value));
      list.append(row(Number(day), String(Math.max(-1, ...taken) + 1)));
      list.lastElementChild.querySelector("input[type=time]").focus();
    } else if (verb === "drop") {
      days[day].querySelector(`input[name="row-${day}"][value="${key}"]`).closest("li").remove();
      days[day].querySelector("button[value^=add]").focus();
      typed();
    } else {
      for (const other of [1, 2, 3, 4]) { week[other] = week[0].map((each) => ({ ...each })); write(other); }
      draw();
      say("Tuesday to Friday are as Monday now.");
    }
  }

  function typed(event) {
    const item = event?.target.closest("li");
    if (item) count(item);
    read();
    draw();
  }

  read();
  if (week.flat().some(({ begins, ends }) => begins % 30 || ends % 30)) step = 15;
  build();
  draw();
  if (!form.querySelector("[aria-invalid]")) form.querySelector(".times").open = matchMedia("(max-width: 640px)").matches;
  grid.addEventListener("keydown", pressed);
  grid.addEventListener("pointerdown", grabbed);
  grid.addEventListener("pointermove", dragged);
  grid.addEventListener("pointerup", dropped);
  grid.addEventListener("pointercancel", () => { drag = null; draw(); });
  form.addEventListener("click", clicked);
  form.querySelector(".days").addEventListener("change", typed);
})();
