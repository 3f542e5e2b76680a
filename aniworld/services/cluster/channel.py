"""What processes of one cluster tell each other, over one Redis channel. Loaded only where there is a Redis.

Nothing that matters lives in a message: rows in the database do. A message says "look now", or how far something is.
So a lost one costs a few seconds, and after an interruption everyone looks at everything once (``on_return``).
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

EVENT, QUEUE, SETTINGS, SESSIONS, SCAN, WAKE = "event", "queue", "settings", "sessions", "scan", "wake"

WAITING_LIMIT = 1000
LONGEST = 1024 * 1024
CONNECT_WITHIN_S, ANSWER_WITHIN_S = 2.0, 5.0
SILENCE_S = 5.0  # then the other side is asked for a sign of life
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
FLUSH_WITHIN_S = 1.0

Payload = Mapping[str, Any]
Hear = Callable[[dict[str, Any]], object]


def connect(redis_url: str, *, answer_within_s: float = ANSWER_WITHIN_S) -> redis.Redis:
    """A client that says at once that Redis is away; trying again is for those who know when. Connects at first use."""
    return redis.Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_WITHIN_S,
        socket_timeout=answer_within_s,
        retry=Retry(NoBackoff(), 0),
    )


class Outbox:
    """What waits to be sent, in order and at most ``limit`` of it: what passes anyway (progress) is dropped first."""

    def __init__(self, limit: int = WAITING_LIMIT) -> None:
        self._limit = limit
        self._news = threading.Condition()
        self._number = 0
        self._lasting: deque[tuple[int, str]] = deque()
        self._passing: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._closed = False

    def __len__(self) -> int:
        return len(self._lasting) + len(self._passing)

    def put(self, text: str, replaces: str = "") -> None:
        """``replaces``: a name of which only the newest text matters."""
        with self._news:
            if self._closed:
                return
            self._number += 1
            if replaces:
                self._passing.pop(replaces, None)
                self._passing[replaces] = (self._number, text)
            else:
                self._lasting.append((self._number, text))
            if len(self) > self._limit:
                self._drop_one()
            self._news.notify()

    def take(self) -> str | None:
        """The next text, as soon as there is one; None once the outbox is closed and empty."""
        with self._news:
            while not len(self):
                if self._closed:
                    return None
                self._news.wait()
            first = next(iter(self._passing.values()), None)
            if first and (not self._lasting or first[0] < self._lasting[0][0]):
                return self._passing.popitem(last=False)[1][1]
            return self._lasting.popleft()[1]

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _drop_one(self) -> None:
        if self._passing:
            self._passing.popitem(last=False)
        else:
            self._lasting.popleft()


class Messages:
    """``publish`` never waits for Redis; ``start`` begins to listen. An interruption ends by itself.

    ``missed_since``: the moment from which on messages may have been missed, for those who hear ``on_return``.
    """

    def __init__(self, redis_url: str, *, sender: str = "") -> None:
        self.sender = sender or uuid4().hex
        self._redis = connect(redis_url)
        number = self._redis.connection_pool.connection_kwargs.get("db") or 0
        self._channel = f"aniworld:{number}:messages"  # Redis' channels know no database numbers
        self._outbox = Outbox()
        self._hearers: dict[str, tuple[Hear, ...]] = {}
        self._returned: tuple[Callable[[], None], ...] = ()
        self._stopping = threading.Event()
        self._connected = threading.Event()
        self._lock = threading.Lock()
        self._heard_at = self.missed_since = datetime.now(UTC)
        self._listener: threading.Thread | None = None
        self._courier: threading.Thread | None = None

    @property
    def connected(self) -> bool:
        """Whether what others publish is heard at the moment."""
        return self._connected.is_set()

    def wait_connected(self, timeout: float) -> bool:
        """Whether it is heard, after waiting at most ``timeout`` seconds for it."""
        return self._connected.wait(timeout)

    def publish(self, kind: str, payload: Payload, *, replaces: str = "") -> None:
        """Tells every other process of the cluster, as soon as that is possible.

        ``replaces``: a name (such as a download's id) of which only the newest message matters.
        """
        text = json.dumps({"from": self.sender, "kind": kind, "payload": payload}, separators=(",", ":"))
        self._outbox.put(text, replaces and f"{kind}:{replaces}")
        if self._courier is None:
            self._begin("_courier", self._send_all)

    def subscribe(self, kind: str, hear: Hear) -> Callable[[], None]:
        """``hear(payload)`` for each message of others; it must not block. What you get takes it off again."""
        self._hearers[kind] = (*self._hearers.get(kind, ()), hear)
        return lambda: self._hearers.update({kind: tuple(one for one in self._hearers[kind] if one is not hear)})

    def on_return(self, hear: Callable[[], None]) -> None:
        """``hear()`` whenever messages may have been missed and are heard again: look at everything once."""
        self._returned = (*self._returned, hear)

    def start(self) -> None:
        if self._listener is None:
            self._begin("_listener", self._listen_on)

    def stop(self) -> None:
        """What waits to be sent goes out if Redis answers; then there is silence. May be called twice."""
        self._outbox.close()
        if self._courier is not None:
            self._courier.join(FLUSH_WITHIN_S)
        self._stopping.set()

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        with self._lock:
            if getattr(self, name) is None:
                thread = threading.Thread(target=work, name="messages", daemon=True)
                setattr(self, name, thread)
                thread.start()

    # ── sending ─────────────────────────────────────────────────────────────

    def _send_all(self) -> None:
        while (text := self._outbox.take()) is not None:
            pause = FIRST_PAUSE_S
            while not self._sent(text):
                if self._stopping.wait(pause):
                    return
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _sent(self, text: str) -> bool:
        try:
            self._redis.publish(self._channel, text)
        except (RedisError, OSError) as error:
            log.debug("A message could not be sent: %s", error)
            return False
        return True

    # ── hearing ─────────────────────────────────────────────────────────────

    def _listen_on(self) -> None:
        pause, missed = FIRST_PAUSE_S, False
        while not self._stopping.is_set():
            try:
                self._listen(missed)
            except (RedisError, OSError) as error:
                if self._connected.is_set() or not missed:
                    log.warning(
                        "Redis is away (%s). Everything goes on; other processes are heard again by themselves "
                        "once it is back.",
                        error,
                    )
                if self._connected.is_set():
                    self.missed_since = self._heard_at
                pause = FIRST_PAUSE_S if self._connected.is_set() else min(2 * pause, LONGEST_PAUSE_S)
                self._connected.clear()
                missed = True
                self._stopping.wait(pause)

    def _listen(self, missed: bool) -> None:
        """Hears one connection to its end. Raises RedisError, OSError."""
        with self._redis.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(self._channel)
            silent = True
            while not self._stopping.is_set():
                heard = channel.get_message(timeout=SILENCE_S)
                if heard is None and silent:
                    raise ConnectionError("it gives no sign of life")
                silent = heard is None
                self._heard_at = self._heard_at if silent else datetime.now(UTC)
                if heard is None:
                    channel.ping()
                elif heard["type"] == "subscribe":
                    self._arrived(missed)
                elif heard["type"] == "message":
                    self._hand_out(heard["data"])

    def _arrived(self, missed: bool) -> None:
        self._connected.set()
        if not missed:
            return
        log.info("Redis is back; what was missed is looked up")
        for hear in self._returned:
            _guarded(hear)

    def _hand_out(self, text: str) -> None:
        kind, payload = _read(text, self.sender)
        for hear in self._hearers.get(kind, ()) if not self._stopping.is_set() else ():
            _guarded(lambda hear=hear: hear(payload))  # type: ignore[misc]


def _read(text: str, me: str) -> tuple[str, dict[str, Any]]:
    """Kind and payload of another process' message; an empty kind for one's own, and for what is none."""
    try:
        said = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("payload"), dict) or not isinstance(said.get("kind"), str):
        log.warning("A message on the Redis channel is not understood and passed over")
        return "", {}
    return ("", {}) if said.get("from") == me else (said["kind"], said["payload"])


def _guarded(act: Callable[[], object]) -> None:
    try:
        act()
    except Exception:  # the wall: one deaf listener must not silence the rest
        log.exception("A listener failed on a message of another process")
