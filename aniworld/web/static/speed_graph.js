/* A small graph of the speed over the last minutes. */

import { find, number, say } from "./dom.js";

const SAMPLES = 180;
const WIDTH = 300;
const HEIGHT = 56;

export class SpeedGraph {
  #samples = [];

  constructor(svg) {
    this.svg = svg;
    this.#draw();
  }

  /** One sample, in Mbit/s; one a second is meant. */
  add(mbps) {
    this.#samples.push(mbps);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    if (!document.hidden) this.#draw();
  }

  #draw() {
    this.svg.closest("figure").hidden = !this.#samples.some((mbps) => mbps > 0);
    const top = Math.max(1, ...this.#samples) * 1.1;
    const offset = SAMPLES - this.#samples.length;
    const points = this.#samples.map((mbps, place) => {
      const x = ((offset + place) / (SAMPLES - 1)) * WIDTH;
      const y = HEIGHT - 1 - (mbps / top) * (HEIGHT - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    const line = points.length ? `M${points.join("L")}` : "";
    find(".graph-line", this.svg).setAttribute("d", line);
    find(".graph-area", this.svg).setAttribute(
      "d",
      line ? `${line}L${WIDTH},${HEIGHT}L${((offset / (SAMPLES - 1)) * WIDTH).toFixed(1)},${HEIGHT}Z` : "",
    );
    const now = this.#samples.at(-1) || 0;
    this.svg.setAttribute(
      "aria-label",
      say("graph", { n: number(now, 1), max: number(Math.max(0, ...this.#samples), 1) }),
    );
  }
}
