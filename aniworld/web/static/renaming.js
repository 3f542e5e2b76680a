/* File names as the template wants them: looked at first, then done, and taken back if that was wrong. */

import { api } from "./api.js";
import { find, make, on, say, setText } from "./dom.js";
import { attempt, toast } from "./toasts.js";

const AT_MOST = 300;
const PATH = "/api/anime/rename";
const dialog = find("#rename");
let key = "";

export function readyRenaming() {
  if (!dialog) return;
  on(document, "click", '[data-action="rename-files"]', (event, button) => attempt(() => open(button.dataset.key || "")));
  const go = find("[data-rename-go]", dialog);
  go.addEventListener("click", () => attempt(rename, go));
}

async function open(wanted) {
  key = wanted;
  show([], say("rename_looking"));
  dialog.showModal();
  try {
    const lines = await api.get(key ? `${PATH}?key=${encodeURIComponent(key)}` : PATH);
    const going = lines.filter((one) => !one.reason).length;
    show(lines, going ? say("rename_going", { count: going }) : say(lines.length ? "rename_refused" : "rename_nothing"));
  } catch (problem) {
    dialog.close();
    throw problem;
  }
}

function show(lines, state) {
  setText(find("[data-rename-state]", dialog), state);
  const list = find("[data-renames]", dialog);
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.slice(0, AT_MOST).map(line), ...(lines.length > AT_MOST ? [make("li", { class: "hint" }, say("more_items", { count: lines.length - AT_MOST }))] : []));
  find("[data-rename-go]", dialog).disabled = !lines.some((one) => !one.reason);
}

const line = (one) => make(
  "li", { class: "change" }, make("del", {}, make("bdi", {}, one.old)),
  one.reason ? make("span", { class: "rename-reason" }, one.reason) : make("ins", {}, make("bdi", {}, one.new)),
);

async function rename() {
  const run = await api.post(PATH, key ? { keys: [key] } : {});
  dialog.close();
  const text = [say("renamed", { count: run.done }), run.skipped.length ? say("rename_left", { count: run.skipped.length }) : ""];
  toast(text.filter(Boolean).join(" "), { action: run.done ? { label: say("undo"), act: () => attempt(() => undo(run.id)) } : null });
}

async function undo(run) {
  const back = await api.post(`${PATH}/${encodeURIComponent(run)}/undo`, {});
  toast(say("rename_undone", { count: back.done }));
}
