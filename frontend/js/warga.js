// Optional help for residents' pages: smaller photos that survive a lost signal, one submission per press. Every page
// works without it.
const LONGEST = 1600;
const ENOUGH = 350 * 1024;
const WEEK = 7 * 86400e3;
const pending = new Map();

// Photos wait here until the office has them: a closed browser or a lost signal loses none.
async function shelf(mode, work) {
  try {
    const base = await new Promise((done, failed) => {
      const asked = indexedDB.open("loket", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("foto");
      asked.onsuccess = () => done(asked.result);
      asked.onerror = failed;
    });
    return await new Promise((done, failed) => {
      const visit = base.transaction("foto", mode);
      const found = work(visit.objectStore("foto"));
      visit.oncomplete = () => done(found && found.result);
      visit.onerror = visit.onabort = failed;
    }).finally(() => base.close());
  } catch {
    // No room or a private window: the photo goes up all the same, it is only not kept.
  }
}

const name = (input) => `${input.form.dataset.foto}:${input.id}`;
const keep = (input) => shelf("readwrite", (store) => store.put({ file: input.files[0], at: Date.now() }, name(input)));
const forget = (names) => shelf("readwrite", (store) => names.forEach((one) => store.delete(one)));
const chosen = (form) => (form.dataset.foto ? [...form.querySelectorAll("input[type=file]")].filter((one) => one.files.length) : []);

async function shrink(file) {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  if (scale === 1 && file.type === "image/jpeg" && file.size <= ENOUGH) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  const pen = canvas.getContext("2d");
  // JPEG has no transparency; without this a clear background turns black.
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  for (const quality of [0.8, 0.7, 0.6, 0.5]) {
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob && (blob.size <= ENOUGH || quality === 0.5)) {
      return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
    }
  }
  return file;
}

function put(input, file) {
  const list = new DataTransfer();
  list.items.add(file);
  input.files = list.files;
  let preview = document.getElementById(input.id + "-lihat");
  if (!preview) {
    preview = document.createElement("img");
    preview.id = input.id + "-lihat";
    preview.className = "adm-photo";
    preview.alt = input.dataset.preview || "";
    input.after(preview);
  }
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
}

function size(bytes) {
  const mega = bytes > 1e6;
  return (bytes / (mega ? 1e6 : 1e3)).toFixed(mega ? 1 : 0).replace(".", document.documentElement.lang === "en" ? "." : ",") + (mega ? " MB" : " KB");
}

// One line under the form's buttons that says what happens to its photos.
function say(form, words, share) {
  let line = form.querySelector(".adm-upload");
  if (!line) {
    line = document.createElement("div");
    line.className = "adm-upload";
    line.setAttribute("role", "status");
    form.append(line);
  }
  line.textContent = words;
  if (share === undefined) return line;
  const bar = line.appendChild(document.createElement("progress"));
  bar.max = 1;
  bar.value = share;
  bar.setAttribute("aria-label", words);
  return line;
}

async function picked(event) {
  const input = event.target;
  const file = input.files[0];
  if (!file || !file.type.startsWith("image/")) return;
  const working = shrink(file);
  pending.set(input, working);
  try {
    const small = await working;
    if (input.files[0] !== file) return;
    put(input, small);
    if (small.size < file.size && input.dataset.small) {
      say(input.form, input.dataset.small.replace("{from}", size(file.size)).replace("{to}", size(small.size)));
    }
  } catch {
    // A photo that this browser cannot read goes up as it is; the server says what is wrong with it.
  } finally {
    if (pending.get(input) === working) pending.delete(input);
  }
}

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

function lost(form, input) {
  release(form);
  const line = say(form, input.dataset.lost);
  const again = document.createElement("button");
  again.className = "govuk-button";
  again.textContent = input.dataset.again;
  line.append(again);
}

async function send(form) {
  const inputs = chosen(form);
  const [first] = inputs;
  const names = inputs.map(name);
  await Promise.all(inputs.map(keep));
  const call = new XMLHttpRequest();
  const failed = () => lost(form, first);
  call.open("POST", form.getAttribute("action") || location.href);
  call.setRequestHeader("X-Foto", "1");
  call.timeout = 180e3;
  call.upload.onprogress = (event) => say(form, first.dataset.sending, event.loaded / event.total);
  call.onerror = call.ontimeout = failed;
  call.onload = async () => {
    // The proxy or the database is away: nothing was taken, and the photo stays here.
    if (call.status > 501) return failed();
    await forget(names);
    const next = call.getResponseHeader("X-Next");
    if (next) return location.assign(next);
    const page = new DOMParser().parseFromString(call.responseText, "text/html");
    document.title = page.title;
    document.querySelector("main").replaceWith(page.querySelector("main"));
    wire();
  };
  say(form, first.dataset.sending, 0);
  call.send(new FormData(form));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  // getAttribute: a field named "method" hides the property.
  if (form.getAttribute("method") !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
  const waiting = [...pending].filter(([input]) => form.contains(input)).map(([, work]) => work);
  // A button with a name means something else than sending.
  const photos = !(button && button.name) && chosen(form).length;
  if (!waiting.length && !photos) return;
  event.preventDefault();
  await Promise.allSettled(waiting);
  // One turn later `picked` has put the small files into their inputs.
  setTimeout(() => {
    if (photos) return send(form);
    delete form.dataset.sent;
    form.requestSubmit(button || undefined);
  });
});

// The signal is back: what waits goes up by itself.
addEventListener("online", () => {
  const again = document.querySelector(".adm-upload button");
  if (again) again.click();
});

// Back from the next page by the browser's memory: the form may be sent again.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});

// A photo of this very form that never arrived is put back into its place; what nobody sent within a week is deleted.
async function restore(input) {
  const kept = await shelf("readonly", (store) => store.get(name(input)));
  if (!kept || input.files.length) return;
  if (Date.now() - kept.at > WEEK) return forget([name(input)]);
  put(input, kept.file);
  lost(input.form, input);
}

function wire() {
  for (const input of document.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", picked);
    if (input.form && input.form.dataset.foto) restore(input);
  }
  const summary = document.querySelector(".govuk-error-summary");
  if (summary) summary.focus();
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
}

wire();
