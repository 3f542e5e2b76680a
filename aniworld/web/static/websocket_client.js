/*
 * The page's Socket.IO connection. Rooms are joined again after every reconnect, and the server
 * then sends their present state, so the page is never left with an old picture.
 */

import { api, signInAgain } from "./api.js";
import { base } from "./dom.js";

const RETRY_REFUSED_MS = 3000;
const OPTIONS = {
  path: `${base}/socket.io`,
  reconnectionDelay: 500,
  reconnectionDelayMax: 3000,
  transports: ["websocket", "polling"],
  tryAllTransports: true,
};
const connect = window.io;

/**
 * A Socket.IO connection to this server that knows rooms: `socket.join(room, …)` and `socket.leave(room, …)`. Rooms are
 * joined again after every reconnect.
 */
export function io(address, options = {}) {
  if (typeof address === "object") return io(undefined, address);
  const socket = connect(address, { ...OPTIONS, ...options });
  const rooms = new Set();
  socket.join = (...names) => {
    for (const name of names.flat()) rooms.add(name);
    if (socket.connected) socket.emit("join", names.flat());
    return socket;
  };
  socket.leave = (...names) => {
    for (const name of names.flat()) rooms.delete(name);
    if (socket.connected) socket.emit("leave", names.flat());
    return socket;
  };
  socket.on("connect", () => {
    if (rooms.size) socket.emit("join", [...rooms]);
  });
  return socket;
}

if (typeof connect === "function") window.io = Object.assign(io, connect);

class LiveLine extends EventTarget {
  #socket = null;
  #wasUp = false;
  state = "connecting";

  /** Joins `rooms` now and after every reconnect. */
  join(...rooms) {
    this.#open();
    this.#socket?.join(...rooms);
  }

  /** Calls `hear` with the data of every event `name`. */
  on(name, hear) {
    this.#open();
    this.#socket?.on(name, hear);
  }

  /** Calls `act` when a lost connection is back: the time to fetch what has no room. */
  onReturn(act) {
    this.addEventListener("return", act);
  }

  onState(act) {
    this.addEventListener("state", () => act(this.state));
    act(this.state);
  }

  #open() {
    if (this.#socket || typeof connect !== "function") return;
    this.#socket = io({ forceNew: true });
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("disconnect", (reason) => this.#lost(reason));
    this.#socket.on("connect_error", () => this.#refused());
  }

  #connected() {
    const back = this.#wasUp;
    this.#wasUp = true;
    this.#is("online");
    if (back) this.dispatchEvent(new Event("return"));
  }

  #lost(reason) {
    this.#is("offline");
    if (reason === "io server disconnect") this.#askWhy();
  }

  #refused() {
    this.#is("offline");
    if (!this.#socket.active) this.#askWhy();
  }

  /** The server said no: either the session has ended, or it is only starting up. */
  async #askWhy() {
    const status = await api.get("/api/auth/status").catch(() => null);
    if (status && !status.authenticated) {
      signInAgain();
      return;
    }
    setTimeout(() => this.#socket.connect(), RETRY_REFUSED_MS);
  }

  #is(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

export const live = new LiveLine();

/**
 * Whether a scan_progress tells of a scan that goes on; whoever joins is told of the last one too, with its `status`.
 */
export const isRunning = (scan) => (scan.status ? scan.status === "running" : true);
