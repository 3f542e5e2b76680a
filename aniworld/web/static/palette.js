/* The command palette: every page, every command, and any series by its title. */

import { api } from "./api.js";
import { base, find, findAll, icon, later, make, say } from "./dom.js";

const dialog = find("#palette");
const input = find("#palette-input");
const list = find("#palette-list");
let commands = [];
let chosen = 0;
let shown = [];

export function readyPalette(extra) {
  commands = [
    ...findAll(".rail-link").map((link) => ({
      label: link.querySelector(".rail-label").textContent.trim(),
      hint: link.dataset.shortcut,
      sign: "right",
      act: () => location.assign(link.href),
    })),
    ...extra,
  ];
  input.addEventListener("input", () => {
    show(matching(input.value));
    lookForSeries();
  });
  input.addEventListener("keydown", pressed);
  list.addEventListener("click", (event) => run(shown[findAll("li", list).indexOf(event.target.closest("li"))]));
}

export function openPalette() {
  input.value = "";
  show(commands);
  dialog.showModal();
  input.focus();
}

const matching = (text) => commands.filter((one) => one.label.toLowerCase().includes(text.trim().toLowerCase()));

const lookForSeries = later(async () => {
  const text = input.value.trim();
  if (text.length < 2) return;
  const series = await api.get(`/api/anime/?q=${encodeURIComponent(text)}&page_size=8`).catch(() => []);
  if (input.value.trim() !== text) return;
  const found = series.map((one) => ({
    label: one.name,
    hint: "",
    sign: "film",
    act: () => location.assign(`${base}/series/${encodeURIComponent(one.key)}`),
  }));
  show([...matching(text), ...found]);
}, 180);

function show(entries) {
  shown = entries;
  chosen = 0;
  list.replaceChildren(
    ...entries.map((one, place) =>
      make(
        "li",
        { class: "palette-item", role: "option", id: `palette-${place}` },
        icon(one.sign || "right"),
        make("bdi", {}, one.label),
        one.hint ? make("span", { class: "hint" }, one.hint) : null,
      ),
    ),
  );
  if (!entries.length)
    list.replaceChildren(
      make("li", { class: "palette-item", role: "option", "aria-disabled": "true" }, say("nothing_found")),
    );
  mark();
}

function mark() {
  findAll("li", list).forEach((entry, place) => {
    entry.setAttribute("aria-selected", String(place === chosen && shown.length > 0));
  });
  input.setAttribute("aria-activedescendant", shown.length ? `palette-${chosen}` : "");
  find(`#palette-${chosen}`)?.scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && shown.length) {
    event.preventDefault();
    chosen = (chosen + step + shown.length) % shown.length;
    mark();
  } else if (event.key === "Enter" || event.key === "Escape") {
    event.preventDefault();
    if (event.key === "Enter") run(shown[chosen]);
    else dialog.close();
  }
}

function run(entry) {
  if (!entry) return;
  dialog.close();
  entry.act();
}
