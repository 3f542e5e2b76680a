/*
 * File names as the template wants them: looked at first, done while the page goes on, and taken back if that was
 * wrong.
 */

import { api } from "./api.js";
import { find, make, moment, on, say, setText, told } from "./dom.js";
import { attempt, toast } from "./toasts.js";
import { live } from "./websocket_client.js";

const AT_MOST = 300;
const PATH = "/api/anime/rename";
const dialog = find("#rename");
let key = "";
let back = false; // whether it takes one back
let run = ""; // the renaming that this page began and whose end it has not told yet

export function readyRenaming() {
  if (!dialog) return;
  on(document, "click", '[data-action="rename-files"]', (event, button) =>
    attempt(() => open(button.dataset.key || "")),
  );
  find("[data-rename-go]", dialog).addEventListener("click", (event) => attempt(rename, event.currentTarget));
  find("[data-rename-stop]", dialog).addEventListener("click", (event) =>
    attempt(() => api.delete(`${PATH}/run`), event.currentTarget),
  );
  on(dialog, "click", "[data-undo-run]", (event, button) => attempt(() => undo(button.dataset.undoRun), button));
  live.join("library");
  live.on("rename_progress", (now) => now.run_id === run && showProgress(now));
  live.on("rename_complete", (end) => end.run_id === run && attempt(tellEnd));
  live.onReturn(() => run && attempt(tellEnd));
}

async function open(wanted) {
  key = wanted;
  show([], say("rename_looking"));
  dialog.showModal();
  try {
    const [lines, runs] = await Promise.all([
      api.get(key ? `${PATH}?key=${encodeURIComponent(key)}` : PATH),
      api.get(`${PATH}/runs`),
    ]);
    const going = lines.filter((one) => !one.reason).length;
    show(
      lines,
      going ? say("rename_going", { count: going }) : say(lines.length ? "rename_refused" : "rename_nothing"),
    );
    showRuns(runs);
  } catch (problem) {
    dialog.close();
    throw problem;
  }
}

function show(lines, state) {
  setText(find("[data-rename-state]", dialog), state);
  const list = find("[data-renames]", dialog);
  list.hidden = lines.length === 0;
  list.replaceChildren(
    ...lines.slice(0, AT_MOST).map(line),
    ...(lines.length > AT_MOST
      ? [make("li", { class: "hint" }, say("more_items", { count: lines.length - AT_MOST }))]
      : []),
  );
  find("[data-rename-go]", dialog).disabled = !lines.some((one) => !one.reason);
  showProgress(null);
}

const line = (one) =>
  make(
    "li",
    { class: "change" },
    make("del", {}, make("bdi", {}, one.old)),
    one.reason ? make("span", { class: "rename-reason" }, told(one.reason)) : make("ins", {}, make("bdi", {}, one.new)),
  );

function showRuns(runs) {
  const mine = runs.filter((one) => !key || one.keys.includes(key));
  find("[data-earlier]", dialog).hidden = mine.length === 0;
  find("[data-earlier-runs]", dialog).replaceChildren(
    ...mine.map((one) => {
      const state = one.status === "undone" ? say("rename_was_undone") : one.undoes ? say("rename_an_undo") : "";
      const text = [moment(one.started_at), say("renamed", { count: one.files }), state].filter(Boolean).join(" · ");
      const back = one.can_undo
        ? make(
            "button",
            {
              class: "btn btn-secondary btn-sm",
              type: "button",
              "data-undo-run": one.id,
              "aria-label": `${say("undo")}: ${text}`,
            },
            say("undo"),
          )
        : "";
      return make("li", { class: "row-item" }, make("div", { class: "row-text" }, text), back);
    }),
  );
}

/** A bar while a renaming runs; null: none does. */
function showProgress(now) {
  const bar = find("[data-rename-bar]", dialog);
  bar.hidden = !now;
  find("[data-rename-stop]", dialog).hidden = !now;
  find("[data-rename-go]", dialog).hidden = Boolean(now);
  if (!now) return;
  bar.value = now.percent;
  setText(find("[data-rename-state]", dialog), say("rename_running", { current: now.current, total: now.total }));
}

async function begin(path, wish, undoing) {
  const begun = await api.post(path, { ...wish, background: true });
  [run, back] = [begun.id, undoing];
  showProgress(begun);
  await tellEnd(); // a short one has ended before the page could hear of it
}

const rename = () => begin(PATH, key ? { keys: [key] } : {}, false);
const undo = (which) => begin(`${PATH}/${encodeURIComponent(which)}/undo`, {}, true);

/** Says what came of the renaming, once it has ended. */
async function tellEnd() {
  const now = await api.get(`${PATH}/run`);
  if (!run || now.id !== run) return;
  if (now.status === "running") {
    showProgress(now);
    return;
  }
  run = "";
  showProgress(null);
  dialog.close();
  if (now.error) {
    toast(told(now.error), { bad: true });
    return;
  }
  const text = [
    say(back ? "rename_undone" : "renamed", { count: now.done }),
    now.skipped.length ? say("rename_left", { count: now.skipped.length }) : "",
    now.status === "cancelled" ? say("rename_stopped") : "",
  ];
  toast(text.filter(Boolean).join(" "), {
    action: now.done && !back ? { label: say("undo"), act: () => attempt(() => undo(now.id)) } : null,
  });
}
