/*
 * The queue page: what runs, waits, failed and is done, as the server tells it; every wish goes to the REST interface.
 */

import { announce } from "./a11y_announcer.js";
import { Selection } from "./a11y_keyboard.js";
import { api } from "./api.js";
import { find, later, on, pageState, percent, say, told } from "./dom.js";
import { confirm } from "./dialogs.js";
import { History } from "./queue_history.js";
import { readyDragging } from "./queue_order.js";
import { episodeName, ItemList, progressRow, showTotals } from "./queue_rows.js";
import { SpeedGraph } from "./speed_graph.js";
import { attempt, toast } from "./toasts.js";
import { live } from "./websocket_client.js";

let status = pageState("queue-state");
const selection = new Selection({ root: () => find('[data-items="pending"]'), row: ".item", changed: showSelection });
const lists = Object.fromEntries(["active", "failed", "pending"].map((part) => [part, new ItemList(part)]));
const history = new History(find('[data-items="completed"]'));
const graph = new SpeedGraph(find("[data-graph]"));

function show() {
  const { statistics } = status;
  lists.active.show(status.active_downloads, statistics.active);
  lists.failed.show(status.failed_downloads, statistics.failed);
  lists.pending.show(status.pending_queue, statistics.pending);
  find('[data-part="active"]').classList.toggle("paused", status.is_paused);
  find("[data-queue-empty]").hidden = statistics.active + statistics.failed + statistics.pending > 0;
  showControls();
  showTotals(status);
  showSelection(selection.values);
}

function showControls() {
  const button = (name) => find(`[data-controls] [data-action="${name}"]`);
  const focused = document.activeElement?.closest?.("[data-controls]");
  button("start").hidden = status.is_running || status.is_paused;
  button("resume").hidden = !status.is_paused;
  button("stop").hidden = !status.is_running && !status.is_paused;
  find("[data-pause-menu]").hidden = status.is_paused || !status.is_running;
  if (focused && document.activeElement.closest("[hidden]")) find("[data-controls] > button:not([hidden])")?.focus();
  const message = find("[data-queue-message]");
  message.hidden = !status.message;
  find("span", message).textContent = told(status.message);
}

function showSelection(ids) {
  find("[data-selection]").hidden = ids.length === 0;
  find("[data-selection] [data-selection-count]").textContent = say("selected", { count: ids.length });
}

/** Takes a QueueStatus of the server as the truth. */
function take(fresh) {
  const done = status.statistics.completed !== fresh.statistics.completed;
  status = fresh;
  show();
  if (done) history.reload();
}

const refresh = later(() => attempt(async () => take(await api.get("/api/queue/status"))), 120);
const itemOf = (element) => {
  const id = element.closest(".item")?.dataset.id;
  return [...status.active_downloads, ...status.pending_queue, ...status.failed_downloads].find((one) => one.id === id);
};

async function remove(item) {
  const name = episodeName(item);
  if (item.status === "downloading") {
    const text = say("cancel_running_text", { name, percent: percent(item.progress) });
    if (!(await confirm({ title: say("cancel_running_title"), body: text, yes: say("stop_download") }))) return;
  }
  const next = find(`.item[data-id="${CSS.escape(item.id)}"]`)?.nextElementSibling;
  await api.delete(`/api/queue/${item.id}`);
  next?.focus();
  toast(say("item_removed", { name }), {
    action: { label: say("undo"), act: () => attempt(() => queueAgain([item])) },
  });
  refresh();
}

/** Puts removed items back: the wish is made again, at the same place where that is still possible. */
async function queueAgain(items) {
  for (const item of items) {
    const wish = {
      serie_id: item.serie_id,
      episodes: [{ season: item.season, episode: item.episode }],
      priority: item.priority,
    };
    if (item.languages.length) wish.languages = item.languages;
    const { added } = await api.post("/api/queue/add", wish);
    if (added.length && item.status === "pending")
      await api.patch(`/api/queue/${added[0].id}`, { position: item.position });
  }
  refresh();
}

