/* The look for new episodes: begun by hand, and watched until it ends. */

import { api } from "./api.js";
import { find, later, make, moment, number, pageState, say, setText, told } from "./dom.js";
import { live } from "./websocket_client.js";

const LOOK_AGAIN_MS = 2000;
let timer = 0;

function show(look) {
  setText(find("[data-tracking-state]"), sentence(look));
  const bar = find("[data-tracking-bar]");
  bar.hidden = !look.running;
  bar.max = look.total || 1;
  bar.value = look.looked;
  find('[data-action="look"]').disabled = look.running;
  const warnings = find("[data-tracking-warnings]");
  warnings.hidden = look.warnings.length === 0;
  warnings.replaceChildren(...look.warnings.map((text) => make("li", {}, make("bdi", {}, warned(text)))));
  clearTimeout(timer);
  if (look.running) timer = setTimeout(ask, LOOK_AGAIN_MS);
}

/** "Name: why" as the server says it of a series, or a sentence of its own. */
function warned(text) {
  const known = told(text);
  const [, name, why] = /^(.+?): (.+)$/s.exec(text) || [];
  return known === text && name ? `${name}: ${told(why)}` : known;
}

function sentence(look) {
  if (look.running) return say("look_running", { done: number(look.looked), total: number(look.total) });
  if (!look.completed_at && look.reason) return told(look.reason);
  if (!look.completed_at) return say("look_never");
  const facts = {
    time: moment(look.completed_at),
    looked: number(look.looked),
    new: number(look.new_episodes),
    queued: number(look.queued + look.upgrades),
  };
  return look.reason ? `${say("look_done", facts)} ${told(look.reason)}` : say("look_done", facts);
}

const ask = later(async () => {
  const look = await api.get("/api/tracking").catch(() => null);
  if (look) show(look);
}, 200);

export function readyTracking() {
  if (!find("[data-tracking]")) return;
  show(pageState("tracking-state"));
  live.on("series_updated", () => find("[data-tracking-bar]").hidden || ask());
  live.onReturn(ask);
}

export const TRACKING_ACTIONS = { look: async () => show(await api.post("/api/tracking/look", {})) };
