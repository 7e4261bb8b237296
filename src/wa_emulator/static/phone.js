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

const TICKS = { sent: "✓ terkirim", delivered: "✓✓ sampai", read: "✓✓ dibaca" };

function bubble(message) {
  if (message.note) return element("p", "note", message.note);
  const item = element("div", message.mine ? "bubble mine" : "bubble");
  if (message.quote) item.append(quoted(message.quote));
  if (message.header) item.append(element("strong", "head", message.header));
  if (message.media) item.append(medium(message.media));
  if (message.reaction_to !== undefined && !message.text) item.append("(tanda dicabut)");
  if (message.text) words(item, message.text);
  if (message.detail) item.append(element("p", "foot", message.detail));
  if (message.location) item.append(place(message.location));
  for (const name of message.contacts ?? []) item.append(element("p", "card", `Kontak: ${name}`));
  if (message.unsupported) item.append(`(pesan jenis ${message.unsupported})`);
  if (message.footer) item.append(element("p", "foot", message.footer));
  const at = new Date(message.at * 1000).toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" });
  item.append(element("span", "meta", `${at} ${TICKS[message.tick] ?? ""}`));
  return item;
}

let known = new Map();

// The first words of the message that this one answers.
function quoted(wamid) {
  const said = (known.get(wamid)?.text ?? "Pesan lain").replaceAll("*", "");
  return element("p", "quote", said.length > 60 ? `${said.slice(0, 60).replace(/\s\S*$/, "")} …` : said);
}

function medium(media) {
  const source = media.id ? `/_/photo/${media.id}` : media.link;
  if (media.kind === "image" || media.kind === "sticker") {
    const image = element("img");
    image.src = source;
    image.alt = "Foto";
    return image;
  }
  const names = { document: "Dokumen", audio: "Pesan suara", video: "Video" };
  const link = element("a", "paper", `${names[media.kind] ?? "Berkas"}: ${media.filename ?? "buka"}`);
  link.href = source;
  link.target = "_blank";
  link.rel = "noopener";
  return link;
}

function place(location) {
  const name = location.name ?? `${location.latitude}, ${location.longitude}`;
  return element("p", "card", `Lokasi: ${name}${location.address ? `, ${location.address}` : ""}`);
}

function choices(message) {
  const buttons = message.buttons ?? [];
  if (!buttons.length && !message.link && !message.list) return null;
  const item = element("div", "choices");
  for (const button of buttons) item.append(pressable(button.title ?? button.text, "", () => press(message, button)));
  if (message.list) item.append(listing(message));
  if (message.link) {
    const link = element("a", "", `${message.link.title} ↗`);
    link.href = message.link.url;
    link.target = "_blank";
    link.rel = "noopener";
    item.append(link);
  }
  return item;
}

function pressable(title, detail, action) {
  const made = element("button", "", title);
  made.type = "button";
  if (detail) made.append(element("span", "detail", detail));
  made.addEventListener("click", action);
  return made;
}

const opened = new Set();

// A list opens in its place, and stays open while the chat is drawn anew.
function listing(message) {
  const box = element("details", "list");
  box.open = opened.has(message.wamid);
  box.addEventListener("toggle", () => (box.open ? opened.add(message.wamid) : opened.delete(message.wamid)));
  box.append(element("summary", "", `${message.list.button} ▾`));
  for (const section of message.list.sections) {
    if (section.title) box.append(element("p", "section", section.title));
    for (const row of section.rows) {
      const reply = { id: row.id, title: row.title, ...(row.description ? { description: row.description } : {}) };
      box.append(pressable(row.title, row.description, () => answer(message, { list_reply: reply })));
    }
  }
  return box;
}

async function answer(message, reply) {
  opened.delete(message.wamid);
  await call("send", { from: number, reply_to: message.wamid, ...reply });
  await look();
}

async function press(message, button) {
  await answer(message, message.template
    ? { template_button: { payload: button.payload ?? button.id, text: button.title ?? button.text } }
    : { button_reply: { id: button.id, title: button.title } });
}

async function look() {
  if (document.hidden) return;
  const answer = await call(`conversation?number=${encodeURIComponent(number)}&looking=1`);
  const now = JSON.stringify(answer);
  if (now === shown) return;
  shown = now;
  byId("who").textContent = answer.person ? `HP ${answer.person.name}, +${answer.person.number}` : `HP ${number}`;
  byId("typing").hidden = !answer.typing;
  known = new Map(answer.messages.map((message) => [message.wamid, message]));
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
    const [family] = file.type.split("/");
    const kind = ["image", "audio", "video"].includes(family) ? family : "document";
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    const sent = { base64: btoa(binary), mime_type: file.type || "image/jpeg", filename: file.name };
    await call("send", { from: number, [kind]: sent });
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
  const others = (await call("people")).slice(0, 20);
  byId("others").hidden = !others.length;
  for (const person of others) {
    const link = element("a", "", /\d{6}/.test(person.name) ? `+${person.number}` : `${person.name}, +${person.number}`);
    link.href = `/?nomor=${person.number}`;
    const item = element("li");
    item.append(link);
    byId("people").append(item);
  }
}

if (number) talk(); else pick();
