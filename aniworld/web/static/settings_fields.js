/* The controls of the settings form and the values that they stand for. */

import { find, findAll, on } from "./dom.js";
import { orderOf } from "./order_list.js";

/** The JSON value of a control. A number that cannot be read is sent as it was typed: the server says what is wrong. */
export function fieldValue(control) {
  switch (control.dataset.kind) {
    case "switch":
      return control.checked;
    case "number":
      return control.value.trim() === "" || Number.isNaN(Number(control.value)) ? control.value : Number(control.value);
    case "choices":
      return findAll("input:checked", control).map((box) => box.value);
    case "lines":
      return linesOf(control.value, control.name === "link_roots");
    case "order":
      return orderOf(control);
    case "windows":
      return findAll(".window", control).map(windowValue);
    default:
      return control.value;
  }
}

/* A masked secret goes back as the mask, whatever its kind. The names of folders may begin or end with spaces. */
const linesOf = (text, exact) =>
  text.trim() === "********"
    ? "********"
    : text
        .split("\n")
        .filter((line) => line.trim())
        .map((line) => (exact ? line : line.trim()));

const windowValue = (row) => ({
  days: findAll("[data-day]:checked", row).map((box) => Number(box.value)),
  start: find("[data-start]", row).value.trim(),
  end: find("[data-end]", row).value.trim(),
  speed_limit_mbps: Number(find("[data-limit]", row).value) || 0,
});

/** Puts `value` back into a control. */
export function restore(control, value) {
  switch (control.dataset.kind) {
    case "switch":
      control.checked = value;
      break;
    case "choices":
      for (const box of findAll("input", control)) box.checked = value.includes(box.value);
      break;
    case "lines":
      control.value = Array.isArray(value) ? value.join("\n") : value;
      break;
    case "order":
      control.dataset.value = JSON.stringify(value);
      control.dispatchEvent(new Event("reset-value"));
      break;
    case "windows":
      showWindows(control, value);
      break;
    default:
      control.value = value;
  }
}

function showWindows(holder, windows) {
  holder.replaceChildren(...windows.map(makeWindow));
}

function makeWindow(facts) {
  const row = find("#tpl-window").content.firstElementChild.cloneNode(true);
  for (const box of findAll("[data-day]", row)) box.checked = facts.days.includes(Number(box.value));
  find("[data-start]", row).value = facts.start;
  find("[data-end]", row).value = facts.end;
  find("[data-limit]", row).value = facts.speed_limit_mbps;
  return row;
}

/** Makes the editor of download times work: add and remove spans. */
export function readyWindows(form) {
  const holder = find('[data-kind="windows"]', form);
  if (!holder) return;
  showWindows(holder, JSON.parse(holder.dataset.value));
  const told = () => form.dispatchEvent(new Event("change"));
  on(form, "click", "[data-add-window]", () => {
    const row = makeWindow({ days: [0, 1, 2, 3, 4, 5, 6], start: "22:00", end: "06:00", speed_limit_mbps: 0 });
    holder.append(row);
    find("[data-start]", row).focus();
    told();
  });
  on(form, "click", "[data-remove-window]", (event, button) => {
    button.closest(".window").remove();
    find("[data-add-window]", form).focus();
    told();
  });
}
