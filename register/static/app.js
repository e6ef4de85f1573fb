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
