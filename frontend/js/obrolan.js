// The shared inbox, live: asks every few seconds whether anything has changed, takes over only the parts that did, and
// never touches a field that somebody is working in. What is typed is kept by the server a moment after the last letter.
const inbox = document.querySelector(".adm-inbox");
const SHOWN = 3000;
const HIDDEN = 60000;
const SAVE_AFTER = 700;
const TYPING_FOR = 8000;

const line = inbox.querySelector("[data-sambungan]");
const scroller = inbox.querySelector("[data-gulir]");
const fresh = inbox.querySelector("[data-baru]");
const field = inbox.querySelector("[data-ketik]");
const composer = field?.form;
const saved = () => inbox.querySelector("[data-tersimpan]");
const token = () => inbox.querySelector("[name=csrfmiddlewaretoken]").value;

// --- the parts of the page ---

const bare = (node) => node.outerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "").replace(/name="mulai" value="[^"]*"/g, "");
const atEnd = () => scroller && scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
const toEnd = () => scroller && (scroller.scrollTop = scroller.scrollHeight);

// Somebody is in a field or has a panel open here: this part waits until she has left it.
const busy = (part) =>
  part.querySelector("details[open]") || (part.contains(document.activeElement) && document.activeElement.matches("input:not([type=hidden]), textarea, select"));

// False when something was left as it is, to be asked for again.
function takeOver(part, next) {
  const isList = part.matches("ul, ol");
  if (!isList && busy(part)) return false;
  const focused = part.contains(document.activeElement) && document.activeElement.closest("[id]")?.id;
  let isWhole = true;
  if (isList) isWhole = keyed(part, next);
  else part.replaceWith(next);
  if (focused && document.activeElement === document.body) {
    const again = document.getElementById(focused);
    (again?.matches("a, button, input") ? again : again?.querySelector("a, button"))?.focus();
  }
  return isWhole;
}

// A list changes line by line: what stayed the same is not touched, so that nothing jumps under a finger.
function keyed(list, next) {
  const wanted = new Map([...next.children].map((item) => [item.id, item]));
  for (const item of [...list.children]) if (!wanted.has(item.id)) item.remove();
  let place = list.firstElementChild;
  let isWhole = true;
  for (const [id, item] of wanted) {
    const now = id && list.querySelector(`:scope > [id="${CSS.escape(id)}"]`);
    if (!now) {
      list.insertBefore(item, place);
      continue;
    }
    const isNext = now === place;
    let kept = now;
    if (now.querySelector("details[open]")) item.querySelector("details")?.setAttribute("open", "");
    if (bare(now) !== bare(item)) {
      if (busy(now)) isWhole = false;
      else now.replaceWith((kept = item));
    }
    if (!isNext) list.insertBefore(kept, place);
    place = kept.nextElementSibling;
  }
  return isWhole;
}

function show(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html").querySelector("[data-kabar-baru]");
  if (!parsed) return false;
  const stay = atEnd();
  const before = scroller?.querySelectorAll(".adm-talk__item").length;
  let isWhole = true;
  for (const next of parsed.querySelectorAll("[data-part]")) {
    const part = inbox.querySelector(`[data-part="${next.dataset.part}"]`);
    if (!part || bare(part) === bare(next)) continue;
    if (!takeOver(part, next)) isWhole = false;
  }
  // What was left alone is asked for again.
  inbox.dataset.versi = isWhole ? parsed.dataset.versi : "";
  if (stay) toEnd();
  else if (fresh && scroller.querySelectorAll(".adm-talk__item").length > before) fresh.hidden = false;
  return true;
}

// --- asking ---

let timer = 0;
let pause = SHOWN;
let asking = false;
let typedAt = -Infinity;

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, document.hidden ? HIDDEN : pause);
}

async function ask() {
  if (asking) return;
  asking = true;
  const address = new URL(inbox.dataset.kabar, location.href);
  address.searchParams.set("versi", inbox.dataset.versi);
  if (performance.now() - typedAt < TYPING_FOR) address.searchParams.set("menulis", "1");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected) return signedOut();
    if (answer.status === 409) return void (await save(), location.reload());
    if (answer.status >= 500) throw new Error(String(answer.status));
    if (answer.status === 200) show(await answer.text());
    pause = SHOWN;
    line.textContent = "";
  } catch {
    pause = Math.min(pause * 2, 30000);
    line.textContent = line.dataset.putus;
  } finally {
    asking = false;
  }
  later();
}

function signedOut() {
  backUp();
  line.textContent = line.dataset.keluar;
}

document.addEventListener("visibilitychange", () => (document.hidden ? later() : ask()));
if (!inbox.hasAttribute("data-diam")) later();

// --- what is typed ---

let saving = 0;
let sent = false;
const BACKUP = `loket-draf-${location.pathname}`;
const backUp = () => field && field.value && sessionStorage.setItem(BACKUP, field.value);

async function save() {
  clearTimeout(saving);
  if (!saving || sent || !composer) return;
  saving = 0;
  const body = new URLSearchParams({ csrfmiddlewaretoken: token(), text: field.value, mulai: composer.elements.mulai.value });
  try {
    const answer = await fetch(composer.dataset.draf, { method: "POST", body, keepalive: true });
    if (!answer.ok || answer.redirected) throw new Error();
    sessionStorage.removeItem(BACKUP);
    if (saved()) saved().textContent = saved().dataset.ya;
  } catch {
    backUp();
    if (saved()) saved().textContent = saved().dataset.tidak;
  }
}

if (field) {
  const kept = sessionStorage.getItem(BACKUP);
  if (kept && !field.value) field.value = kept;
  field.addEventListener("input", () => {
    typedAt = field.value ? performance.now() : -Infinity;
    if (saved()) saved().textContent = "";
    clearTimeout(saving);
    saving = setTimeout(save, SAVE_AFTER);
  });
  composer.addEventListener("submit", () => {
    // The answer takes the draft with it: no late saving may bring it back.
    clearTimeout(saving);
    sent = true;
    sessionStorage.removeItem(BACKUP);
  });
  inbox.querySelector("[data-siap]")?.addEventListener("change", (event) => {
    const text = event.target.selectedOptions[0].dataset.text;
    if (!text) return;
    const [from, to] = [field.selectionStart, field.selectionEnd];
    field.setRangeText((from && field.value[from - 1] !== "\n" ? "\n" : "") + text, from, to, "end");
    event.target.value = "";
    field.focus();
    field.dispatchEvent(new Event("input"));
    // The first place that is still open is marked, to be typed over.
    const open = field.value.match(/\{\w+\}/);
    if (open) field.setSelectionRange(open.index, open.index + open[0].length);
  });
}

addEventListener("pagehide", () => {
  save();
  if (inbox.dataset.tutup) navigator.sendBeacon(inbox.dataset.tutup, new URLSearchParams({ csrfmiddlewaretoken: token() }));
});
addEventListener("pageshow", (event) => {
  sent = false;
  if (event.persisted) ask();
});

// --- the thread stands at its end ---

toEnd();
scroller?.addEventListener("scroll", () => atEnd() && fresh && (fresh.hidden = true), { passive: true });
fresh?.addEventListener("click", () => {
  toEnd();
  fresh.hidden = true;
});
