/* The calendar page: the password for calendar programs is made, shown once, revoked. */

import { api } from "./api.js";
import { confirm } from "./dialogs.js";
import { find, on, say, setText } from "./dom.js";
import { attempt, toast } from "./toasts.js";

const PATH = "/api/calendar/access";
const box = () => find("[data-calendar-access]");

function show(active, password = "") {
  box().dataset.calendarAccess = active ? "on" : "off";
  find('[data-action="forbid-calendar"]').hidden = !active;
  find("[data-new-password]").hidden = !password;
  find('[data-copy="password"]').value = password;
  setText(find("[data-access-state]"), say(active ? "calendar_open" : "calendar_shut"));
}

async function allow() {
  const again = box().dataset.calendarAccess === "on";
  if (
    again &&
    !(await confirm({
      title: say("calendar_again_title"),
      body: say("calendar_again"),
      yes: say("calendar_make"),
      danger: false,
    }))
  )
    return;
  const made = await api.post(PATH);
  show(true, made.password);
  const text = find('[data-copy="password"]');
  text.focus();
  text.select();
  toast(say("calendar_made"));
}

async function forbid() {
  if (!(await confirm({ title: say("calendar_forbid_title"), body: say("calendar_forbid"), yes: say("revoke") })))
    return;
  await api.delete(PATH);
  show(false);
  find('[data-action="allow-calendar"]').focus();
  toast(say("calendar_forbidden"));
}

async function copy(button) {
  await navigator.clipboard?.writeText(find(`[data-copy="${button.dataset.of}"]`).value);
  toast(say("copied"));
}

on(document, "click", "[data-action]", (event, button) => {
  const act = { "allow-calendar": allow, "forbid-calendar": forbid, copy: () => copy(button) }[button.dataset.action];
  if (act) attempt(act, button);
});
