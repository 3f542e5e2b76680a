/* Sign-in and first set-up. Without this module the forms are posted as they are, and work too. */

import { api } from "./api.js";
import { find, on, setText, size } from "./dom.js";
import { readyOrderLists, orderOf } from "./order_list.js";
import { readyStrength } from "./strength.js";
import { nextTheme, switchLanguage } from "./preferences.js";
import { announce } from "./a11y_announcer.js";

const form = find("form");

function complain(text) {
  const trouble = find("[data-form-error]");
  setText(trouble, text);
  trouble.hidden = !text;
  const field = find("#password, #root");
  if (text) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
}

/** Runs `wish`; then goes on to the next page, or says what is wrong with it and puts the cursor there. */
async function submit(wish) {
  const button = find("button.btn-primary", form);
  button.disabled = true;
  complain("");
  try {
    await wish();
    location.assign(form.dataset.next);
  } catch (problem) {
    if (!("status" in problem)) throw problem;
    complain(
      Object.values(problem.errors)
        .flat(2)
        .filter((one) => typeof one === "string")
        .join(" ") || problem.message,
    );
    find(form.matches(":has([data-code]:not([hidden]))") ? "#code" : "#password, #root")?.focus();
    button.disabled = false;
  }
}

async function signIn() {
  const { password, remember, code } = form.elements;
  const wish = { password: password.value, remember: remember.checked };
  if (code.value.trim()) wish.code = code.value.trim();
  try {
    await api.post("/api/auth/login", wish);
  } catch (problem) {
    if (problem.code === "totp_required" || problem.code === "wrong_code") find("[data-code]").hidden = false;
    throw problem;
  }
}

async function setUp() {
  const { password, repeat, setup_token: given } = form.elements;
  if (password.value !== repeat.value) {
    complain(repeat.dataset.different);
    repeat.focus();
    return;
  }
  const wish = given ? { password: password.value, setup_token: given.value.trim() } : { password: password.value };
  await submit(() => api.post("/api/auth/setup", wish));
}

async function setUpLibrary() {
  await api.put("/api/config/", {
    library: { root: form.elements.root.value },
    download: { languages: orderOf(find("[data-order-list]")) },
  });
  await api.post("/api/anime/rescan", {}).catch((problem) => {
    if (problem.status !== 409) throw problem;
  });
}

form?.addEventListener("submit", (event) => {
  if (form.matches("[data-sign-in]")) {
    event.preventDefault();
    submit(signIn);
  } else if (form.matches("[data-setup]")) {
    event.preventDefault();
    setUp();
  } else if (form.matches("[data-setup-library]")) {
    event.preventDefault();
    submit(setUpLibrary);
  }
});

/* Is the folder there, may we write to it, and how much room is left? Asked while it is typed. */
let asked = 0;
find("#root")?.addEventListener("input", async (event) => {
  const mine = ++asked;
  const root = event.target.value; // spaces at its ends belong to a folder's name
  await new Promise((resolve) => setTimeout(resolve, 350));
  if (mine !== asked || !root.trim()) return;
  const answer = await api.post("/folder-check", { root }).catch((problem) => ({ message: problem.message }));
  if (mine !== asked) return;
  const text =
    answer.free_bytes === undefined || answer.free_bytes === null
      ? answer.message
      : `${answer.message} ${size(answer.free_bytes)}`;
  setText(find("[data-root-check]"), answer.ok ? text : "");
  complain(answer.ok ? "" : text);
  if (answer.ok) announce(text);
});

on(document, "click", "[data-reveal]", (event, button) => {
  const field = find(`#${button.dataset.reveal}`);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  field.focus();
});
on(document, "click", "[data-action]", (event, button) => {
  if (button.dataset.action === "language") switchLanguage(button.dataset.language);
  if (button.dataset.action === "theme") announce(nextTheme());
});
readyOrderLists();
if (find("[data-setup]")) readyStrength(find("#password"));
