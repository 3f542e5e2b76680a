/* Backups of the settings: make, restore after seeing what would change, delete. */

import { api } from "./api.js";
import { base, make, say } from "./dom.js";
import { confirm } from "./dialogs.js";

const nameOf = (button) => button.closest("[data-backup]").dataset.backup;
const path = (name) => `/api/config/backups/${encodeURIComponent(name)}`;

async function restoreBackup(button) {
  const name = nameOf(button);
  const [now, then] = await Promise.all([api.get("/api/config/"), api.get(path(name))]);
  const changes = differences(now, then.settings || then);
  if (!(await confirm({ title: say("restore_title"), body: summary(changes), yes: say("restore"), danger: false })))
    return;
  await api.post(`${path(name)}/restore`, {});
  location.reload();
}

/** [setting, value now, value then] for each setting that differs. A secret differs only by being there. */
function differences(now, then) {
  return Object.entries(now).flatMap(([section, values]) =>
    Object.entries(values || {})
      .filter(
        ([name, value]) =>
          then[section] &&
          name in then[section] &&
          !isSecret(value) &&
          JSON.stringify(value) !== JSON.stringify(then[section][name]),
      )
      .map(([name, value]) => [`${section}.${name}`, value, then[section][name]]),
  );
}

const isSecret = (value) => JSON.stringify(value ?? "").includes("********");
const spoken = (value) =>
  Array.isArray(value)
    ? value.map((one) => (typeof one === "object" ? JSON.stringify(one) : one)).join(", ") || "–"
    : String(value) || "–";

function summary(changes) {
  if (!changes.length) return make("p", {}, say("restore_same"));
  const rows = changes.map(([name, before, after]) =>
    make(
      "div",
      { class: "change" },
      make("code", {}, name),
      make("span", {}, make("del", {}, spoken(before)), " → ", make("ins", {}, spoken(after))),
    ),
  );
  return make("div", {}, make("p", {}, say("restore_changes")), ...rows);
}

async function deleteBackup(button) {
  if (!(await confirm({ title: say("delete_backup_title"), body: nameOf(button), yes: say("delete") }))) return;
  await api.delete(path(nameOf(button)));
  location.reload();
}

export const BACKUP_ACTIONS = {
  "make-backup": async () => {
    await api.post("/api/config/backups", {});
    location.assign(`${base}/settings/backups`);
  },
  "restore-backup": restoreBackup,
  "delete-backup": deleteBackup,
};
