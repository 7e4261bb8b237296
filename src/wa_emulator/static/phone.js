// The phone of a resident: asks the emulator what to show, twice a second while somebody looks.
const byId = (id) => document.getElementById(id);
const number = new URLSearchParams(location.search).get("nomor");
let shown = "";

async function call(path, body) {
  const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const response = await fetch(`/_/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// WhatsApp's own *bold* marks, without letting anything else become markup.
function words(target, text) {
  for (const [index, part] of text.split(/\*([^*\n]+)\*/).entries()) {
    target.append(index % 2 ? element("strong", "", part) : part);
  }
}

const TICKS = { sent: "✓", delivered: "✓✓", read: "✓✓ dibaca" };

function bubble(message) {
  const item = element("div", message.mine ? "bubble mine" : "bubble");
  if (message.media?.id) {
    const image = element("img");
    image.src = `/_/photo/${message.media.id}`;
    image.alt = "Foto";
    item.append(image);
  }
  if (message.text) words(item, message.text);
  if (message.unsupported) item.append(`(${message.unsupported})`);
  if (message.footer) item.append(element("p", "foot", message.footer));
  const at = new Date(message.at * 1000).toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" });
  item.append(element("span", "meta", `${at} ${TICKS[message.tick] ?? ""}`));
  return item;
}

function choices(message) {
  const buttons = message.buttons ?? [];
  if (!buttons.length && !message.link) return null;
  const item = element("div", "choices");
  for (const button of buttons) {
    const made = element("button", "", button.title ?? button.text);
    made.type = "button";
    made.addEventListener("click", () => press(message, button));
    item.append(made);
  }
  if (message.link) {
    const link = element("a", "", `${message.link.title} ↗`);
    link.href = message.link.url;
    link.target = "_blank";
    link.rel = "noopener";
    item.append(link);
  }
  return item;
}

async function press(message, button) {
  const reply = message.template
    ? { template_button: { payload: button.payload ?? button.id, text: button.title ?? button.text } }
    : { button_reply: { id: button.id, title: button.title } };
  await call("send", { from: number, reply_to: message.wamid, ...reply });
  await look();
}

async function look() {
  if (document.hidden) return;
  const answer = await call(`conversation?number=${encodeURIComponent(number)}&looking=1`);
  const now = JSON.stringify(answer);
  if (now === shown) return;
  shown = now;
  byId("who").textContent = answer.person ? `HP ${answer.person.name}, +${answer.person.number}` : `HP ${number}`;
  const log = byId("log");
  log.replaceChildren(...answer.messages.flatMap((message) => [bubble(message), choices(message)].filter(Boolean)));
  log.scrollTop = log.scrollHeight;
}

async function talk() {
  byId("pick").hidden = true;
  byId("talk").hidden = false;
  byId("write").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = byId("text").value.trim();
    if (!text) return;
    byId("text").value = "";
    await call("send", { from: number, text });
    await look();
  });
  byId("photo").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    await call("send", { from: number, image: { base64: btoa(binary), mime_type: file.type || "image/jpeg" } });
    event.target.value = "";
    await look();
  });
  await look();
  setInterval(() => look().catch(() => {}), 700);
}

async function pick() {
  byId("new").addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = { number: byId("number").value.replace(/\D/g, "").replace(/^0/, "62"), name: byId("name").value };
    try {
      location.href = `/?nomor=${(await call("meet", typed)).number}`;
    } catch {
      byId("wrong").textContent = "Ini bukan nomor HP. Contoh: 081290001234.";
    }
  });
  for (const person of (await call("people")).slice(0, 20)) {
    const link = element("a", "", /\d{6}/.test(person.name) ? `+${person.number}` : `${person.name}, +${person.number}`);
    link.href = `/?nomor=${person.number}`;
    const item = element("li");
    item.append(link);
    byId("people").append(item);
  }
}

if (number) talk(); else pick();
