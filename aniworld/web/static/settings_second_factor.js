/* The second factor: set it up, confirm it with its first code, keep the recovery codes, turn it off. */

import { api } from "./api.js";
import { find, make, say } from "./dom.js";
import { toast } from "./toasts.js";

let codes = [];

/** Shows one step of the set-up and hides the others; the focus goes to its heading, so that it is read out. */
function show(step) {
  for (const name of ["[data-totp-begin]", "[data-totp-confirm]", "[data-totp-codes]"])
    find(name).hidden = name !== step;
  find(`${step} [data-totp-step]`)?.focus();
}

function draw({ size, path }) {
  const picture = find("[data-totp-qr]");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("shape-rendering", "crispEdges");
  const squares = document.createElementNS("http://www.w3.org/2000/svg", "path");
  squares.setAttribute("d", path);
  picture.replaceChildren(squares);
}

async function begin(fields) {
  const made = await api.post("/api/auth/totp", { password: fields.password.value });
  draw(made.qr);
  find("[data-totp-secret]").value = made.secret.match(/.{1,4}/g).join(" ");
  show("[data-totp-confirm]");
}

async function turnOn(fields) {
  const made = await api.post("/api/auth/totp/confirm", { code: fields.code.value });
  codes = made.recovery_codes;
  find("[data-totp-list]").replaceChildren(...codes.map((code) => make("li", {}, make("code", {}, code))));
  find("[data-totp-file]").href = URL.createObjectURL(
    new Blob([`Aniworld\n${codes.join("\n")}\n`], { type: "text/plain" }),
  );
  find("[data-totp-secret]").value = "";
  find("[data-totp-qr]").replaceChildren();
  show("[data-totp-codes]");
  addEventListener("beforeunload", warn);
}

const warn = (event) => event.preventDefault();

async function turnOff(fields) {
  await api.delete("/api/auth/totp", { password: fields.password.value, code: fields.code.value });
  location.reload();
}

async function copy(text) {
  await navigator.clipboard?.writeText(text);
  toast(say("copied"));
}

export const SECOND_FACTOR_ACTIONS = {
  "copy-secret": () => copy(find("[data-totp-secret]").value.replaceAll(" ", "")),
  "copy-codes": () => copy(codes.join("\n")),
  "codes-kept": () => {
    removeEventListener("beforeunload", warn);
    codes = [];
    location.reload();
  },
};

/** `submits(form, wish)`: how the forms of this page are sent. */
export function readySecondFactor(submits) {
  if (find("[data-totp-off]")) submits(find("[data-totp-off]"), turnOff);
  if (!find("[data-totp-begin]")) return;
  submits(find("[data-totp-begin]"), begin);
  submits(find("[data-totp-confirm]"), turnOn);
}
