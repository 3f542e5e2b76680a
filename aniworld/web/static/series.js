/*
 * One series: choose episodes, queue them, monitor, languages, remove with undo; states stay true while things happen.
 */

import { Selection } from "./a11y_keyboard.js";
import { announce } from "./a11y_announcer.js";
import { api } from "./api.js";
import { base, code, find, findAll, later, on, say, setText, size, subtitleLanguage } from "./dom.js";
import { confirm } from "./dialogs.js";
import { readyOrderLists, orderOf } from "./order_list.js";
import { readyRenaming } from "./renaming.js";
import { attempt, toast } from "./toasts.js";
import { live } from "./websocket_client.js";
import { change, missingOf, queueEpisodes, sayQueued, startScan } from "./wishes.js";

const page = find("[data-series]");
const key = page.dataset.series;
const name = page.dataset.name;
const path = `/api/anime/${encodeURIComponent(key)}`;
const row = (episode) => find(`.episode[data-code="${CSS.escape(episode)}"]`);
const selection = new Selection({ root: () => find("#season") || page, row: ".episode", changed: showSelection });

function showSelection(chosen) {
  const count = chosen.length;
  setText(find("[data-selection-count]"), count ? say("selected", { count }) : "");
  const button = find('[data-action="queue-selected"]');
  if (button) button.disabled = count === 0;
  const all = find("[data-select-all]");
  if (!all) return;
  all.checked = count > 0 && count === selection.boxes.length;
  all.indeterminate = count > 0 && !all.checked;
}

async function queue(episodes) {
  sayQueued(await queueEpisodes(key, episodes));
  refresh();
}

const ofSeason = (fits) =>
  findAll(".episode")
    .filter(fits)
    .map((one) => one.dataset.code);

async function remove() {
  const agreed = await confirm({
    title: say("remove_series_title", { name }),
    body: find("#remove-body").content.firstElementChild.cloneNode(true),
    yes: say("remove"),
  });
  if (!agreed) return;
  const files = find('#confirm [name="files"]')?.checked ? "recycle" : "keep";
  const answer = await api.delete(`${path}?files=${files}`);
  sessionStorage.setItem("removed", JSON.stringify({ key, name, message: answer?.message || "" }));
  location.assign(`${base}/`);
}

/* Whose numbers count: rows, files and the comparison change together, so the page is read again. */
async function decide(decision) {
  await api.post(`${path}/renumbering`, { decision });
  location.reload();
}

const ACTIONS = {
  "queue-missing": async () => queue(await missingOf(key)),
  "queue-season": () => queue(ofSeason((one) => one.dataset.state === "missing")),
  "queue-selected": async () => {
    await queue(selection.values);
    selection.clear();
  },
  "queue-one": (button) => queue([button.closest(".episode").dataset.code]),
  refresh: async () => {
    await api.post(`${path}/refresh`);
    toast(say("refreshing"));
  },
  rescan: () => startScan([key]),
  "reset-specials": () => saveSpecials({}),
  "reset-entries": () => saveEntries({}),
  "renumbering-apply": () => decide("apply"),
  "renumbering-keep": () => decide("keep"),
  remove,
};
on(page, "click", "[data-action]", (event, button) => {
  const act = ACTIONS[button.dataset.action];
  if (act && button.getAttribute("aria-disabled") !== "true") attempt(() => act(button), button);
});
on(page, "change", "[data-select-all]", (event, box) => selection.set(() => box.checked));
/* Only monitored series are looked through: who wishes their new episodes wishes that, too. An answer that was asked
   for before the wish must not put the switch back meanwhile. */
let wishing = 0;
on(page, "change", "[data-switch]", (event, box) =>
  attempt(async () => {
    const facts = { [box.dataset.switch]: box.checked };
    if (box.checked) facts.monitored = true;
    wishing += 1;
    const detail = await change(key, facts).finally(() => {
      wishing -= 1;
    });
    showSwitches(detail);
    toast(say(`${box.dataset.switch}_${box.checked ? "on" : "off"}`));
  }).then(() => refresh()),
);
on(page, "change", '[data-order-list][data-name="languages"]', (event, list) =>
  attempt(async () => {
    await change(key, { languages: orderOf(list) });
    toast(say("saved"), { seconds: 3 });
  }),
);
/* A folder that nobody touched is not sent: a field shows less than a name may hold. */
let shownFolder = find("#series-folder")?.value;
on(page, "submit", "[data-rename]", async (event, form) => {
  event.preventDefault();
  const trouble = find("[data-form-error]", form);
  trouble.hidden = true;
  try {
    const { folder } = form.elements;
    const facts = { name: form.elements.name.value.trim() };
    if (folder.value !== shownFolder) facts.folder = folder.value;
    const detail = await change(key, facts);
    folder.value = detail.folder;
    shownFolder = folder.value;
    toast(say("saved"));
  } catch (problem) {
    setText(
      trouble,
      Object.values(problem.errors || {})
        .flat()
        .join(" ") || problem.message,
    );
    trouble.hidden = false;
  }
});

/* Numbers of specials: said in full, so that one is never taken from another unseen. */
async function saveSpecials(specials) {
  const form = find("[data-specials]");
  await change(key, { specials });
  for (const field of findAll("[data-special]", form))
    field.value = specials[field.dataset.special] || field.dataset.special;
  find('[data-action="reset-specials"]', form).hidden = findAll("[data-special]", form).every(
    (one) => one.value === one.dataset.special,
  );
  toast(say("specials_saved"), {
    action: { label: say("file_names"), act: () => find('[data-action="rename-files"]').click() },
  });
}

