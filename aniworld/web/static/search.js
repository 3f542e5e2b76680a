/* Search and add: choose the folder's name, add, and go on. Trouble is said where it happens. */

import { api } from "./api.js";
import { announce } from "./a11y_announcer.js";
import { base, find, icon, make, on, say, setText } from "./dom.js";
import { toast } from "./toasts.js";

const dialog = find("#add-dialog");
const form = find("[data-add-form]");
const trouble = find("[data-form-error]", form);
let hit = null;

function openDialog(chosen) {
  hit = chosen;
  form.reset();
  trouble.hidden = true;
  form.elements.link.value = chosen.dataset.link;
  form.elements.folder.placeholder = chosen.dataset.folder || "";
  setText(find("[data-add-name]"), chosen.dataset.name);
  dialog.showModal();
  form.elements.folder.focus();
}

async function add() {
  const wish = { link: form.elements.link.value };
  const folder = form.elements.folder.value;
  if (folder.trim()) wish.folder = folder;
  const added = await api.post("/api/anime/add", wish);
  const path = `/api/anime/${encodeURIComponent(added.key)}`;
  if (added.monitored !== form.elements.monitored.checked)
    await api.patch(path, { monitored: form.elements.monitored.checked });
  dialog.close();
  toast(say(added.status_code === 201 ? "series_added" : "series_there", { name: added.name }), {
    action: { label: say("open"), href: `${base}/series/${encodeURIComponent(added.key)}` },
  });
  showAdded(added);
}

function showAdded(added) {
  const link = make(
    "a",
    { class: "btn btn-secondary", href: `${base}/series/${encodeURIComponent(added.key)}` },
    icon("check"),
    make("span", {}, say("in_library")),
  );
  find('[data-action="add"]', hit)?.replaceWith(link);
  link.focus();
}

on(document, "click", '[data-action="add"]', (event, button) => openDialog(button.closest("[data-hit]")));
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = find("button.btn-primary", form);
  button.disabled = true;
  trouble.hidden = true;
  try {
    await add();
  } catch (problem) {
    if (!("status" in problem)) throw problem;
    setText(trouble, Object.values(problem.errors).flat().join(" ") || problem.message);
    trouble.hidden = false;
  } finally {
    button.disabled = false;
  }
});
document.addEventListener("htmx:afterSettle", () => {
  const results = find("#results");
  announce(find(".results-count", results)?.textContent || find("h2", results)?.textContent || "");
});
