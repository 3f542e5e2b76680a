/* The recycle bin: back to its place, or away for good. */

import { api } from "./api.js";
import { find, findAll, say } from "./dom.js";
import { confirm } from "./dialogs.js";
import { toast } from "./toasts.js";

const entryOf = (button) => button.closest("[data-entry]");
const path = (entry) => `/api/recycle/${encodeURIComponent(entry.dataset.entry)}`;

/** Takes rows away; the focus goes to the next one, so that it is never lost. */
function drop(...entries) {
  const next = entries.at(-1)?.nextElementSibling || entries[0]?.previousElementSibling;
  for (const entry of entries) entry.remove();
  find("button", next || document.createElement("i"))?.focus();
  if (findAll("[data-entry]").length) return;
  find("[data-bin]")?.remove();
  find("[data-bin-head]").hidden = true;
  find("[data-bin-empty]").hidden = false;
  find("#main").focus();
}

async function restore(button) {
  const entry = entryOf(button);
  const back = await api.post(`${path(entry)}/restore`, {});
  drop(entry);
  toast(say(back.series_restored ? "series_back" : "entry_restored", { path: back.path }));
}

async function remove(button) {
  const entry = entryOf(button);
  if (!(await confirm({ title: say("delete_entry_title"), body: entry.dataset.name, yes: say("delete") }))) return;
  await api.delete(path(entry));
  drop(entry);
  toast(say("entry_deleted"));
}

async function empty() {
  if (!(await confirm({ title: say("empty_bin_title"), body: say("empty_bin_text"), yes: say("delete") }))) return;
  const { removed } = await api.delete("/api/recycle/");
  drop(...findAll("[data-entry]"));
  toast(say("bin_emptied", { count: removed }));
}

export const RECYCLE_ACTIONS = { "restore-entry": restore, "delete-entry": remove, "empty-bin": empty };
