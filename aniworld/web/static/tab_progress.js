/* The browser tab tells how the queue stands: percent in the title, a ring around the icon. */

import { find, percent, say } from "./dom.js";

const title = document.title;
const link = find("[data-favicon]");
const still = link?.href;
let drawn = "";

/** Shows `fraction` (0 to 1) and how many are left; null puts title and icon back. */
export function showInTab(fraction, left) {
  if (fraction === null) {
    document.title = title;
    if (link && drawn) link.href = still;
    drawn = "";
    return;
  }
  document.title = `${say("title_progress", { percent: percent(fraction * 100), count: left })} · ${title}`;
  const step = String(Math.round(fraction * 24));
  if (link && step !== drawn) {
    drawn = step;
    link.href = ring(fraction);
  }
}

function ring(fraction) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const pen = canvas.getContext("2d");
  pen.lineWidth = 6;
  pen.strokeStyle = "#9a9aa8";
  pen.beginPath();
  pen.arc(16, 16, 12, 0, 2 * Math.PI);
  pen.stroke();
  pen.strokeStyle = "#6a73ea";
  pen.beginPath();
  pen.arc(16, 16, 12, -Math.PI / 2, -Math.PI / 2 + fraction * 2 * Math.PI);
  pen.stroke();
  return canvas.toDataURL("image/png");
}
