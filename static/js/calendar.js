// What the calendar adds to links and forms that work without it: dragging, keys, a press on an empty time.
// A drag or a key only fills in the form of /sessions/…/move and sends it; the server says whether it may be.
const calendar = () => document.getElementById("calendar");
const grid = () => document.querySelector(".cal");
const columns = () => [...document.querySelectorAll(".lane-of-day")];
const said = (words) => { document.getElementById("said").textContent = words; };
const complain = (words) => { document.getElementById("notice").textContent = words; };
const UNHEARD = "The server did not answer. Nothing was moved; try again.";
const DAY = 24 * 60;
const HALF_HOUR = 30;
const isWide = () => matchMedia("(min-width: 821px)").matches;
const lettersOn = () => localStorage.getItem("keys") !== "off";

const firstMinute = () => Number(grid().dataset.from) * 60;
const lastMinute = () => Number(grid().dataset.to) * 60;
const pixels = () => columns()[0].getBoundingClientRect().height / (lastMinute() - firstMinute());
const clockOf = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const between = (low, value, high) => Math.min(Math.max(value, low), high);

// A block in the hand: where it was, and where it would go --------------------------------------------------------------
let hand = null;

function take(item) {
  const column = item.closest(".lane-of-day");
  const at = Number(item.dataset.at);
  const minutes = Number(item.dataset.minutes);
  hand = { item, column, home: column, at, minutes, was: { at, minutes }, step: Number(item.dataset.step), time: item.querySelector(".clock-time").innerHTML };
  item.classList.add("carried");
}

function show() {
  const { item, column, home, at, minutes } = hand;
  const left = column.getBoundingClientRect().left - home.getBoundingClientRect().left;
  item.style.translate = `${left}px`;
  item.style.top = `${(at - firstMinute()) * pixels()}px`;
  item.style.height = `${minutes * pixels()}px`;
  item.querySelector(".clock-time").textContent = `${clockOf(at)}–${clockOf((at + minutes) % DAY)}`;
}

function putBack() {
  const { item, time } = hand;
  item.classList.remove("carried");
  for (const name of ["translate", "top", "height"]) item.style.removeProperty(name);
  item.querySelector(".clock-time").innerHTML = time;
  hand = null;
}

const isElsewhere = () => hand.column !== hand.home || hand.at !== hand.was.at || hand.minutes !== hand.was.minutes;

async function submit() {
  const { item, column, at, minutes } = hand;
  const form = new URLSearchParams({
    slot: `${column.dataset.day}T${clockOf(at)}`, minutes, version: item.dataset.v, back: calendar().dataset.here,
  });
  const answer = await fetch(`/sessions/${item.id}/move`, { method: "POST", body: form, headers: { "HX-Request": "true" } }).catch(() => null);
  const id = item.id;
  if (answer?.status === 204) { hand = null; await redraw(); focusOn(id); return; }
  putBack();
  if (!answer) return complain(UNHEARD);
  const text = await answer.text();
  if (text.trimStart().startsWith("<")) askWhy(text, id);
  else { complain(text.trim() || UNHEARD); focusOn(id); }
}

// A time that can be had with a reason: the dialog of the move asks for it.
function askWhy(html, id) {
  const dialog = document.getElementById("dialog");
  dialog.innerHTML = html;
  htmx.process(dialog);
  dialog.showModal();
  (dialog.querySelector("[name=despite]") ?? dialog.querySelector("input:not([type=hidden])"))?.focus();
  dialog.addEventListener("close", () => focusOn(id), { once: true });
}

async function redraw() {
  complain("");
  await htmx.ajax("GET", calendar().dataset.here, { target: "#calendar", swap: "morph:outerHTML" });
}

function focusOn(id) {
  document.getElementById(id)?.querySelector(".what").focus({ preventScroll: true });
}

function tell() {
  const day = hand.column.parentElement.querySelector("h2").textContent.split(",")[0].replace(/\s+/g, " ").trim();
  said(`${day}, ${clockOf(hand.at)} to ${clockOf((hand.at + hand.minutes) % DAY)}. Enter keeps it, Escape leaves it.`);
}

// By hand ----------------------------------------------------------------------------------------------------------------
let press = null;
let dragged = false;

function pressed(event) {
  const item = event.target.closest?.("[data-move]");
  if (!item || event.button !== 0 || event.pointerType === "touch" || !isWide() || event.target.closest(".shift")) return;
  press = { item, x: event.clientX, y: event.clientY, resizes: event.target.matches(".edge"), pointer: event.pointerId };
  dragged = false;
}

