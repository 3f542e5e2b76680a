/* Says to a screen reader what others see happen. */

import { find } from "./dom.js";

/** Reads `text` out; `urgent` interrupts. The same text said twice is heard twice. */
export function announce(text, urgent = false) {
  const region = find(urgent ? "#announce-assertive" : "#announce-polite");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
