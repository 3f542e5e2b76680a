/* What files would be called, while the template is typed: the server names invented episodes with it. */

import { api } from "./api.js";
import { find, later, make, say } from "./dom.js";

const KINDS = ["example", "untitled", "special", "several"];

export function readyTemplatePreview() {
  const field = find("[data-template]");
  const folders = find("#library-season_folders");
  if (!field) return;
  const ask = later(async () => {
    const wish = { template: field.value, season_folders: folders.checked };
    const names = await api.post("/api/config/preview-name", wish).catch((problem) => problem);
    if (wish.template === field.value && wish.season_folders === folders.checked) show(names);
  }, 150);
  field.form.addEventListener("input", ask);
  ask();
}

function show(names) {
  const place = find("[data-template-preview]");
  const trouble = names instanceof Error;
  place.classList.toggle("preview-bad", trouble);
  if (trouble) place.replaceChildren(names.message);
  else
    place.replaceChildren(
      ...KINDS.map((kind) =>
        make("span", { class: "preview-line" }, make("span", {}, say(`name_${kind}`)), make("bdi", {}, names[kind])),
      ),
    );
}
