/* Password, second factor, open sessions and API keys. */

import { api } from "./api.js";
import { find, moment, say, setText, showTimes } from "./dom.js";
import { confirm } from "./dialogs.js";
import { readyStrength } from "./strength.js";
import { SECOND_FACTOR_ACTIONS, readySecondFactor } from "./settings_second_factor.js";
import { attempt, toast } from "./toasts.js";

/** Sends `form` by `wish`; what is wrong stands under its fields. */
function submits(form, wish) {
  const trouble = find("[data-form-error]", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      await wish(form.elements);
      form.reset();
    } catch (problem) {
      if (!("status" in problem)) throw problem;
      setText(trouble, Object.values(problem.errors).flat().join(" ") || problem.message);
      trouble.hidden = false;
    }
  });
}

async function changePassword(fields) {
  await api.post("/api/auth/password", { current: fields.current.value, new: fields.new.value });
  toast(say("password_changed"));
  await showSessions();
}

async function makeKey(fields) {
  const made = await api.post("/api/auth/keys", { name: fields.name.value.trim(), scope: fields.scope.value });
  find("[data-new-key]").hidden = false;
  const text = find("[data-key-text]");
  text.value = made.key;
  text.focus();
  text.select();
  toast(say("key_made"));
  await showKeys();
}

/** The list of keys as the server draws it now. */
async function showKeys() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const fresh = answer?.ok && find("[data-keys]", new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!fresh) return;
  const list = find("[data-keys]");
  list.replaceChildren(...fresh.children);
  showTimes(list);
}

async function showSessions() {
  const list = find("[data-sessions]");
  const sessions = await api.get("/api/auth/sessions");
  list.replaceChildren(...sessions.map(sessionRow));
  find("[data-end-others]").hidden = sessions.length < 2;
  list.removeAttribute("aria-busy");
}

function sessionRow(session) {
  const row = find("#tpl-session").content.firstElementChild.cloneNode(true);
  row.dataset.session = session.id;
  const here = session.current ? say("this_session") : "";
  setText(find('[data-f="agent"]', row), here || browserOf(session.user_agent));
  setText(
    find('[data-f="facts"]', row),
    [here ? browserOf(session.user_agent) : "", session.address, `${say("last_seen")} ${moment(session.last_seen)}`]
      .filter(Boolean)
      .join(" · "),
  );
  find('[data-action="end-session"]', row).hidden = session.current;
  return row;
}

/** "Firefox, Linux" from a user agent's long text; the text itself for an unknown one. */
function browserOf(agent) {
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name));
  const name = { Edg: "Edge", OPR: "Opera" }[browser] || browser;
  return [name, system].filter(Boolean).join(", ") || agent.slice(0, 80) || "–";
}

async function endSession(button) {
  if (!(await confirm({ title: say("end_session_title"), yes: say("end_session") }))) return;
  await api.delete(`/api/auth/sessions/${encodeURIComponent(button.closest("[data-session]").dataset.session)}`);
  toast(say("session_ended"));
  await showSessions();
}

async function endOtherSessions() {
  if (!(await confirm({ title: say("end_others_title"), body: say("end_others_text"), yes: say("end_others") })))
    return;
  const ended = await api.delete("/api/auth/sessions");
  toast(say("others_ended", { count: ended.removed }));
  await showSessions();
  find("#sessions-title").focus();
}

async function revokeKey(button) {
  const row = button.closest("[data-key-id]");
  if (
    !(await confirm({
      title: say("revoke_title", { name: row.dataset.name }),
      body: say("revoke_text"),
      yes: say("revoke"),
    }))
  )
    return;
  await api.delete(`/api/auth/keys/${encodeURIComponent(row.dataset.keyId)}`);
  toast(say("key_revoked"));
  await showKeys();
  find("#keys-title").focus();
}

export const ACCESS_ACTIONS = {
  ...SECOND_FACTOR_ACTIONS,
  "end-session": endSession,
  "end-other-sessions": endOtherSessions,
  "revoke-key": revokeKey,
  "copy-key": async () => {
    await navigator.clipboard?.writeText(find("[data-key-text]").value);
    toast(say("copied"));
  },
};

export function readyAccess() {
  if (!find("[data-password-form]")) return;
  submits(find("[data-password-form]"), changePassword);
  submits(find("[data-key-form]"), makeKey);
  readyStrength(find("#new"));
  readySecondFactor(submits);
  attempt(showSessions);
}
