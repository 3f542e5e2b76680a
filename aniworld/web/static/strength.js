/* How hard a password is to guess, roughly and on the spot; only its length is a rule, the rest is advice. */

import { find, say, setText } from "./dom.js";

const COMMON = ["password", "passwort", "12345678", "qwertz", "qwerty", "aniworld", "letmein", "admin"];

/** 0 too short, 1 weak, 2 fair, 3 good, 4 strong. */
export function strengthOf(password) {
  if (password.length < 8) return 0;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length;
  const different = new Set(password).size;
  const plain = COMMON.some((word) => password.toLowerCase().includes(word)) || different < 5;
  if (plain) return 1;
  const points = Math.log2(different) * password.length * (0.7 + kinds * 0.15);
  return points < 32 ? 1 : points < 48 ? 2 : points < 70 ? 3 : 4;
}

/** Shows the strength of what is typed into `field`. */
export function readyStrength(field) {
  field?.addEventListener("input", () => {
    const strength = strengthOf(field.value);
    find("[data-strength-meter]").value = strength;
    setText(find("[data-strength]"), say(`strength_${strength}`));
  });
}
