/* The system page: sources at rest are asked again. */

import { api } from "./api.js";
import { findAll, on, say } from "./dom.js";
import { attempt, toast } from "./toasts.js";

async function wake() {
  await api.post("/api/system/wake", {});
  for (const button of findAll('[data-action="wake"]')) button.hidden = true;
  toast(say("woken"));
}

on(document, "click", '[data-action="wake"]', (event, button) => attempt(wake, button));