async function move(item, place) {
  const total = status.statistics.pending;
  const wanted = Math.max(0, Math.min(place, total - 1));
  const moved = await api.patch(`/api/queue/${item.id}`, { position: wanted });
  take(await api.get("/api/queue/status"));
  announce(say("moved", { name: episodeName(item), n: moved.position + 1, total }));
  if (moved.position !== wanted) toast(say("held_by_priority"));
  find(`.item[data-id="${CSS.escape(item.id)}"]`)?.scrollIntoView({ block: "nearest" });
}

async function retry(ids) {
  const failed = status.statistics.failed;
  take(await api.post("/api/queue/retry", ids ? { item_ids: ids } : {}));
  toast(say("items_retried", { count: ids ? ids.length : failed - status.statistics.failed }));
}

async function clear(what) {
  const { removed } = await api.delete(`/api/queue/${what}`);
  toast(say("history_cleared", { count: removed }));
  refresh();
  history.reload();
}

async function removeSelected() {
  const items = status.pending_queue.filter((one) => selection.values.includes(one.id));
  for (const item of items) await api.delete(`/api/queue/${item.id}`);
  selection.clear();
  toast(say("items_removed", { count: items.length }), {
    action: { label: say("undo"), act: () => attempt(() => queueAgain(items)) },
  });
  refresh();
}

async function prioritiseSelected(priority) {
  for (const id of selection.values) await api.patch(`/api/queue/${id}`, { priority });
  selection.clear();
  refresh();
}

const control = (name) => async (button) => {
  const minutes = Number(button.dataset.minutes) || undefined;
  find("#pause-choices")?.hidePopover?.();
  take(await api.post(`/api/queue/${name}`, name === "pause" && minutes ? { minutes } : {}));
};
const ACTIONS = {
  start: control("start"),
  stop: control("stop"),
  pause: control("pause"),
  resume: control("resume"),
  remove: (button) => remove(itemOf(button)),
  up: (button) => move(itemOf(button), itemOf(button).position - 1),
  down: (button) => move(itemOf(button), itemOf(button).position + 1),
  top: (button) => move(itemOf(button), 0),
  retry: (button) => retry([itemOf(button).id]),
  "retry-all": () => retry(),
  "clear-failed": () => clear("failed"),
  "clear-completed": () => clear("completed"),
  "remove-selected": removeSelected,
  "priority-selected": (button) => prioritiseSelected(button.dataset.priority),
  "clear-selection": () => selection.clear(),
};
on(document, "click", "[data-action]", (event, button) => {
  const act = ACTIONS[button.dataset.action];
  if (act && button.getAttribute("aria-disabled") !== "true") attempt(() => act(button), button);
});
on(document, "change", '[data-f="priority"]', (event, select) =>
  attempt(async () => {
    await api.patch(`/api/queue/${itemOf(select).id}`, { priority: select.value });
    refresh();
  }),
);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selection.values.length && !find("dialog[open]")) selection.clear();
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const row = event.target.closest?.('[data-items="pending"] .item');
  if (!step || !row) return;
  if (event.altKey) {
    event.preventDefault();
    attempt(() => move(itemOf(row), itemOf(row).position + step));
  } else if (event.target === row) {
    event.preventDefault();
    (step < 0 ? row.previousElementSibling : row.nextElementSibling)?.focus();
  }
});
readyDragging(find('[data-items="pending"]'), (id, place) =>
  attempt(() =>
    move(
      status.pending_queue.find((one) => one.id === id),
      place,
    ),
  ),
);

live.on("queue_status", take);
live.on("download_progress", (progress) => {
  const item = status.active_downloads.find((one) => one.id === progress.download_id);
  if (!item) return;
  const { percent, download_id: id, ...facts } = progress;
  Object.assign(item, facts, { id, progress: percent });
  progressRow(find(`.item[data-id="${CSS.escape(id)}"]`), item);
  showTotals(status);
});
live.onReturn(refresh);
setInterval(
  () => graph.add(status.active_downloads.reduce((sum, one) => sum + (status.is_paused ? 0 : one.speed_mbps), 0)),
  1000,
);
show();
history.reload();
