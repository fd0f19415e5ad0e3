// What a desk adds to pages that work without it: dialogs, the palette, keys, toasts. The board has its own script.
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const NO_ANSWER = "The server did not answer. What you typed is still here; try again.";

// Dialogs ------------------------------------------------------------------------------------------------------------
let opener = null;

async function open(dialog, href) {
  opener = document.activeElement;
  dialog.replaceChildren();
  await htmx.ajax("GET", href, { target: dialog, swap: "innerHTML" });
  if (!dialog.childElementCount) return; // the refusal is in #notice
  if (!dialog.open) dialog.showModal();
  const first = $("[autofocus], input:not([type=hidden]), select, textarea", dialog);
  (first ?? $("a, button:not([data-close])", dialog))?.focus();
}

const openPalette = () => open($("#palette"), $("#open-palette").getAttribute("href"));

function closed(event) {
  if (!(event.target instanceof HTMLDialogElement)) return;
  event.target.replaceChildren();
  opener?.focus?.();
}

// Toasts: six seconds to read, a minute to undo; time stands still while one is pointed at or focused. ------------------
function keepTime(toast) {
  if (toast.dataset.timed) return;
  toast.dataset.timed = "yes";
  let left = $("form", toast) ? 60 : 6;
  const tick = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    if (--left > 0 && toast.isConnected) return;
    clearInterval(tick);
    toast.remove();
  }, 1000);
}

const timeToasts = () => all("#toasts > .toast").forEach(keepTime);

// Notices ------------------------------------------------------------------------------------------------------------
function say(sentence) {
  const notice = $("#notice");
  if (notice) notice.textContent = sentence;
}

function sayWhatFailed({ detail }) {
  const text = detail.xhr?.responseText ?? "";
  const plain = text && !text.trimStart().startsWith("<") && text.length < 400;
  say(plain ? text.trim() : NO_ANSWER);
}

// One press, one post -------------------------------------------------------------------------------------------------
function holdButton({ submitter }) {
  if (!submitter) return;
  // after the browser has read the form, so that the button's own name is sent
  setTimeout(() => { submitter.setAttribute("aria-disabled", "true"); submitter.dataset.held = "yes"; });
  setTimeout(releaseButtons, 8000); // an answer that is a download leaves the page standing
}

function releaseButtons() {
  all("[data-held]").forEach((button) => { button.removeAttribute("aria-disabled"); delete button.dataset.held; });
}

function refuseSecondPress(event) {
  if (event.target.closest?.("[data-held]")) { event.preventDefault(); event.stopImmediatePropagation(); }
}

// Menus --------------------------------------------------------------------------------------------------------------
function closeMenus(except = null) {
  all("details.menu[open]").forEach((menu) => { if (!menu.contains(except)) menu.open = false; });
}

// What is closed by a key gives the focus back to what opened it.
function leaveMenu() {
  const menu = document.activeElement?.closest("details.menu[open]");
  closeMenus();
  if (menu) $("summary", menu).focus();
}

// Focus: what one works on may be drawn anew or go. Then its twin has it, or what stands in its row, or the page. ------
let workedOn = null;

const labelOf = (element) => element.id || element.getAttribute("aria-label") || element.textContent.trim();

function rememberFocus({ detail }) {
  const was = document.activeElement;
  const goes = was !== document.body && detail.target?.contains?.(was);
  workedOn = goes ? { was, root: detail.target.id, row: all(".row", detail.target).indexOf(was.closest(".row")) } : null;
}

function giveFocusBack() {
  if (!workedOn || workedOn.was.isConnected) return;
  const { was, row } = workedOn;
  const root = document.getElementById(workedOn.root) ?? $("#main");
  workedOn = null;
  if (document.activeElement !== document.body) return;
  const rows = row < 0 ? [] : all(".row", root);
  const place = rows[Math.min(row, rows.length - 1)];
  const twin = all(was.tagName, place ?? root).find((each) => labelOf(each) === labelOf(was));
  (twin ?? (place && actOf(place)) ?? $("#main"))?.focus({ preventScroll: true });
}

function clicked(event) {
  const at = (selector) => event.target.closest(selector);
  closeMenus(event.target);
  const link = at("a[data-dialog], .card > .more, #open-palette");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    closeMenus();
    open(link.id === "open-palette" ? $("#palette") : $("#dialog"), link.getAttribute("href"));
  } else if (at("[data-close]")) at("dialog")?.close();
  else if (at("[data-dismiss]")) at(".toast")?.remove();
  else if (event.target instanceof HTMLDialogElement) event.target.close(); // the veil
}

// Keys ---------------------------------------------------------------------------------------------------------------
// Single letters can be turned off (WCAG 2.1.4): a box named data-keys-switch on the page of keys.
const lettersOn = () => localStorage.getItem("keys") !== "off";
let going = 0;

function goTo(letter) {
  const link = all("a[data-key]").find((a) => a.dataset.key.toLowerCase() === letter);
  if (link) location.assign(link.href);
}

// What the keys walk: rows of a list, or of a table.
const ROWS = ".rows[data-keys] > .row, .table[data-keys] > tbody > tr";
const CURRENT = ":is(.rows, .table)[data-keys] :is(.row, tr)[aria-current]";

