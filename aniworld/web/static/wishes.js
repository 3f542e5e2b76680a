/* Wishes that several pages have: queue episodes, start a scan, monitor. Each says what came of it. */

import { api } from "./api.js";
import { base, say } from "./dom.js";
import { toast } from "./toasts.js";

const showQueue = () => ({ label: say("show_queue"), href: `${base}/queue` });
const showScan = () => ({ label: say("show_scan"), href: `${base}/scan` });

/** Queues `episodes` ("S01E02") of one series; answers how many were added. */
export async function queueEpisodes(key, episodes) {
  if (!episodes.length) return { added: 0, skipped: 0 };
  const answer = await api.post("/api/queue/add", { serie_id: key, episodes });
  return { added: answer.added.length, skipped: answer.skipped.length };
}

/** Every missing episode of a series as codes. */
export async function missingOf(key) {
  const detail = await api.get(`/api/anime/${encodeURIComponent(key)}`);
  return detail.episodes
    .filter((one) => one.state === "missing")
    .map((one) => ({ season: one.season, episode: one.episode }));
}

export function sayQueued({ added, skipped }) {
  const text = say(added ? "queued" : "queued_none", { count: added });
  toast(skipped && added ? `${text} ${say("skipped", { count: skipped })}` : text, { action: showQueue() });
}

/** Starts a scan of everything, or of the series `keys`. One that runs already is no failure. */
export async function startScan(keys) {
  try {
    await api.post("/api/anime/rescan", keys ? { keys } : {});
    toast(say("scan_started"), { action: showScan() });
  } catch (problem) {
    if (problem.status !== 409) throw problem;
    toast(say("scan_running"), { action: showScan() });
  }
}

export const change = (key, facts) => api.patch(`/api/anime/${encodeURIComponent(key)}`, facts);
