// What the board adds to links and forms that work without it: dragging, keys, and other people's moves as they happen.
// The server draws the board; a drop or a key only fills in the form #move and sends it.
const ADDRESS = location.pathname.split("/").slice(0, 3).join("/"); // this board's; the page may be one beneath it
const ASK_EVERY = 4000;
const OLDEST = 10 * 60 * 1000; // "4 h" must not stand there all day
const UNHEARD = "The server does not answer, so this board may be old. It goes on trying.";

const board = () => document.getElementById("board");
const card = (id) => document.getElementById(id);
const cards = (root = board()) => [...root.querySelectorAll(".card")];
const lists = () => [...board().querySelectorAll(".cards")];
const nameOf = (item) => item.querySelector(".more").textContent.replace("Move ", "");
const stageOf = (item) => item.closest(".stage").querySelector("h2").textContent;

let sending = 0;
let dragged = null; // where the card in the hand came from
let drawnAt = Date.now();
let unheard = 0;

// One after another, so that a second press of a key meets the board the first one made. --------------------------------
let line = Promise.resolve();

function inTurn(act) {
  sending++;
  line = line.then(act).finally(() => { sending--; });
  return line;
}

// Moves ----------------------------------------------------------------------------------------------------------------
function sendMove(item, stage, before, version = item.dataset.v) {
  const form = document.getElementById("move");
  Object.assign(form.elements.stage, { value: stage });
  Object.assign(form.elements.before, { value: before });
  Object.assign(form.elements.version, { value: version });
  return post(`${ADDRESS}/cards/${item.id}/move`);
}

// Whether the answer was a board. Any other answer has put its sentence into #notice.
async function post(path) {
  const form = document.getElementById("move");
  let drawn = false;
  const note = ({ detail }) => { drawn = detail.xhr.status === 200 || detail.xhr.status === 409; };
  form.addEventListener("htmx:afterRequest", note, { once: true });
  const address = path + (path.includes("?") ? location.search.replace("?", "&") : location.search);
  await htmx.ajax("POST", address, { source: form, target: "#board", swap: "morph:outerHTML" }).catch(() => {});
  form.removeEventListener("htmx:afterRequest", note);
  if (drawn) drawnAnew();
  return drawn;
}

function tell(item) {
  const siblings = cards(item.parentElement);
  const place = `${siblings.indexOf(item) + 1} of ${siblings.length}`;
  document.getElementById("said").textContent = `${nameOf(item)}: ${stageOf(item)}, ${place}`;
}

function settle(id) {
  const item = card(id);
  if (!item) { document.getElementById("said").textContent = "The card is not on this board any more."; return; }
  item.querySelector(".who").focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest", inline: "nearest" });
  tell(item);
}

const MOTION = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120;

// Dragging -------------------------------------------------------------------------------------------------------------
function lift({ item }) {
  dragged = { list: item.parentElement, next: item.nextElementSibling, version: item.dataset.v };
  board().classList.add("dragging");
}

function drop({ item }) {
  const from = dragged;
  dragged = null;
  board().classList.remove("dragging");
  if (item.parentElement === from.list && item.nextElementSibling === from.next) return;
  const stage = item.parentElement.id;
  const before = item.nextElementSibling?.id ?? "";
  inTurn(async () => {
    if (await sendMove(item, stage, before, from.version)) { const now = card(item.id); if (now) tell(now); }
    else putBack(item, from);
  });
}

function putBack(item, { list, next }) {
  list.insertBefore(item, next?.parentElement === list ? next : null);
  document.getElementById("said").textContent = `${nameOf(item)} is back in ${stageOf(item)}.`;
}

function makeDraggable() {
  for (const list of lists()) {
    if (Sortable.get(list)) continue;
    Sortable.create(list, {
      group: "cards", animation: MOTION, draggable: ".card", filter: ".more, .tick", preventOnFilter: false,
      forceFallback: true, fallbackOnBody: true, fallbackTolerance: 5, fallbackClass: "lifted", ghostClass: "ghost",
      delay: 150, delayOnTouchOnly: true, touchStartThreshold: 6,
      emptyInsertThreshold: 24, scroll: true, bubbleScroll: true, scrollSensitivity: 60,
      onStart: lift, onEnd: drop,
    });
  }
}

// A phone shows one stage at a time: the row of names says which, and reaches the others. ------------------------------
const inView = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    for (const link of board().querySelectorAll(".stops a")) {
      link.toggleAttribute("aria-current", link.hash === `#${target.id}`);
      if (link.hasAttribute("aria-current")) link.parentElement.scrollTo({ left: link.offsetLeft - 16 });
    }
  }
}, { rootMargin: "0px -60% 0px -10%" });

const watchStages = () => { inView.disconnect(); lists().forEach((list) => inView.observe(list)); };

// Keys -----------------------------------------------------------------------------------------------------------------
const SIDEWAYS = { ArrowLeft: -1, ArrowRight: 1 };
const UPRIGHT = { ArrowUp: -1, ArrowDown: 1 };

