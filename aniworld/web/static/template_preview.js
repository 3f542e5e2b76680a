/* What a file would be called, while the template is typed. The server checks it too; this is only the picture. */

import { find, say } from "./dom.js";

const SAMPLE = {
  series: "Die wandernden Laternen", year: "2021", season: 1, episode: 3, absolute: 3, title: "Über den Dächern",
  title_en: "Above the Rooftops", language: "ger-dub", quality: "1080p", hoster: "Lumen",
};
const FORBIDDEN = /[<>:"\\|?*\u0000-\u001f]/g;

/** The name that `template` gives to an example, or what is wrong with it. */
export function previewOf(template) {
  let wrong = "";
  const name = template.replace(/\{(\w+)(?::(0?)(\d+))?\}/g, (token, word, zero, width) => {
    if (!(word in SAMPLE)) {
      wrong = wrong || token;
      return token;
    }
    return String(SAMPLE[word]).padStart(Number(width) || 0, zero ? "0" : " ");
  });
  return wrong ? say("preview_bad", { token: wrong }) : `${name.replace(FORBIDDEN, "")}.mkv`;
}

export function readyTemplatePreview() {
  const field = find("[data-template]");
  const place = find("[data-template-preview]");
  if (!field) return;
  const show = () => {
    place.textContent = previewOf(field.value);
  };
  field.addEventListener("input", show);
  field.form.addEventListener("input", show);
  show();
}
