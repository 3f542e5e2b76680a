"""What happens, told to rooms: one table for Socket.IO and WebSocket alike.

Events come from any thread and go out from one sender, in order. Nobody who publishes waits for a client, and what no
client wants is not even encoded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from aniworld.core.events import DownloadProgress, Event, EventBus, QueueStatusChanged, Room, ScanProgress
from aniworld.core.offload import pause
from aniworld.models import utcnow
from aniworld.services.queue.views import DownloadItem, QueueStatus
from aniworld.services.scan.views import ScanStatus
from aniworld.web.http.json_response import moment, plain
from aniworld.web.live.progress_throttle import ProgressPace

log = logging.getLogger(__name__)

QUEUE_STATUS_EVERY_S = 0.25
BACKLOG = 10_000
ROOMS = tuple(str(room) for room in Room)


@dataclass(frozen=True)
class Message:
    """``data`` carries its timestamp beside the fields; ``envelope`` is the WebSocket's form."""

    room: str
    name: str
    data: dict[str, Any]

    @property
    def envelope(self) -> dict[str, Any]:
        fields = {name: value for name, value in self.data.items() if name != "timestamp"}
        return {"type": self.name, "timestamp": self.data["timestamp"], "data": fields}


class Outlet(Protocol):
    """One kind of connection, ``connections`` of which are open. ``send`` must not wait for any client."""

    @property
    def connections(self) -> int: ...
    def wanted(self, room: str) -> bool: ...
    def send(self, message: Message) -> None: ...


class Rooms:
    """``queue_status`` and ``scan_status`` give the present state, for those who join."""

    def __init__(
        self, bus: EventBus, queue_status: Callable[[], QueueStatus], scan_status: Callable[[], ScanStatus]
    ) -> None:
        self._queue_status = queue_status
        self._scan_status = scan_status
        self._outlets: tuple[Outlet, ...] = ()
        self._waiting: deque[Event] = deque(maxlen=BACKLOG)
        self._news = threading.Event()
        self._lock = threading.Lock()
        self._sender: threading.Thread | None = None
        self._stopped = False
        self._states_due = False
        self._held: QueueStatusChanged | None = None
        self._status_sent_at = float("-inf")
        self._pace = ProgressPace()
        self._unsubscribe = bus.subscribe(self.hear)

    def add(self, outlet: Outlet) -> None:
        self._outlets = (*self._outlets, outlet)

    @property
    def connections(self) -> int:
        """How many are open, of all kinds."""
        return sum(outlet.connections for outlet in self._outlets)

    def hear(self, event: Event) -> None:
        """Takes an event over, if anybody is in its room."""
        if self._stopped or not self._wanted(event.room):
            return
        self._waiting.append(event)
        self._wake()

    def tell_states(self) -> None:
        """Everybody gets the present state of the rooms they are in, soon: events may have been missed."""
        if not self._stopped and any(self._wanted(room) for room in ROOMS):
            self._states_due = True
            self._wake()

    def stop(self) -> None:
        """May be called twice."""
        self._stopped = True
        self._unsubscribe()
        self._news.set()

    def state_of(self, room: str) -> list[Message]:
        """The present state of a room, for one who joins it."""
        if room == Room.DOWNLOADS:
            return [_message(QueueStatusChanged(plain(self._queue_status())))]
        if room == Room.DOWNLOAD_PROGRESS:
            return [_message(_progress_of(item)) for item in self._queue_status().active_downloads]
        if room == Room.SCAN_PROGRESS:
            return [_scan_state(self._scan_status())]
        return []

    # ── the sender ──────────────────────────────────────────────────────────

    def _wake(self) -> None:
        self._news.set()
        if self._sender is None:
            self._begin()

    def _begin(self) -> None:
        with self._lock:
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, name="rooms", daemon=True)
                self._sender.start()

    def _send_all(self) -> None:
        while not self._stopped:
            self._news.wait(self._until_due())
            self._news.clear()
            while self._waiting:
                event = self._waiting.popleft()
                if isinstance(event, QueueStatusChanged):
                    self._held = event
                else:
                    self._send_each(self._pace.admit(event, self.connections))
            self._send_each(self._pace.due(self.connections))
            if self._held is not None and self._until_status() == 0:
                self._send_status()
            if self._states_due:
                self._states_due = False
                self._send_states()

    def _send_each(self, events: Iterable[Event]) -> None:
        for event in events:
            self._send(event)
            pause(0)  # with many clients an event takes long: requests that came meanwhile go first

    def _until_due(self) -> float | None:
        """Seconds until something that is held back is due; None while nothing is."""
        waits = [wait for wait in (self._until_status(), self._pace.wait_s(self.connections)) if wait is not None]
        return min(waits, default=None)

    def _until_status(self) -> float | None:
        """Seconds until a held back queue_status is due; None while none is held."""
        if self._held is None:
            return None
        return max(0.0, self._status_sent_at + QUEUE_STATUS_EVERY_S - time.monotonic())

    def _send_status(self) -> None:
        held, self._held = self._held, None
        self._status_sent_at = time.monotonic()
        if held is not None:
            self._send(held)

    def _send_states(self) -> None:
        try:
            for room in ROOMS:
                for message in self.state_of(room) if self._wanted(room) else ():
                    self._hand_out(message)
        except Exception:  # the wall: a database that stumbles must not silence what follows
            log.exception("The present state could not be told")

    def _send(self, event: Event) -> None:
        try:
            if isinstance(event, QueueStatusChanged) and not event.status:
                event = QueueStatusChanged(plain(self._queue_status()))  # read when it is sent: always the newest
            self._hand_out(_message(event))
        except Exception:  # the wall: one event that cannot be told must not silence those that follow
            log.exception("The event %s could not be told", event.name)

    def _hand_out(self, message: Message) -> None:
        for outlet in self._outlets:
            if outlet.wanted(message.room):
                outlet.send(message)

    def _wanted(self, room: str) -> bool:
        return any(outlet.wanted(room) for outlet in self._outlets)


