/*
 * Colours and language of this browser: kept in a cookie, so that the server's next page is right from its first byte.
 */

import { base, say } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const YEAR_S = 365 * 24 * 3600;

export function keep(name, value) {
  document.cookie = `${name}=${value}; path=${base || "/"}; max-age=${YEAR_S}; samesite=lax`;
}

/** Goes on to the next colours; what you get is their name, to be told. */
export function nextTheme() {
  const root = document.documentElement;
  const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
  root.dataset.theme = theme;
  keep("theme", theme);
  return say(`theme_${theme}`);
}

export function switchLanguage(language) {
  keep("language", language);
  location.reload();
}
