/* Trials of what is saved: a test message, the media server. What came of each is a sentence. */

import { api } from "./api.js";
import { announce } from "./a11y_announcer.js";
import { find, told } from "./dom.js";

const sentence = (trial) => [trial.target, told(trial.message)].filter(Boolean).join(": ");

function show(trials) {
  const texts = trials.length ? trials : [{ ok: false, target: "", message: "trial_nothing" }];
  find("[data-trials]").replaceChildren(
    ...texts.map((one) =>
      make(
        "li",
        { class: one.ok ? "trial trial-ok" : "trial trial-bad" },
        icon(one.ok ? "check" : "error"),
        make("bdi", {}, sentence(one)),
      ),
    ),
  );
  announce(texts.map(sentence).join(" "));
}

export const TRIAL_ACTIONS = {
  "try-notifications": async () => show(await api.post("/api/notifications/test", {})),
  "try-media-server": async () => show([await api.post("/api/media-server/test", {})]),
};