function stepRow(by) {
  const rows = all(ROWS);
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[Math.min(Math.max(now + by, 0), rows.length - 1)];
  rows.forEach((row) => row.toggleAttribute("aria-current", false));
  next.setAttribute("aria-current", "true");
  actOf(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// A button with a letter of its own: in the selected row, or in the part of the page that has the keys.
function buttonOf(key) {
  const place = $(CURRENT) ?? $("[data-keyed]");
  return place && /^[a-z]$/.test(key) ? $(`:is(button, input)[data-key="${key}"]`, place) : null;
}

const actOf = (row) => $("[data-act], :scope > form button, :scope > .button", row) ?? $("a, button", row);

function stepFound(event) {
  const choices = all("a, button", $("#palette .found") ?? $("#palette"));
  const now = choices.indexOf(document.activeElement);
  if (event.key === "Enter" && now < 0 && choices.length) choices[0].click();
  else if (event.key === "ArrowDown") choices[Math.min(now + 1, choices.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (choices[now - 1] ?? $("#palette input"))?.focus();
  else {
    if (now >= 0 && event.key.length === 1 && !event.metaKey && !event.ctrlKey) $("#palette input")?.focus();
    return;
  }
  event.preventDefault();
}

const LETTERS = {
  j: () => stepRow(1), ArrowDown: () => stepRow(1),
  k: () => stepRow(-1), ArrowUp: () => stepRow(-1),
  g: () => { going = Date.now(); },
  "/": openPalette,
  "?": () => open($("#dialog"), "/keys"),
  Enter: () => actOf($(CURRENT) ?? document.createElement("i"))?.click(),
};

function pressed(event) {
  const { key } = event;
  if ((event.metaKey || event.ctrlKey) && key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
  if ((event.metaKey || event.ctrlKey) && key === "Enter" && event.target.matches("textarea")) { event.target.form?.requestSubmit(); return; }
  if (key === "Escape") {
    leaveMenu();
    // a search field would take the first press to empty itself
    if ($("#palette")?.open) { event.preventDefault(); $("#palette").close(); }
    return;
  }
  if ($("#palette")?.open) { stepFound(event); return; }
  if (key === "Enter" && event.repeat && event.target.closest(".row")) { event.preventDefault(); return; } // a held key does one row
  if (key === "Enter" && event.target.matches(".row > input[type=checkbox]")) { event.preventDefault(); return; } // ticked by x or space
  if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || !lettersOn()) return;
  if ($("dialog[open]") || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (Date.now() - going < 1500) { going = 0; goTo(key.toLowerCase()); return; }
  const arrows = key.startsWith("Arrow");
  if (arrows && !$(ROWS)) return;
  if (key === "Enter" && event.target !== document.body) return;
  const button = buttonOf(key);
  if (button) { event.preventDefault(); button.click(); return; }
  const act = LETTERS[key];
  if (act) { if (key !== "Enter" || $(CURRENT)) event.preventDefault(); act(); }
}

// A row that is worked on is the selected one, whichever way one came to it; but not while a button is held down: the
// selected row shows its letters, and what is pressed would slip away from under the mouse.
let isHeld = false;

function focused({ target }) {
  const row = target.closest(ROWS);
  if (!row || isHeld) return;
  all(":scope > [aria-current]", row.parentElement).forEach((other) => { if (other !== row) other.removeAttribute("aria-current"); });
  row.setAttribute("aria-current", "true");
}

function switched({ target }) {
  if (target.matches("[data-keys-switch]")) localStorage.setItem("keys", target.checked ? "on" : "off");
  if (target.matches("select[data-go]")) target.form.requestSubmit();
}

// Files may be dropped anywhere on a form that takes some; without this only its box of files takes them. ----------------
const filesBox = (event) => event.dataTransfer?.types.includes("Files") && $("input[type=file]", event.target.closest?.("form") ?? document.createElement("i"));

function draggedOver(event) {
  const box = filesBox(event);
  if (box) { event.preventDefault(); box.classList.add("drop"); }
}

function dropped(event) {
  const box = filesBox(event);
  all("input.drop").forEach((other) => other.classList.remove("drop"));
  if (!box) return;
  event.preventDefault();
  box.files = event.dataTransfer.files;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("dragover", draggedOver);
document.addEventListener("dragleave", ({ target }) => target.closest?.("form")?.querySelector("input.drop")?.classList.remove("drop"));
document.addEventListener("drop", dropped);
document.addEventListener("click", refuseSecondPress, true);
document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("submit", holdButton);
document.addEventListener("close", closed, true);
document.addEventListener("focusin", focused);
document.addEventListener("pointerdown", () => { isHeld = true; });
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { isHeld = false; });
document.addEventListener("click", focused);
document.addEventListener("change", switched);
document.addEventListener("htmx:beforeRequest", () => say(""));
document.addEventListener("htmx:responseError", sayWhatFailed);
// A refusal (422) comes as a bare sentence that swaps nothing, which htmx takes for a success.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.getResponseHeader("HX-Reswap") === "none") sayWhatFailed(event);
});
document.addEventListener("htmx:beforeSwap", rememberFocus);
document.addEventListener("htmx:sendError", () => say(NO_ANSWER));
document.addEventListener("htmx:timeout", () => say(NO_ANSWER));
document.addEventListener("htmx:afterRequest", releaseButtons);
document.addEventListener("htmx:afterSettle", ({ target }) => {
  timeToasts();
  giveFocusBack();
  const box = $("[data-keys-switch]", target);
  if (box) box.checked = lettersOn();
});
document.addEventListener("htmx:oobAfterSwap", timeToasts);
// A finished form in a dialog answers 204 or a partial elsewhere with HX-Trigger: close-dialog.
document.addEventListener("close-dialog", () => $("dialog[open]")?.close());
// On a phone a row of tabs is wider than the window: the current one comes into sight.
all(".tabs").forEach((tabs) => {
  const here = $("[aria-current]", tabs);
  if (here && tabs.scrollWidth > tabs.clientWidth) tabs.scrollLeft = here.getBoundingClientRect().left - tabs.getBoundingClientRect().left - 40;
});
addEventListener("pageshow", () => { releaseButtons(); timeToasts(); });
