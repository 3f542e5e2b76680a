/* The scan page: phases as they pass, warnings, and folders to be given to a series. */

import { api } from "./api.js";
import { find, findAll, make, moment, number, on, pageState, percent, say, setText, told } from "./dom.js";
import { attempt, toast } from "./toasts.js";
import { isRunning, live } from "./websocket_client.js";
import { startScan } from "./wishes.js";

const PHASES = ["walk", "match", "record", "compare", "refresh"];
let scan = pageState("scan-state");

function show() {
  const running = scan.status === "running";
  find('[data-action="start-scan"]').hidden = running;
  find('[data-action="cancel-scan"]').hidden = !running;
  setText(
    find("[data-scan-state]"),
    running
      ? `${say("scan_status_running")} · ${percent(scan.percent)}`
      : say(scan.status === "idle" ? "scan_idle" : `scan_status_${scan.status}`),
  );
  setText(find("[data-scan-times]"), [scan.started_at, scan.completed_at].filter(Boolean).map(moment).join(" – "));
  const bar = find("[data-scan-bar]");
  bar.hidden = scan.status === "idle";
  bar.value = scan.status === "completed" ? 100 : scan.percent;
  showPhases(running);
  showResult();
}

function showPhases(running) {
  const now = PHASES.indexOf(scan.phase);
  for (const phase of findAll("[data-phase]")) {
    const place = PHASES.indexOf(phase.dataset.phase);
    phase.classList.toggle("done", scan.status === "completed" || (running && now > place));
    phase.classList.toggle("now", running && now === place);
    if (running && now === place) phase.setAttribute("aria-current", "step");
    else phase.removeAttribute("aria-current");
  }
  const text = running
    ? [
        knownPhase(scan.phase),
        scan.message || scan.folder || "",
        scan.total ? `${number(scan.current)} / ${number(scan.total)}` : "",
      ]
    : [];
  setText(find("[data-scan-message]"), text.filter(Boolean).join(" · "));
}

const knownPhase = (phase) => (PHASES.includes(phase) ? say(`phase_${phase}`) : "");

function showResult() {
  const ended = scan.status === "completed" || scan.status === "cancelled";
  for (const [place, value] of [
    ["series", scan.series_found],
    ["episodes", scan.episodes_found],
    ["missing", scan.missing_total],
  ]) {
    setText(find(`[data-scan-${place}]`), ended ? number(value) : "–");
  }
  const trouble = find("[data-scan-error]");
  trouble.hidden = !scan.error || scan.status === "running";
  setText(find("span", trouble), told(scan.error));
  const warnings = scan.warnings || [];
  find("[data-warnings-part]").hidden = warnings.length === 0;
  find("[data-warnings]").replaceChildren(...warnings.map((text) => make("li", {}, make("bdi", {}, told(text)))));
}

async function fetchState() {
  scan = await api.get("/api/anime/scan");
  show();
}

live.on("scan_progress", (progress) => {
  if (!isRunning(progress)) return;
  scan = { ...scan, ...progress, status: "running", error: null };
  show();
});
for (const end of ["scan_complete", "scan_failed"]) live.on(end, () => attempt(fetchState).then(reloadFolders));
live.onReturn(() => attempt(fetchState));

/** The folders after a scan, unless somebody is choosing among them. */
async function reloadFolders() {
  const list = find("[data-unmatched]");
  if (list.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  list.replaceChildren(...find("[data-unmatched]", fresh).children);
  find("[data-choice-list]").replaceChildren(...find("[data-choice-list]", fresh).children);
  showFolders();
}

const showFolders = () => {
  find("[data-unmatched-empty]").hidden = find("[data-unmatched]").children.length > 0;
  find("[data-choices]").hidden = find("[data-choice-list]").children.length === 0;
};

async function match(button) {
  const item = button.closest("[data-folder]");
  const choice = find("[data-candidate]", item);
  const { folder } = item.dataset;
  await api.post("/api/anime/unmatched/match", { folder, key: choice.value || null });
  const next = item.nextElementSibling || item.previousElementSibling;
  item.remove();
  showFolders();
  (next ? find("select", next) : find("#main")).focus();
  toast(
    choice.value ? say("matched", { folder, name: choice.selectedOptions[0].textContent }) : say("ignored", { folder }),
  );
}

async function takeBack(button) {
  const item = button.closest("[data-folder]");
  const { folder } = item.dataset;
  await api.delete(`/api/anime/unmatched/match?folder=${encodeURIComponent(folder)}`);
  item.remove();
  showFolders();
  find("#main").focus();
  toast(say("taken_back", { folder }));
}

on(document, "click", "[data-action]", (event, button) => {
  const act = {
    "start-scan": async () => {
      await startScan();
      await fetchState();
    },
    "cancel-scan": async () => {
      scan = { ...scan, ...(await api.delete("/api/anime/scan")) };
      show();
    },
    match: () => match(button),
    "take-back": () => takeBack(button),
  }[button.dataset.action];
  if (act) attempt(act, button);
});
show();