def _message(event: Event) -> Message:
    return Message(str(event.room), event.name, {**plain(event.data()), "timestamp": moment(utcnow())})


def _scan_state(status: ScanStatus) -> Message:
    """The running or last scan as progress. ``status`` tells a client that was away how it ended."""
    progress = ScanProgress(
        status.scan_id or "", status.phase, status.current, status.total, status.percent, message=status.error or ""
    )
    message = _message(progress)
    return Message(message.room, message.name, {**message.data, "status": status.status})


def _progress_of(item: DownloadItem) -> DownloadProgress:
    return DownloadProgress(
        download_id=item.id,
        key=item.serie_id,
        folder=item.serie_folder,
        season=item.season,
        episode=item.episode,
        percent=item.progress,
        downloaded_bytes=item.downloaded_bytes,
        total_bytes=item.total_bytes,
        speed_mbps=item.speed_mbps,
        speed_bytes=item.speed_bytes,
        eta_seconds=item.eta_seconds,
        phase=item.phase or "transferring",
        hoster=item.hoster,
        language=item.language,
    )


def asked_rooms(wish: Any) -> list[str] | None:
    """The rooms that a client named, alone or in a list; None if it named anything else."""
    names = [wish] if isinstance(wish, str) else wish
    if not isinstance(names, list) or not 0 < len(names) <= 20:
        return None
    return list(dict.fromkeys(names)) if all(isinstance(name, str) and name in ROOMS for name in names) else None


def in_wished_order(joined: Iterable[str], wished: list[str]) -> list[str]:
    """The rooms that a client is in: those it just named first and in its order, then the others by name."""
    return sorted(joined, key=lambda room: (wished.index(room) if room in wished else len(wished), room))
