/* Rows of the queue: made from the page's templates, changed in place so that focus and choice stay where they are. */

import {
  base,
  clock,
  code,
  find,
  findAll,
  knows,
  languageName,
  make,
  moment,
  number,
  percent,
  say,
  setText,
  size,
  timeLeft,
  told,
} from "./dom.js";

export const episodeName = (item) => `${item.serie_name} ${code(item.season, item.episode)}`;

const field = (row, name) => find(`[data-f="${name}"]`, row);
const speed = (mbps) => (mbps > 0 ? say("speed", { n: number(mbps, mbps < 10 ? 1 : 0) }) : "");

/** One list of the page: "active", "failed", "pending" or "completed". */
export class ItemList {
  constructor(part, place = find(`[data-items="${part}"]`)) {
    this.part = part;
    this.place = place;
    this.template = find(`#tpl-${part}`);
    this.fill = { active: fillActive, failed: fillFailed, pending: fillPending, completed: fillCompleted }[part];
  }

  show(items, total = items.length) {
    const known = new Map(findAll(":scope > .item", this.place).map((row) => [row.dataset.id, row]));
    const holder = this.place.closest("[data-part]");
    if (holder) {
      holder.hidden = items.length === 0;
      setText(find("[data-part-count]", holder), number(total));
    }
    const focused = document.activeElement;
    items.forEach((item, place) => {
      const row = known.get(item.id) || this.make(item);
      known.delete(item.id);
      if (this.place.children[place] !== row) this.place.insertBefore(row, this.place.children[place] || null);
      this.fill(row, item, items.length);
    });
    for (const row of known.values()) row.remove();
    this.note(total - items.length);
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  make(item) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.id = item.id;
    const name = field(row, "name");
    setText(name, item.serie_name);
    name.title = item.serie_name;
    name.href = `${base}/series/${encodeURIComponent(item.serie_id)}?season=${item.season}`;
    setText(field(row, "episode"), code(item.season, item.episode));
    return row;
  }

  note(more) {
    find(":scope > .items-more", this.place)?.remove();
    if (more > 0)
      this.place.append(make("li", { class: "items-more hint" }, say("more_items", { count: number(more) })));
  }
}

function label(row, action, key, item) {
  const button = find(`[data-action="${action}"]`, row);
  if (!button) return;
  const text = say(key, { name: episodeName(item) });
  button.setAttribute("aria-label", text);
  if (button.classList.contains("icon-button")) button.title = text;
}

function fillActive(row, item) {
  label(row, "remove", "remove_item", item);
  field(row, "bar").setAttribute("aria-label", episodeName(item));
  progressRow(row, item);
}

/** Bar, speed and time left of a running item. */
export function progressRow(row, item) {
  if (!row) return;
  field(row, "bar").value = item.progress;
  setText(field(row, "percent"), percent(item.progress));
  setText(field(row, "phase"), item.phase && knows(`phase_${item.phase}`) ? say(`phase_${item.phase}`) : "");
  setText(
    field(row, "bytes"),
    item.total_bytes
      ? say("of", { done: size(item.downloaded_bytes), total: size(item.total_bytes) })
      : size(item.downloaded_bytes),
  );
  const moves = !item.phase || item.phase === "transferring";
  setText(field(row, "speed"), moves ? speed(item.speed_mbps) : "");
  setText(field(row, "eta"), moves ? timeLeft(item.eta_seconds) : "");
  setText(field(row, "language"), languageName(item.language));
  setText(field(row, "hoster"), item.hoster || "");
}

function fillPending(row, item, count) {
  const box = find("[data-select]", row);
  box.value = item.id;
  box.setAttribute("aria-label", say("select_item", { name: episodeName(item) }));
  row.setAttribute("aria-label", episodeName(item));
  for (const [action, key] of [
    ["remove", "remove_item"],
    ["up", "move_up"],
    ["down", "move_down"],
    ["top", "move_top"],
  ])
    label(row, action, key, item);
  find('[data-action="up"]', row).disabled = item.position === 0;
  find('[data-action="top"]', row).disabled = item.position === 0;
  find('[data-action="down"]', row).disabled = item.position >= count - 1;
  const priority = field(row, "priority");
  if (priority !== document.activeElement) priority.value = item.priority;
  const waits = item.not_before && new Date(item.not_before) > new Date();
  setText(
    field(row, "note"),
    waits ? [say("waiting_until", { time: clock(item.not_before) }), told(item.error)].filter(Boolean).join(" · ") : "",
  );
}

function fillFailed(row, item) {
  label(row, "remove", "remove_item", item);
  label(row, "retry", "retry_item", item);
  setText(field(row, "error"), told(item.error));
  const advice = `advice_${item.error_code}`;
  setText(field(row, "advice"), say(knows(advice) ? advice : "advice_other"));
}

function fillCompleted(row, item) {
  field(row, "lacks").hidden = !item.notice;
  setText(field(row, "notice"), told(item.notice));
  setText(field(row, "language"), languageName(item.language));
  setText(field(row, "size"), size(item.total_bytes || item.downloaded_bytes || null));
  const time = field(row, "time");
  if (!item.completed_at) return;
  time.dateTime = item.completed_at;
  setText(time, moment(item.completed_at));
}

/** The line over the lists: state, speed, time left, waiting, free space. */
export function showTotals(status) {
  const total = (name, text) => setText(find(`[data-total="${name}"]`), text || "–");
  const { active_downloads: active, statistics } = status;
  const paused = status.paused_until ? say("paused_until", { time: clock(status.paused_until) }) : say("paused");
  total("state", status.is_paused ? paused : say(status.is_running ? "running" : "stopped"));
  total("speed", status.is_paused ? "" : speed(active.reduce((sum, one) => sum + one.speed_mbps, 0)));
  total("eta", status.is_paused ? "" : timeLeft(statistics.eta_seconds));
  total("pending", number(statistics.pending));
  total("disk", size(statistics.disk_free_bytes));
}
