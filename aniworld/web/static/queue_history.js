/* Finished downloads, newest first, with a search; asked for page by page. */

import { api } from "./api.js";
import { find, later } from "./dom.js";
import { ItemList } from "./queue_rows.js";
import { attempt } from "./toasts.js";

const PAGE_SIZE = 25;
const AT_MOST = 500;

export class History {
  constructor(place) {
    this.list = new ItemList("completed", place);
    this.items = [];
    this.asked = 0;
    this.search = find("[data-history-search]");
    this.more = find('[data-action="more-history"]');
    this.search.addEventListener(
      "input",
      later(() => this.seek(), 250),
    );
    this.more.addEventListener("click", () =>
      attempt(() => this.load(Math.floor(this.items.length / PAGE_SIZE) + 1), this.more),
    );
  }

  /** The same stretch again, so that what somebody reads does not go away when a download ends. */
  reload() {
    return attempt(() => this.load(1, Math.min(Math.max(this.items.length, PAGE_SIZE), AT_MOST)));
  }

  seek() {
    return attempt(() => this.load(1));
  }

  async load(page, size = PAGE_SIZE) {
    const mine = ++this.asked;
    const words = encodeURIComponent(this.search.value.trim());
    const found = await api.get(`/api/queue/items?status=completed&q=${words}&page=${page}&page_size=${size}`);
    if (mine !== this.asked) return;
    this.items = page === 1 ? [...found] : [...this.items, ...found];
    this.list.show(this.items);
    this.more.hidden = this.items.length >= (found.paging?.total ?? 0);
    find("[data-history-empty]").hidden = this.items.length > 0;
    find('[data-action="clear-completed"]').hidden = this.items.length === 0;
  }
}
