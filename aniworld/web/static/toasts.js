/* Short messages in the corner, heard by screen readers; one that offers an undo stays longer. */

import { announce } from "./a11y_announcer.js";
import { find, icon, make, say } from "./dom.js";

const AT_MOST = 4;

/**
 * Shows `text`. `action` = {label, act} adds a button (or {label, href} a link); `bad` marks a failure and is read at
 * once.
 */
export function toast(text, { bad = false, action = null, seconds = action ? 10 : 6 } = {}) {
  const card = make(
    "div",
    { class: bad ? "toast-card bad" : "toast-card" },
    icon(bad ? "error" : "check"),
    make("div", { class: "toast-text" }, text),
  );
  const drop = () => card.remove();
  if (action) card.append(actionButton(action, drop));
  const close = make("button", { class: "icon-button", type: "button", "aria-label": say("close") }, icon("close"));
  close.addEventListener("click", drop);
  card.append(close);
  const place = find("#toasts");
  while (place.children.length >= AT_MOST) place.firstElementChild.remove();
  place.append(card);
  announce(text, bad);
  leaveAfter(card, drop, seconds);
}

export const complain = (problem) => toast(problem?.message || say("failed_unknown"), { bad: true, seconds: 12 });

function actionButton({ label, act, href }, drop) {
  if (href) return make("a", { class: "link-button", href }, label);
  const button = make("button", { class: "link-button", type: "button" }, label);
  button.addEventListener("click", () => {
    drop();
    act();
  });
  return button;
}

function leaveAfter(card, drop, seconds) {
  let timer = setTimeout(drop, seconds * 1000);
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(drop, seconds * 500);
  };
  card.addEventListener("pointerenter", hold);
  card.addEventListener("focusin", hold);
  card.addEventListener("pointerleave", release);
  card.addEventListener("focusout", release);
}

/** Runs `act`; a problem becomes a toast. While it runs, `button` cannot be pressed again. */
export async function attempt(act, button = null) {
  if (button) button.setAttribute("aria-disabled", "true");
  try {
    return await act();
  } catch (problem) {
    if (!("status" in problem)) throw problem;
    complain(problem);
    return undefined;
  } finally {
    button?.removeAttribute("aria-disabled");
  }
}
