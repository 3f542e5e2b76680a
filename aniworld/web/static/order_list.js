/*
 * A list whose order matters: add, move up, move down, remove. Tells by a `change` event; its value stands in
 * `data-value`.
 */

import { announce } from "./a11y_announcer.js";
import { icon, make, say } from "./dom.js";

export const orderOf = (element) => JSON.parse(element.dataset.value || "[]");

/** Makes every [data-order-list] under `root` work. */
export function readyOrderLists(root = document) {
  for (const element of root.querySelectorAll("[data-order-list]")) new OrderList(element);
}

class OrderList {
  constructor(element) {
    this.element = element;
    this.choices = element.dataset.choices ? JSON.parse(element.dataset.choices) : null;
    element.setAttribute("role", "group");
    element.addEventListener("reset-value", () => this.draw());
    this.draw();
  }

  name(value) {
    return this.choices?.find(([known]) => known === value)?.[1] ?? value;
  }

  draw(focus = null) {
    const values = orderOf(this.element);
    const rows = values.map((value, place) => this.row(value, place, values.length));
    if (!rows.length) rows.push(make("p", { class: "order-none" }, this.element.dataset.empty));
    this.element.replaceChildren(...rows, ...this.adder(values));
    if (focus) this.element.querySelector(focus)?.focus();
  }

  row(value, place, count) {
    const name = this.name(value);
    const button = (key, sign, act, off) => {
      const made = make(
        "button",
        {
          class: "icon-button",
          type: "button",
          "data-do": `${key}-${place}`,
          "aria-label": say(key, { name }),
          title: say(key, { name }),
          disabled: off,
        },
        icon(sign),
      );
      made.addEventListener("click", act);
      return made;
    };
    return make(
      "div",
      { class: "order-item" },
      make("span", {}, make("bdi", {}, name)),
      button("move_entry_up", "up", () => this.move(place, -1), place === 0),
      button("move_entry_down", "down", () => this.move(place, 1), place === count - 1),
      button("remove_entry", "close", () => this.remove(place), false),
    );
  }

  adder(values) {
    if (!this.choices) return [this.textAdder(values)];
    const left = this.choices.filter(([value]) => !values.includes(value));
    if (!left.length) return [];
    const select = make(
      "select",
      { class: "form-select", "aria-label": this.element.dataset.add },
      make("option", { value: "" }, `${this.element.dataset.add}…`),
      ...left.map(([value, label]) => make("option", { value }, label)),
    );
    select.addEventListener("change", (event) => {
      event.stopPropagation();
      if (select.value) this.set([...values, select.value], "select, [data-do]");
    });
    return [select];
  }

  textAdder(values) {
    const input = make("input", {
      class: "form-control",
      type: "text",
      maxlength: "200",
      "aria-label": this.element.dataset.add,
      spellcheck: "false",
    });
    const button = make("button", { class: "btn btn-secondary", type: "button" }, this.element.dataset.add);
    const add = () => {
      const text = input.value.trim();
      if (text && !values.includes(text)) this.set([...values, text], "input");
    };
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("input", (event) => event.stopPropagation());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add();
    });
    button.addEventListener("click", add);
    return make("div", { class: "order-add" }, input, button);
  }

  move(place, step) {
    const values = orderOf(this.element);
    const [value] = values.splice(place, 1);
    values.splice(place + step, 0, value);
    announce(say("moved", { name: this.name(value), n: place + step + 1, total: values.length }));
    const key = step < 0 ? "move_entry_up" : "move_entry_down";
    const back = step < 0 ? "move_entry_down" : "move_entry_up";
    this.set(values, `[data-do="${key}-${place + step}"]:not(:disabled), [data-do="${back}-${place + step}"]`);
  }

  remove(place) {
    const values = orderOf(this.element);
    values.splice(place, 1);
    this.set(values, `[data-do="remove_entry-${Math.min(place, values.length - 1)}"], select, input`);
  }

  set(values, focus) {
    this.element.dataset.value = JSON.stringify(values);
    this.draw(focus);
    this.element.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
