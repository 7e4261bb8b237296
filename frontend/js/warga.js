// Optional help for residents' pages: smaller photos, a preview, one submission per press. Every page works without it.
const LONGEST = 1600;
const ENOUGH = 350 * 1024;

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

function show(input, file) {
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

async function picked(event) {
  const input = event.target;
  const file = input.files[0];
  if (!file || !file.type.startsWith("image/")) return;
  const working = shrink(file);
  pending.set(input, working);
  try {
    const small = await working;
    if (input.files[0] !== file) return;
    const list = new DataTransfer();
    list.items.add(small);
    input.files = list.files;
    show(input, small);
  } catch {
    // A photo that this browser cannot read goes up as it is; the server says what is wrong with it.
  } finally {
    if (pending.get(input) === working) pending.delete(input);
  }
}

const pending = new Map();

for (const input of document.querySelectorAll("input[type=file]")) input.addEventListener("change", picked);

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
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
  if (!waiting.length) return;
  event.preventDefault();
  await Promise.allSettled(waiting);
  // One turn later `picked` has put the small files into their inputs.
  setTimeout(() => {
    delete form.dataset.sent;
    form.requestSubmit(button || undefined);
  });
});

// Back from the next page by the browser's memory: the form may be sent again.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});

const summary = document.querySelector(".govuk-error-summary");
if (summary) summary.focus();

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
