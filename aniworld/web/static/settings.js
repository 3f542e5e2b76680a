/* Settings: validated while they are typed, saved together, never lost unasked. Backups, sessions and keys beside. */

import { api, spoken } from "./api.js";
import { find, findAll, later, on, say, setText } from "./dom.js";
import { confirm } from "./dialogs.js";
import { readyOrderLists } from "./order_list.js";
import { ACCESS_ACTIONS, readyAccess } from "./settings_access.js";
import { readyRenaming } from "./renaming.js";
import { BACKUP_ACTIONS } from "./settings_backups.js";
import { fieldValue, readyWindows, restore } from "./settings_fields.js";
import { RECYCLE_ACTIONS } from "./settings_recycle.js";
import { TRACKING_ACTIONS, readyTracking } from "./settings_tracking.js";
import { TRIAL_ACTIONS } from "./settings_trials.js";
import { WHOLE_ACTIONS, readyWhole } from "./settings_whole.js";
import { readyTemplatePreview } from "./template_preview.js";
import { attempt, toast } from "./toasts.js";

const form = find("[data-settings]");
const section = form?.dataset.settings;
let saved = {};

const values = () =>
  Object.fromEntries(
    findAll("[data-kind]", form).map((control) => [control.name || control.dataset.name, fieldValue(control)]),
  );
const changed = () =>
  Object.fromEntries(
    Object.entries(values()).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(saved[name])),
  );
const isDirty = () => form && Object.keys(changed()).length > 0;

function showDirty() {
  find("[data-save-bar]").hidden = !isDirty();
}

/** Puts each message beside its field; answers whether there is none. */
function showErrors(errors) {
  const flat = Object.entries(flatten(errors));
  for (const setting of findAll("[data-field]", form)) {
    const name = setting.dataset.field;
    const texts = flat
      .filter(([path]) => path === name || path.startsWith(`${name}.`) || `${section}.${path}` === name)
      .flatMap(([, text]) => text);
    const place = find("[data-field-error]", setting);
    setText(place, texts.join(" "));
    place.hidden = texts.length === 0;
    const control = find("[data-kind]", setting);
    if (texts.length) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
  return flat.length === 0;
}

function flatten(errors, before = "") {
  return Object.entries(errors || {}).reduce((all, [name, inner]) => {
    const path = before ? `${before}.${name}` : name;
    if (Array.isArray(inner)) all[path] = inner.map(String);
    else if (inner && typeof inner === "object") Object.assign(all, flatten(inner, path));
    else all[path] = [String(inner)];
    return all;
  }, {});
}

const validate = later(async () => {
  if (!isDirty()) {
    showErrors({});
    return;
  }
  const answer = await api
    .post("/api/config/validate", { [section]: changed() })
    .catch((problem) => (problem.status ? problem : null));
  if (answer) showErrors(spoken(answer.errors));
}, 300);

async function save() {
  const part = changed();
  try {
    await api.put("/api/config/", { [section]: part });
  } catch (problem) {
    if (problem.status !== 422) throw problem;
    showErrors(problem.errors);
    toast(`${say("settings_invalid")} ${Object.keys(problem.errors).length ? "" : problem.message}`.trim(), {
      bad: true,
    });
    find('[aria-invalid="true"]', form)?.focus();
    return;
  }
  saved = values();
  showErrors({});
  showDirty();
  toast(say("settings_saved"));
  if ("language" in part || "theme" in part) showAppearance(part);
}

/* A choice in the settings goes over an earlier one of this browser. */
function showAppearance(part) {
  for (const name of Object.keys(part))
    document.cookie = `${name}=; path=${document.documentElement.dataset.base || "/"}; max-age=0`;
  location.reload();
}

function readyForm() {
  saved = values();
  form.addEventListener("input", () => {
    showDirty();
    validate();
  });
  form.addEventListener("change", () => {
    showDirty();
    validate();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(save, event.submitter);
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const control of findAll("[data-kind]", form)) restore(control, saved[control.name || control.dataset.name]);
    form.dispatchEvent(new Event("input"));
    showErrors({});
  });
  guardLeaving();
}

function guardLeaving() {
  addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());
  document.addEventListener(
    "click",
    async (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (!link || link.target || !isDirty() || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (!(await confirm({ title: say("unsaved_title"), body: say("unsaved_text"), yes: say("leave") }))) return;
      saved = values();
      location.assign(link.href);
    },
    true,
  );
}

const ACTIONS = {
  ...BACKUP_ACTIONS,
  ...ACCESS_ACTIONS,
  ...RECYCLE_ACTIONS,
  ...TRACKING_ACTIONS,
  ...TRIAL_ACTIONS,
  ...WHOLE_ACTIONS,
};
on(document, "click", "[data-action]", (event, button) => {
  const act = ACTIONS[button.dataset.action];
  if (!act || button.getAttribute("aria-disabled") === "true") return;
  if (button.closest(".beside") && isDirty()) toast(say("save_first"), { bad: true });
  else attempt(() => act(button), button);
});
find(".settings-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
readyOrderLists();
if (form) {
  readyWindows(form);
  readyForm();
  readyTemplatePreview();
}
readyAccess();
readyRenaming();
readyTracking();
readyWhole();