/* Numbers of a list's entries: what was put elsewhere before stays so, what was changed here is added. */
async function saveEntries(numbering) {
  await change(key, { numbering });
  const form = find("[data-entries]");
  form.dataset.entries = JSON.stringify(numbering);
  for (const field of findAll("[data-entry]", form)) field.dataset.code = field.value.trim();
  find('[data-action="reset-entries"]', form).hidden = Object.keys(numbering).length === 0;
  toast(say("entries_saved"));
}

const changedEntries = (form) =>
  Object.fromEntries(
    findAll("[data-entry]", form)
      .filter((one) => one.value.trim() !== one.dataset.code)
      .map((one) => [one.dataset.entry, one.value.trim() || null]),
  );

on(page, "submit", "[data-specials], [data-entries]", async (event, form) => {
  event.preventDefault();
  const trouble = find("[data-form-error]", form);
  trouble.hidden = true;
  try {
    if (form.matches("[data-entries]"))
      await saveEntries({ ...JSON.parse(form.dataset.entries), ...changedEntries(form) });
    else
      await saveSpecials(
        Object.fromEntries(findAll("[data-special]", form).map((one) => [one.dataset.special, Number(one.value)])),
      );
  } catch (problem) {
    if (!("status" in problem)) throw problem;
    setText(
      trouble,
      Object.values(problem.errors || {})
        .flat()
        .join(" ") || problem.message,
    );
    trouble.hidden = false;
  }
});

/* The description is cut after four lines where it is longer. */
for (const box of findAll("[data-clamp]")) {
  const button = find("[data-clamp-toggle]", box);
  box.classList.add("clamped");
  const text = find("p", box);
  if (text.scrollHeight <= text.clientHeight + 2) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = !box.classList.toggle("clamped");
    button.setAttribute("aria-expanded", String(open));
    setText(button, open ? button.dataset.less : button.dataset.more);
  });
}

/* What the server knows now, written into the rows that are shown. */
const refresh = later(async () => {
  const detail = await api.get(path).catch(() => null);
  if (!detail) return;
  const renumbering = find("[data-renumbering]")?.dataset.renumbering || "";
  const unread = Number(find("[data-unread]")?.dataset.unread || 0);
  if (
    (!find("[data-episodes]") && detail.episodes.length) ||
    (detail.renumbering?.status || "") !== renumbering ||
    detail.unread_count !== unread
  ) {
    location.reload();
    return;
  }
  for (const one of detail.episodes) showState(row(code(one.season, one.episode)), one);
  showCounts(detail);
  showSwitches(detail);
}, 250);

function showSwitches(detail) {
  if (wishing) return;
  for (const box of findAll("[data-switch]")) box.checked = detail[box.dataset.switch];
  const hint = find("[data-tracking-off]");
  hint.hidden = hint.dataset.trackingOff === "no" || !(detail.auto_download || detail.upgrade);
}

function showState(shown, one) {
  if (!shown) return;
  const changed = shown.dataset.state !== one.state;
  shown.dataset.state = one.state;
  const mark = find(".state", shown);
  mark.className = `state state-${one.state}`;
  setText(mark, say(`state_${one.state}`));
  find('[data-action="queue-one"]', shown).hidden = one.state !== "missing";
  if (one.state !== "downloading") find("[data-progress]", shown).hidden = true;
  const file = find("[data-file]", shown);
  file.hidden = !one.file;
  const read = one.subtitles?.length
    ? say("subtitles_are", { languages: one.subtitles.map(subtitleLanguage).join(", ") })
    : "";
  if (one.file)
    setText(
      file,
      [one.file.replaceAll("\\", "/").split("/").pop(), size(one.size_bytes), read].filter(Boolean).join(" · "),
    );
  find("[data-subtitles-missing]", shown).hidden = !one.subtitles_missing;
  if (changed && one.state === "present")
    announce(`${find(".episode-title", shown).textContent}: ${say("state_present")}`);
}

function showCounts(detail) {
  const missing = detail.episodes.filter((one) => one.state === "missing");
  const total = find("[data-series-missing]");
  total.hidden = missing.length === 0;
  setText(total, say("missing", { count: missing.length }));
  find('[data-action="queue-missing"]').disabled = missing.length === 0;
  for (const tab of findAll("[data-season-tab]")) {
    const count = missing.filter((one) => one.season === Number(tab.dataset.seasonTab)).length;
    const badge = find("[data-tab-missing]", tab);
    badge.hidden = count === 0;
    setText(find("b", badge), String(count));
  }
}

live.on("download_progress", (progress) => {
  if (progress.key !== key) return;
  const shown = row(code(progress.season, progress.episode));
  if (!shown) return;
  const bar = find("[data-progress]", shown);
  bar.hidden = false;
  bar.value = progress.percent;
  if (shown.dataset.state !== "downloading") refresh();
});
const concerns = (event) => event.key === key && refresh();
live.on("series_updated", concerns);
live.on("download_complete", concerns);
live.on("download_failed", concerns);
live.on("queue_status", () => refresh());
live.on("scan_complete", () => refresh());
live.onReturn(() => refresh());
document.addEventListener("htmx:afterSwap", () => {
  showSelection(selection.values);
  refresh();
});
readyOrderLists(page);
readyRenaming();
showSelection(selection.values);