function pressed(event) {
  const item = event.target.closest?.(".card");
  if (event.key === "x" && item && !event.altKey && !event.ctrlKey && !event.metaKey && lettersOn()) item.querySelector(".tick")?.click();
  const arrow = event.key in SIDEWAYS || event.key in UPRIGHT;
  if (arrow && !event.altKey && event.target === document.body) { event.preventDefault(); document.querySelector(".card .who")?.focus(); return; }
  if (!item || !arrow || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault(); // Alt+← would leave the page
  if (event.altKey) inTurn(() => carry(item.id, event.key));
  else walk(item, event.key);
}

async function carry(id, key) {
  const item = card(id);
  const goal = item && (key in SIDEWAYS ? beside(item, SIDEWAYS[key]) : above(item, UPRIGHT[key]));
  if (!goal) return;
  await sendMove(item, goal.list.id, goal.before?.id ?? "");
  settle(id);
}

function beside(item, by) {
  const all = lists();
  const list = all[all.indexOf(item.parentElement) + by];
  return list && { list, before: cards(list)[0] };
}

function above(item, by) {
  const all = cards(item.parentElement);
  const to = all.indexOf(item) + by;
  if (to < 0 || to >= all.length) return null;
  return { list: item.parentElement, before: by < 0 ? all[to] : all[to + 1] };
}

function walk(item, key) {
  const column = cards(item.parentElement);
  const at = column.indexOf(item);
  const next = key in UPRIGHT ? column[at + UPRIGHT[key]] : neighbour(item, SIDEWAYS[key], at);
  next?.querySelector(".who").focus();
}

function neighbour(item, by, at) {
  const all = lists();
  for (let i = all.indexOf(item.parentElement) + by; all[i]; i += by) {
    const column = cards(all[i]);
    if (column.length) return column[Math.min(at, column.length - 1)];
  }
  return null;
}

// Forms: the dialog "Move to…" and Undo in a toast post the same things -------------------------------------------------
function submitted(event) {
  const form = event.target;
  if (form.matches("#dialog form[data-move]")) {
    if (event.submitter?.formMethod === "get") return;
    event.preventDefault();
    const id = new URL(form.action).pathname.split("/").at(-2);
    const { stage, before, version } = form.elements;
    const values = [stage.value, before.value, version.value];
    document.getElementById("dialog").close();
    inTurn(async () => { await sendMove({ id }, ...values); settle(id); });
  } else if (form.matches(`#toasts form[action^="${ADDRESS}/"]`)) {
    event.preventDefault();
    const action = form.getAttribute("action");
    form.closest(".toast").remove();
    inTurn(async () => { await post(action); settle(action.split("/").at(-2)); });
  }
}

// Ticked cards stay so when the board is drawn anew: the server does not know of them. ------------------------------------
const ticked = new Set();
const sheet = document.getElementById("ticked");

function tickAgain() {
  if (!sheet) return;
  const there = new Map(cards().map((item) => [item.id, item.querySelector(".tick")]));
  for (const id of ticked) if (!there.has(id)) ticked.delete(id);
  for (const [id, box] of there) box.checked = ticked.has(id);
  countTicked();
}

function countTicked() {
  const many = ticked.size;
  sheet.querySelector("[data-count]").textContent = `${many} ${many === 1 ? "card" : "cards"} ticked`;
  sheet.querySelector(".ticked .main span").textContent = many === 1 ? "Send access to this one…" : `Send access to these ${many}…`;
}

function remember() {
  ticked.clear();
  for (const box of board().querySelectorAll(".tick:checked")) ticked.add(box.value);
  countTicked();
}

// Other people's moves: asked for every few seconds, at next to no cost while nothing is new -----------------------------
const busy = () => dragged || sending || document.querySelector("dialog[open], #board details[open]");

async function ask() {
  if (document.hidden || busy()) return;
  const address = new URLSearchParams(location.search);
  address.set("seen", Date.now() - drawnAt > OLDEST ? "0" : board().dataset.revision);
  const answer = await fetch(`${ADDRESS}/changes?${address}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!heard(answer)) return;
  if (answer.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
  if (answer.status !== 200) return;
  const html = await answer.text();
  if (!busy()) redraw(html);
}

// A board that hears nothing must not look as if nothing happened.
function heard(answer) {
  const notice = document.getElementById("notice");
  if (answer?.ok) {
    if (unheard >= 3 && notice.textContent === UNHEARD) notice.textContent = "";
    unheard = 0;
    return true;
  }
  if (++unheard === 3) notice.textContent = UNHEARD;
  return false;
}

function redraw(html) {
  const versions = new Map(cards().map((item) => [item.id, item.dataset.v]));
  const focus = document.activeElement?.closest?.(".card")?.id;
  Idiomorph.morph(board(), html, { morphStyle: "outerHTML" });
  drawnAnew();
  cards().filter((item) => versions.get(item.id) !== item.dataset.v).forEach((item) => item.classList.add("moved"));
  if (focus && card(focus)) card(focus).querySelector(".who").focus({ preventScroll: true });
}

function drawnAnew() {
  drawnAt = Date.now();
  makeDraggable();
  watchStages();
  tickAgain();
  const count = document.querySelector(`.side a[href="${ADDRESS}"] b`);
  if (count) count.textContent = board().dataset.open;
}

// The list of stages in the settings: dragging a row fills in a form like the arrows' -------------------------------------
function placeStage({ item }) {
  const path = `${item.parentElement.dataset.place}/${item.id}/place`;
  const before = item.nextElementSibling?.id ?? "";
  htmx.ajax("POST", path, { target: "#stages", swap: "morph:outerHTML", values: { before } }).catch(() => location.reload());
}

if (board()) {
  makeDraggable();
  watchStages();
  document.addEventListener("keydown", pressed);
  document.addEventListener("submit", submitted);
  if (sheet) {
    remember(); // a browser that comes back has its boxes ticked already
    board().parentElement.addEventListener("change", remember);
    sheet.addEventListener("reset", () => setTimeout(remember));
  }
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, ASK_EVERY);
} else {
  for (const list of document.querySelectorAll(".sortable[data-place]")) {
    Sortable.create(list, {
      handle: ".handle", animation: MOTION, forceFallback: true, fallbackOnBody: true,
      ghostClass: "ghost", fallbackClass: "lifted", onEnd: placeStage,
    });
  }
}
