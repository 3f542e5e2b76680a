/* Reordering by drag. Buttons and Alt with the arrow keys do the same without a pointer. */

import { findAll, on } from "./dom.js";

/** `moved(id, place)` is called with the place (from 0) at which an item of `list` was dropped. */
export function readyDragging(list, moved) {
  let dragged = null;
  const clear = () => {
    for (const row of findAll(".drop-before, .drop-after", list)) row.classList.remove("drop-before", "drop-after");
  };
  on(list, "dragstart", "[data-drag]", (event, grip) => {
    dragged = grip.closest(".item");
    dragged.classList.add("dragging");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.id);
    event.dataTransfer.setDragImage(dragged, 16, 16);
  });
  on(list, "dragover", ".item", (event, row) => {
    if (!dragged) return;
    event.preventDefault();
    clear();
    if (row !== dragged) row.classList.add(isAfter(event, row) ? "drop-after" : "drop-before");
  });
  on(list, "drop", ".item", (event, row) => {
    event.preventDefault();
    if (dragged && row !== dragged) moved(dragged.dataset.id, placeFor(list, dragged, row, isAfter(event, row)));
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("dragging");
    dragged = null;
    clear();
  });
}

const isAfter = (event, row) => event.clientY > row.getBoundingClientRect().top + row.offsetHeight / 2;

function placeFor(list, dragged, row, after) {
  const others = findAll(":scope > .item", list).filter((one) => one !== dragged);
  return others.indexOf(row) + (after ? 1 : 0);
}
