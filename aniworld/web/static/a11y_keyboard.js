/* Everything by keyboard: shortcuts, selecting with x and Shift, focus that is never lost. */

import { find, findAll } from "./dom.js";

const isTyping = (target) =>
  target instanceof Element &&
  Boolean(target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog"));

/** Calls `commands[keys]` for single keys ("?"), sequences ("g q") and chords ("ctrl+k"). Not while somebody writes. */
export function listenForShortcuts(commands) {
  let first = "";
  let timer = 0;
  document.addEventListener("keydown", (event) => {
    const chord = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.key.toLowerCase()}`;
    const typing = isTyping(event.target);
    if (chord.startsWith("ctrl+") ? !commands[chord] : typing || event.altKey) return;
    const act = commands[first ? `${first} ${chord}` : chord];
    clearTimeout(timer);
    first = !act && !first && Object.keys(commands).some((keys) => keys.startsWith(`${chord} `)) ? chord : "";
    timer = setTimeout(() => (first = ""), 1200);
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

/**
 * Selecting in a list: click, Shift-click for a span, x and Shift+x on the focused row.
 * `root` is asked anew each time, so lists may be replaced. `changed` gets the values chosen.
 */
export class Selection {
  constructor({ root, row, changed }) {
    this.root = root;
    this.row = row;
    this.changed = changed;
    this.last = null;
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("change", (event) => event.target.matches?.("[data-select]") && this.#tell());
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get boxes() {
    return findAll("[data-select]", this.root());
  }

  get values() {
    return this.boxes.filter((box) => box.checked).map((box) => box.value);
  }

  set(choose) {
    for (const box of this.boxes) box.checked = choose(box);
    this.#tell();
  }

  clear() {
    this.last = null;
    this.set(() => false);
  }

  #clicked(event) {
    const box = event.target instanceof Element ? event.target.closest("[data-select]") : null;
    if (!box || !this.root()?.contains(box)) return;
    if (event.shiftKey) this.#span(box);
    this.last = box.value;
    this.#tell();
  }

  #pressed(event) {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
      return;
    const box = find("[data-select]", event.target.closest(this.row) || document.createElement("i"));
    if (!box || !this.root()?.contains(box)) return;
    event.preventDefault();
    box.checked = event.shiftKey || !box.checked;
    if (event.shiftKey) this.#span(box);
    this.last = box.value;
    this.#tell();
  }

  #span(box) {
    const boxes = this.boxes;
    const from = boxes.findIndex((one) => one.value === this.last);
    const to = boxes.indexOf(box);
    if (from < 0) return;
    for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
  }

  #tell() {
    for (const box of this.boxes) box.closest(this.row)?.classList.toggle("selected", box.checked);
    this.changed(this.values);
  }
}
