/* What every page does: live line, badges, shortcuts, palette, colours, language, sign-out. */

import { listenForShortcuts } from "./a11y_keyboard.js";
import { api } from "./api.js";
import { base, find, findAll, on, say, setText, showTimes, told } from "./dom.js";
import { readyMenus, readySheets } from "./dialogs.js";
import { openPalette, readyPalette } from "./palette.js";
import { nextTheme, switchLanguage } from "./preferences.js";
import { showInTab } from "./tab_progress.js";
import { attempt, toast } from "./toasts.js";
import { isRunning, live } from "./websocket_client.js";

const BANNER_AFTER_MS = 1500;

function showConnection() {
  let timer = 0;
  let told = false;
  live.onState((state) => {
    clearTimeout(timer);
    document.documentElement.dataset.live = state;
    if (state === "offline") {
      timer = setTimeout(() => {
        told = true;
        banner(say("offline"));
      }, BANNER_AFTER_MS);
    } else if (state === "online") {
      banner("");
      if (told) toast(say("back_online"));
      told = false;
    }
  });
}

function banner(text) {
  for (const [holder, place] of [
    ["[data-banner]", "[data-banner-text]"],
    ["[data-connection]", "[data-connection-text]"],
  ]) {
    const element = find(holder);
    if (!element) continue;
    element.hidden = !text;
    setText(find(place), text);
  }
}

let active = [];
let waiting = 0;

function heardQueue(status) {
  active = status.active_downloads.map((one) => ({ id: one.id, progress: one.progress }));
  waiting = status.statistics.pending;
  const count = find("[data-queue-count]");
  const open = active.length + waiting;
  count.hidden = !open;
  setText(count, open > 999 ? "999+" : String(open));
  showQueueInTab();
}

function heardProgress(progress) {
  const one = active.find((item) => item.id === progress.download_id);
  if (one) one.progress = progress.percent;
  showQueueInTab();
}

function showQueueInTab() {
  if (!active.length) return showInTab(null);
  const mean = active.reduce((sum, one) => sum + one.progress, 0) / active.length;
  return showInTab(mean / 100, active.length + waiting);
}

function heardScan(running) {
  const dot = find("[data-scan-dot]");
  if (dot) dot.hidden = !running;
}

function listen() {
  live.on("queue_status", heardQueue);
  live.on("download_progress", heardProgress);
  live.on("scan_progress", (scan) => heardScan(isRunning(scan)));
  live.on("scan_complete", (scan) => {
    heardScan(false);
    toast(say("scan_complete", { series: scan.series_found, missing: scan.missing_total }));
  });
  live.on("scan_failed", (scan) => {
    heardScan(false);
    if (scan.error_code === "cancelled") toast(say("scan_cancelled"));
    else toast(say("scan_failed", { error: told(scan.error) }), { bad: true });
  });
  live.join("downloads", "download_progress", "scan_progress", "library");
}

const goTo = (page) => () => location.assign(find(`[data-page="${page}"]`).href);
const toggleTheme = () => toast(nextTheme(), { seconds: 2 });
const signOut = () =>
  attempt(async () => {
    await api.post("/api/auth/logout");
    location.assign(`${base}/login`);
  });

function readyCommands() {
  const pages = Object.fromEntries(
    findAll("[data-shortcut]").map((link) => [link.dataset.shortcut, goTo(link.dataset.page)]),
  );
  listenForShortcuts({
    ...pages,
    "?": () => find("#help").showModal(),
    "ctrl+k": openPalette,
    "/": () => (find("[data-main-search]") || find("#main")).focus(),
  });
  const other = find('.rail-foot [data-action="language"]');
  readyPalette([
    { label: find('[data-action="theme"]').title, sign: "contrast", act: toggleTheme },
    { label: other.title, sign: "language", act: () => switchLanguage(other.dataset.language) },
    { label: find("#help-title").textContent, hint: "?", sign: "keyboard", act: () => find("#help").showModal() },
    { label: find('[data-action="sign-out"]').title, sign: "signout", act: signOut },
  ]);
}

on(document, "click", "[data-action]", (event, button) => {
  const act = {
    palette: openPalette,
    theme: toggleTheme,
    language: () => switchLanguage(button.dataset.language),
    "sign-out": signOut,
  }[button.dataset.action];
  if (act) act();
});

/* A cover that is not there gives way to the letters behind it. */
document.addEventListener(
  "error",
  (event) => event.target instanceof HTMLImageElement && event.target.matches("[data-cover]") && event.target.remove(),
  true,
);
for (const cover of findAll("[data-cover]")) if (cover.complete && cover.naturalWidth === 0) cover.remove();

/* HTMX asks with the token of the page, and says what went wrong as everything else does. */
document.addEventListener("htmx:afterSwap", () => showTimes());
document.addEventListener("htmx:responseError", (event) =>
  toast(`${say("failed_unknown")} (${event.detail.xhr.status})`, { bad: true }),
);
document.addEventListener("htmx:sendError", () => toast(say("failed_network"), { bad: true }));

showTimes();
readySheets();
readyMenus();
showConnection();
listen();
readyCommands();
