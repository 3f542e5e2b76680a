/* Small words for the document: find, make, say, and write numbers as the visitor's language does. */

export const base = document.documentElement.dataset.base || "";
const language = document.documentElement.lang || "en";
/**
 * How numbers and times are written: as in the visitor's country where the browser names one for the page's language.
 */
export const locale = navigator.languages.find((one) => one.split("-")[0] === language) || language;

const messages = globalThis.aniworldWords || {};

/**
 * The sentence `key` in the visitor's language, with each {word} filled in from `facts`; `key_one` where the count is
 * 1.
 */
export function say(key, facts = {}) {
  const text = (String(facts.count) === "1" && messages[`${key}_one`]) || messages[key] || key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

const PLACE = /\{(\w+)\}/;
const forms = Object.keys(messages)
  .filter((key) => PLACE.test(key))
  .map((form) => [
    form,
    new RegExp(
      `^${form
        .split(PLACE)
        .map((part, place) => (place % 2 ? `(?<${part}>.+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
        .join("")}$`,
      "s",
    ),
  ]);

/** "VOE (ger-dub): why; Doodstream (ger-sub): why": each hoster's reason, told. */
const reasons = (text) =>
  text
    .split(/; (?=[^;:]+ \([a-z-]*\): )/)
    .map((one) =>
      one.replace(
        /^(.+?) \(([a-z-]*)\): (.+)$/s,
        (_, hoster, language, why) => `${hoster} (${languageName(language)}): ${told(why)}`,
      ),
    )
    .join("; ");

/** What the server said, in the visitor's language where its sentence or its form is known. */
export function told(text) {
  if (!text || text in messages) return say(text || "");
  const [form, fits] = forms.find(([, one]) => one.test(text)) || [];
  if (!form) return text;
  return say(
    form,
    Object.fromEntries(
      Object.entries(fits.exec(text).groups).map(([name, value]) => [
        name,
        name === "reasons" ? reasons(value) : /^\d+(\.\d+)?$/.test(value) ? number(Number(value), 3) : told(value),
      ]),
    ),
  );
}

export const knows = (key) => key in messages;
export const find = (selector, from = document) => from.querySelector(selector);
export const findAll = (selector, from = document) => [...from.querySelectorAll(selector)];

/**
 * A new element; `facts` are attributes (null and false leave one out), `inside` texts and elements. Texts are never
 * read as HTML.
 */
export function make(tag, facts = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value !== null && value !== false && value !== undefined)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside.filter((one) => one !== null && one !== undefined));
  return element;
}

export function icon(name, more = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${more}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${new URL("icons.svg", import.meta.url)}#${name}`);
  svg.append(use);
  return svg;
}

/** Runs `act` for every `event` on an element under `root` that fits `selector`; also for those that come later. */
export function on(root, event, selector, act) {
  root.addEventListener(event, (what) => {
    const target = what.target instanceof Element ? what.target.closest(selector) : null;
    if (target && root.contains(target)) act(what, target);
  });
}

/** `act`, run once things have been quiet for `ms`. */
export function later(act, ms) {
  let timer = 0;
  return (...facts) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...facts), ms);
  };
}

export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: 0 }).format(value);

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${number(value, step && value < 100 ? 1 : 0)}\u00a0${UNITS[step]}`;
}

export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 60) return say("eta_seconds", { n: number(Math.max(0, Math.round(seconds))) });
  if (seconds < 3600) return say("eta_minutes", { n: number(Math.ceil(seconds / 60)) });
  return say("eta_hours", { h: number(Math.floor(seconds / 3600)), m: number(Math.floor((seconds % 3600) / 60)) });
}

export const clock = (iso) => new Date(iso).toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
export const moment = (iso) => new Date(iso).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
export const percent = (value) =>
  new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(Math.floor(value) / 100);

/** `German` for `ger`, a code of ISO 639-2; one that the browser does not know stays. */
export function subtitleLanguage(code) {
  if (code === "und") return say("subtitles_unknown");
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(code) || code;
  } catch {
    return code;
  }
}

/** `S01E02` for a season and an episode number. */
export const code = (season, episode) => `S${String(season).padStart(2, "0")}E${String(episode).padStart(2, "0")}`;

/** A series' language as the page says it: `German, subtitled` for `ger-sub`; an unknown tag stays. */
export const languageName = (tag) => (tag && knows(`language_${tag}`) ? say(`language_${tag}`) : tag || "");

/** Turns every <time data-time> under `root` into the visitor's form. */
export function showTimes(root = document) {
  for (const element of findAll("time[data-time]", root)) {
    setText(element, element.dataset.time === "clock" ? clock(element.dateTime) : moment(element.dateTime));
  }
}

/** What the server wrote into the page as JSON. */
export const pageState = (id) => JSON.parse(document.getElementById(id)?.textContent || "null");