function moved(event) {
  if (!press) return;
  const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > 5;
  if (!dragged && !far) return;
  if (!dragged) { dragged = true; if (hand) putBack(); take(press.item); press.item.setPointerCapture(press.pointer); }
  const by = Math.round((event.clientY - press.y) / pixels() / hand.step) * hand.step;
  if (press.resizes) hand.minutes = between(hand.step, hand.was.minutes + by, lastMinute() - hand.at);
  else {
    hand.at = between(firstMinute(), hand.was.at + by, lastMinute() - hand.minutes);
    hand.column = columns().find((column) => { const { left, right } = column.getBoundingClientRect(); return event.clientX >= left && event.clientX < right; }) ?? hand.column;
  }
  show();
}

function released() {
  if (!press) return;
  press = null;
  if (!dragged) return;
  if (isElsewhere()) submit();
  else putBack();
}

function clicked(event) {
  if (dragged) { dragged = false; event.preventDefault(); event.stopPropagation(); return; } // the end of a drag is no click
  const column = event.target.closest?.(".lane-of-day");
  if (!column || event.target.closest(".item") || !isWide()) return;
  const minute = firstMinute() + (event.clientY - column.getBoundingClientRect().top) / pixels();
  const slot = `${column.dataset.day}T${clockOf(Math.floor(minute / HALF_HOUR) * HALF_HOUR)}`;
  const link = column.parentElement.querySelector(".add");
  const address = new URL(link.href);
  const usual = link.getAttribute("href");
  address.searchParams.set("slot", slot);
  link.href = address.pathname + address.search;
  link.click();
  link.setAttribute("href", usual);
}

// By keys ----------------------------------------------------------------------------------------------------------------
const TURNS = { n: "n", p: "p", t: "t" };

function keyed(event) {
  const item = event.target.closest?.("[data-move]");
  if (hand && !press && event.key === "Escape") { event.preventDefault(); const { id } = hand.item; putBack(); focusOn(id); said("It stays where it was."); return; }
  if (hand && !press && event.key === "Enter" && item === hand.item) { event.preventDefault(); if (isElsewhere()) submit(); else putBack(); return; }
  if (item && isWide() && event.altKey && event.key.startsWith("Arrow")) { event.preventDefault(); carry(item, event.key, event.shiftKey); return; }
  if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || !lettersOn()) return;
  if (document.querySelector("dialog[open]") || event.target.closest("input, textarea, select")) return;
  if (TURNS[event.key] && !afterG) document.querySelector(`[data-turn="${event.key}"]`)?.click();
  afterG = event.key === "g";
}

let afterG = false; // "g t" goes to Today: the second letter is not ours

function carry(item, key, resizes) {
  if (hand && hand.item !== item) putBack();
  if (!hand) take(item);
  const by = { ArrowUp: -hand.step, ArrowDown: hand.step }[key];
  const all = columns();
  if (by && resizes) hand.minutes = between(hand.step, hand.minutes + by, lastMinute() - hand.at);
  else if (by) hand.at = between(firstMinute(), hand.at + by, lastMinute() - hand.minutes);
  else hand.column = all[between(0, all.indexOf(hand.column) + (key === "ArrowLeft" ? -1 : 1), all.length - 1)];
  show();
  tell();
}

function left({ target, relatedTarget }) {
  if (hand && !press && target.closest?.("[data-move]") === hand.item && !hand.item.contains(relatedTarget) && !isElsewhere()) putBack();
}

// The line of now moves on by the minute --------------------------------------------------------------------------------
function tick() {
  const line = document.querySelector(".now");
  const here = line?.closest(".lane-of-day");
  if (!here) return;
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: calendar().dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date()).split(":");
  const minute = Number(parts[0]) * 60 + Number(parts[1]);
  line.style.top = `${(minute - firstMinute()) * pixels()}px`;
}

// A week that begins at night opens at seven.
function showMorning() {
  const night = 7 * 60 - firstMinute();
  if (night > 0 && isWide() && !scrollY) scrollTo({ top: night * pixels() });
}

if (grid()) showMorning();
document.addEventListener("pointerdown", pressed);
document.addEventListener("pointermove", moved);
document.addEventListener("pointerup", released);
document.addEventListener("pointercancel", () => { press = null; dragged = false; if (hand) putBack(); });
document.addEventListener("click", clicked, true);
document.addEventListener("dragstart", (event) => { if (event.target.closest?.("[data-move]")) event.preventDefault(); });
document.addEventListener("keydown", keyed);
document.addEventListener("focusout", left);
setInterval(tick, 60_000);
