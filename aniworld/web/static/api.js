/* Talks to the REST interface: JSON in and out, the CSRF token on every change, problem documents as sentences. */

import { base, find, say, told } from "./dom.js";

/**
 * What went wrong, fit to be shown: `message` is one sentence, `errors` = {field: [messages]}, `status` 0 without an
 * answer.
 */
export class Problem extends Error {
  constructor(status, document = {}) {
    super(
      document.detail || document.title
        ? told(document.detail || document.title)
        : say(status === 0 ? "failed_network" : "failed_unknown"),
    );
    this.status = status;
    this.code = document.code || "";
    this.errors = spoken(document.errors || {});
    this.document = document;
  }
}

/** The messages of each field, in the visitor's language where they are known. */
export const spoken = (errors) =>
  Object.fromEntries(
    Object.entries(errors).map(([field, texts]) => [
      field,
      Array.isArray(texts) ? texts.map((text) => told(String(text))) : texts,
    ]),
  );

const token = () => find('meta[name="csrf-token"]')?.content || "";

async function send(method, path, body, again = true) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = token();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(base + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new Problem(0);
  }
  if (answer.ok) return read(answer);
  const problem = new Problem(answer.status, await readProblem(answer));
  if (answer.status === 403 && method !== "GET" && again && (await renewToken()))
    return send(method, path, body, false);
  if (answer.status === 401 && !path.startsWith("/api/auth/")) signInAgain();
  throw problem;
}

async function read(answer) {
  const paging = answer.headers.get("X-Pagination");
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  const body = answer.status === 204 || !isJson ? null : await answer.json();
  if (paging && Array.isArray(body)) Object.defineProperty(body, "paging", { value: JSON.parse(paging) });
  if (body && typeof body === "object") Object.defineProperty(body, "status_code", { value: answer.status });
  return body;
}

async function readProblem(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

/** A page that stood open for long has an old token. True if there is a new one now. */
async function renewToken() {
  const answer = await fetch(`${base}/api/auth/status`, { headers: { Accept: "application/json" } }).catch(() => null);
  const fresh = answer?.ok ? (await answer.json()).csrf_token : "";
  if (!fresh || fresh === token()) return false;
  find('meta[name="csrf-token"]').content = fresh;
  return true;
}

export function signInAgain() {
  const here = location.pathname + location.search;
  location.assign(`${base}/login?next=${encodeURIComponent(here)}`);
}

export const api = {
  get: (path) => send("GET", path),
  post: (path, body) => send("POST", path, body),
  put: (path, body) => send("PUT", path, body),
  patch: (path, body) => send("PATCH", path, body),
  delete: (path, body) => send("DELETE", path, body),
};
