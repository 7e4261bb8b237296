// The staff's keyboard: single keys move or open, and never commit. Sending is Ctrl+Enter inside an open panel.
// Also here: the scan field that keeps the focus, zoom and rotation of photos, and the guard against double sending.
const SWITCH = "loket-tombol";
const off = () => document.documentElement.dataset.keys === "off";
const typing = (node) => node.closest("input:not([type=radio],[type=checkbox],[type=file]), textarea, select, [contenteditable]");

if (localStorage.getItem(SWITCH) === "off") document.documentElement.dataset.keys = "off";

function rows() {
  return [...document.querySelectorAll("[data-daftar] tbody th a, [data-daftar]:not(table) a")];
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const focused = all.indexOf(document.activeElement);
  const current = focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute("aria-current"));
  all[Math.min(Math.max(current + step, 0), all.length - 1)].focus();
}

// Opens what a key belongs to: a link, a panel, a field. A button that sends is never pressed.
function open(target) {
  if (target.matches("a[href]")) return target.click();
  if (target.matches("details")) {
    target.open = true;
    (target.querySelector("input:not([type=hidden]), textarea, select") || target.querySelector("summary")).focus();
  } else if (target.matches("button:not([type=button])")) return;
  else if (target.matches("button")) target.click();
  else target.focus();
}

const help = document.getElementById("bantuan-tombol");
let prefix = "";
let last = 0;

function single(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  // A scanner types faster than any hand: ignore keys that come within 50 ms of each other.
  const burst = event.timeStamp - last < 50;
  last = event.timeStamp;
  if (burst) return;
  if (event.key === "?" && help) {
    event.preventDefault();
    return help.open ? help.close() : help.showModal();
  }
  if (off() || (help && help.open)) return;
  const key = prefix + event.key;
  prefix = "";
  if (key === "j") return move(1);
  if (key === "k") return move(-1);
  const target = [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key);
  if (target) {
    event.preventDefault();
    open(target);
  } else if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) prefix = event.key + " ";
}

function panelKeys(event) {
  const panel = event.target.closest("details.adm-panel[open], form[data-panel]");
  if (!panel) return false;
  if (event.key === "Escape" && panel.matches("details")) {
    panel.open = false;
    panel.querySelector("summary").focus();
    return true;
  }
  if (event.key !== "Enter" || !event.ctrlKey) return false;
  const form = panel.matches("form") ? panel : panel.querySelector("form");
  if (form) form.requestSubmit();
  return Boolean(form);
}

document.addEventListener("keydown", (event) => {
  if (panelKeys(event)) event.preventDefault();
  else single(event);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("method") !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const view = button.closest("figure")?.querySelector(".adm-compare__view");
  const act = button.dataset.do;
  if (act === "keys") {
    const next = off() ? "on" : "off";
    document.documentElement.dataset.keys = next;
    localStorage.setItem(SWITCH, next);
    button.setAttribute("aria-pressed", String(next === "off"));
  } else if (act === "help" && help) help.showModal();
  else if (act === "print") print();
  else if (act === "turn" && view) view.dataset.turn = String((Number(view.dataset.turn || 0) + 90) % 360);
  else if (act === "larger" && view) view.dataset.zoom = String(Math.min(Number(view.dataset.zoom || 1) + 1, 3));
  else if (act === "smaller" && view) view.dataset.zoom = String(Math.max(Number(view.dataset.zoom || 1) - 1, 1));
});

// The scan field takes the focus back, unless somebody is typing elsewhere or a dialog is open.
const field = () => document.querySelector("input[data-pindai]");
function refocus() {
  const scan = field();
  const busy = document.activeElement && document.activeElement !== scan && typing(document.activeElement);
  if (scan && !busy && !document.querySelector("dialog[open]")) scan.focus();
}
if (field()) {
  refocus();
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a, button, summary, label, input, select, textarea")) setTimeout(refocus, 50);
  });
  addEventListener("focus", refocus);
}
// Scans wait their turn: each value is taken out of the field at once, so that the next scan cannot append to it,
// and sent with an id of its own, so that a repeated sending counts once.
const waiting = [];
let sending = false;

async function drain(form) {
  sending = true;
  while (waiting.length) {
    const values = waiting.shift();
    await htmx.ajax("POST", form.getAttribute("hx-post"), {
      source: form,
      target: form.getAttribute("hx-target"),
      swap: form.getAttribute("hx-swap") || "innerHTML",
      values,
    });
  }
  sending = false;
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const scan = form.querySelector("input[data-pindai]");
    if (!scan || !form.hasAttribute("hx-post") || !window.htmx) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const value = scan.value.trim();
    scan.value = "";
    if (!value) return;
    const id = crypto.randomUUID?.() || `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    waiting.push({ [scan.name]: value, scan_id: id });
    if (!sending) drain(form).catch(() => (sending = false));
  },
  true,
);
document.addEventListener("htmx:afterSwap", refocus);

const summary = document.querySelector(".govuk-error-summary");
if (summary) summary.focus();
