// Improves pages that work without it: focus on what went wrong, a warning before typed text is lost, polling a job.
for (const box of document.querySelectorAll("[data-focus]")) box.focus();

for (const form of document.querySelectorAll("form[data-guard]")) {
  let typed = false;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
}

for (const area of document.querySelectorAll("[data-count]")) {
  const note = document.getElementById(area.dataset.count);
  const limit = Number(note.dataset.limit);
  const tell = () => { note.textContent = `${[...area.value].length} / ${limit}`; };
  area.addEventListener("input", tell);
  tell();
}

for (const form of document.querySelectorAll("form[data-autosave]")) {
  const note = form.querySelector("[data-saved]");
  let waiting;
  const keep = async () => {
    const answer = await fetch(form.dataset.autosave, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
    }).catch(() => null);
    if (answer?.ok) note.textContent = (await answer.json()).text;
    else note.textContent = note.dataset.failed;
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 1500);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}

for (const button of document.querySelectorAll("button[data-same]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const { form } = button;
    for (const control of form.querySelectorAll(`[name="${button.dataset.for}"]`)) {
      if (control.type === "radio") control.checked = control.value === button.dataset.same;
      else control.value = button.dataset.same;
    }
    form.dispatchEvent(new Event("input"));
  });
}

const job = document.querySelector("[data-poll]");
if (job) {
  const wait = Number(job.dataset.poll);
  const look = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-job]");
    const now = document.querySelector("[data-job]");
    if (next && now) now.replaceWith(next);
    if (document.querySelector("[data-poll]")) setTimeout(look, wait);
  };
  setTimeout(look, wait);
}
