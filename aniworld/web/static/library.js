/* The library page: filter as you type, select many, stay true while things change. */

import { Selection } from "./a11y_keyboard.js";
import { api } from "./api.js";
import { announce } from "./a11y_announcer.js";
import { find, findAll, later, on, say, setText, told } from "./dom.js";
import { keep } from "./preferences.js";
import { attempt, toast } from "./toasts.js";
import { live } from "./websocket_client.js";
import { change, missingOf, queueEpisodes, sayQueued, startScan } from "./wishes.js";

const results = () => find("#results");
const card = (key) => find(`.card-item[data-key="${CSS.escape(key)}"]`);
const selection = new Selection({ root: results, row: ".card-item", changed: showSelection });

function showSelection(keys) {
  find("[data-selection]").hidden = keys.length === 0;
  results()?.classList.toggle("selecting", keys.length > 0);
  setText(find("[data-selection] [data-selection-count]"), say("selected", { count: keys.length }));
}

/** Runs `wish` for each chosen series, a few at a time; the sum of what it answers. */
async function forEachChosen(wish) {
  const waiting = [...selection.values];
  const answers = [];
  const worker = async () => {
    for (let key = waiting.shift(); key; key = waiting.shift()) answers.push(await wish(key));
  };
  await Promise.all([worker(), worker(), worker()]);
  return answers;
}

async function queueSelected() {
  const answers = await forEachChosen(async (key) => queueEpisodes(key, await missingOf(key)));
  sayQueued(
    answers.reduce((sum, one) => ({ added: sum.added + one.added, skipped: sum.skipped + one.skipped }), {
      added: 0,
      skipped: 0,
    }),
  );
  selection.clear();
}

async function monitorSelected(monitored) {
  const answers = await forEachChosen((key) => change(key, { monitored }));
  toast(say(monitored ? "monitored_many" : "unmonitored_many", { count: answers.length }));
  selection.clear();
  reload();
}

const ACTIONS = {
  rescan: () => startScan(),
  "queue-selected": queueSelected,
  "rescan-selected": async () => {
    await startScan(selection.values);
    selection.clear();
  },
  "monitor-selected": () => monitorSelected(true),
  "unmonitor-selected": () => monitorSelected(false),
  "clear-selection": () => selection.clear(),
};
on(document, "click", "[data-action]", (event, button) => {
  const act = ACTIONS[button.dataset.action];
  if (act) attempt(act, button);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selection.values.length && !find("dialog[open]")) selection.clear();
});

/* Only what is set stands in the address. */
document.addEventListener("htmx:configRequest", (event) => {
  const facts = event.detail.parameters;
  for (const name of [...new Set(Object.keys(facts))]) {
    if (
      facts[name] === "" ||
      (name === "sort" && facts[name] === "name") ||
      (name === "view" && facts[name] === "grid")
    )
      delete facts[name];
  }
});
document.addEventListener("htmx:afterSwap", () => {
  showSelection(selection.values);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "results" || event.detail?.elt?.id === "results")
    announce(find("[data-results-count]")?.textContent || say("nothing_found"));
});
on(document, "change", "[data-view] input", (event, choice) => {
  keep("view", choice.value);
  const cards = find("[data-cards]");
  if (cards) cards.dataset.layout = choice.value;
});

/** Asks for the results again, unless somebody is far down or in the middle of choosing: then only counts change. */
const reload = later(() => {
  if (selection.values.length || scrollY > innerHeight) return;
  window.htmx.trigger("#library-filter", "submit");
}, 800);

function heardSeries(event) {
  const shown = card(event.key);
  const facts = event.series || {};
  if (event.removed) shown?.remove();
  else if (!shown) reload();
  else if (typeof facts.missing_count === "number") showMissing(shown, facts);
  else reload();
}

function showMissing(shown, facts) {
  const badge = find("[data-missing-count]", shown);
  badge.hidden = facts.missing_count === 0;
  badge.dataset.missingCount = facts.missing_count;
  setText(find("b", badge), String(facts.missing_count));
  setText(find(".card-missing-word", badge), say("missing_word", { count: facts.missing_count }));
}

/* A series that was removed on its own page can be brought back here. */
function offerUndo() {
  const removed = JSON.parse(sessionStorage.getItem("removed") || "null");
  sessionStorage.removeItem("removed");
  if (!removed) return;
  const act = () =>
    attempt(async () => {
      const back = await api.post(`/api/anime/${encodeURIComponent(removed.key)}/restore`);
      toast(say("series_restored", { name: back.name }));
      reload();
    });
  const message = removed.message ? ` ${told(removed.message)}` : "";
  toast(say("series_removed", { name: removed.name }) + message, { action: { label: say("undo"), act }, seconds: 20 });
}

live.on("series_added", reload);
live.on("series_updated", heardSeries);
live.on("scan_complete", reload);
live.onReturn(reload);
offerUndo();
showSelection(findAll("[data-select]:checked").map((box) => box.value));
