/* Whole backups: made, checked and brought back in the background, and watched until that ends. */

import { api } from "./api.js";
import { base, find, findAll, later, moment, number, pageState, percent, say, setText, told } from "./dom.js";
import { confirm } from "./dialogs.js";
import { toast } from "./toasts.js";

const LOOK_AGAIN_MS = 700;
const rowOf = (button) => button.closest("[data-whole-name]");
const path = (row) => `/api/backups/${encodeURIComponent(row.dataset.wholeName)}`;
let watched = false;
let timer = 0;

function show(work) {
  const runs = work.status === "running";
  setText(find("[data-whole-state]"), sentence(work));
  const bar = find("[data-whole-bar]");
  bar.hidden = !runs;
  bar.value = work.percent;
  for (const button of findAll("[data-action$=-whole]")) button.setAttribute("aria-disabled", String(runs));
  clearTimeout(timer);
  if (runs) timer = setTimeout(ask, LOOK_AGAIN_MS);
  else if (watched) ended(work);
  watched = runs;
}

function sentence(work) {
  if (work.status === "idle") return "";
  if (work.status === "running")
    return say(work.phase ? `whole_${work.phase}` : "whole_begins", { percent: percent(work.percent) });
  if (work.status === "failed") return `${moment(work.completed_at)}: ${told(work.error)}`;
  return say(`whole_done_${work.what}`, {
    time: moment(work.completed_at),
    rows: number(rows(work.facts)),
    covers: number(work.facts.covers ?? 0),
  });
}

const rows = (facts) =>
  typeof facts.tables === "object" ? Object.values(facts.tables).reduce((sum, each) => sum + each, 0) : facts.rows || 0;

function ended(work) {
  if (work.status === "failed") toast(told(work.error), { bad: true });
  else if (work.what === "verify") toast(sentence(work));
  else location.assign(`${base}/settings/backup`);
}

const ask = later(async () => {
  const work = await api
    .get("/api/backups/work")
    .catch((problem) => (problem.status ? null : pageState("backup-work")));
  if (work) show(work);
}, 100);

async function restore(button) {
  const row = rowOf(button);
  const body = say("whole_restore_text", { time: find("time", row)?.textContent || row.dataset.wholeName });
  if (!(await confirm({ title: say("whole_restore_title"), body, yes: say("restore") }))) return;
  show(await api.post(`${path(row)}/restore`, {}));
}

async function remove(button) {
  const row = rowOf(button);
  if (!(await confirm({ title: say("delete_backup_title"), body: row.dataset.wholeName, yes: say("delete") }))) return;
  await api.delete(path(row));
  const next = row.nextElementSibling || row.previousElementSibling;
  row.remove();
  (find("button", next || document.createElement("i")) || find('[data-action="make-whole"]')).focus();
  toast(say("backup_removed"));
}

export function readyWhole() {
  if (find("[data-whole]")) show(pageState("backup-work"));
}

export const WHOLE_ACTIONS = {
  "make-whole": async () => show(await api.post("/api/backups/", {})),
  "verify-whole": async (button) => show(await api.post(`${path(rowOf(button))}/verify`, {})),
  "restore-whole": restore,
  "delete-whole": remove,
};
