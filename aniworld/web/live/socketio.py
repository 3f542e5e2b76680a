"""Socket.IO: signs in when it connects, joins and leaves rooms, and is dropped when it does not read."""

from __future__ import annotations

import logging
import threading
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as ConnectionRefused
from flask_socketio import SocketIO

from aniworld.core.errors import AniworldError, NotSignedIn
from aniworld.services.access.service import Identity
from aniworld.services.container import Services
from aniworld.web.live.packet_parser import TextPacket
from aniworld.web.live.rooms import Message, Rooms, asked_rooms, in_wished_order
from aniworld.web.live.socket_guard import WIRE, Allowance, SocketGate
from aniworld.web.security import authentication as guards
from aniworld.web.security.origins import from_here

log = logging.getLogger(__name__)

OUTBOX = 128
MAX_PACKET = 64 * 1024
MAX_CONNECTIONS = 1000
EVENTS_A_SECOND, EVENTS_BURST = 20, 60
LOOK_EVERY_S = 5.0
NAMESPACE = "/"


class SocketIoOutlet:
    """The clients of one Socket.IO server, and who they are."""

    def __init__(self, socketio: SocketIO, rooms: Rooms, services: Services) -> None:
        self._socketio = socketio
        self._rooms = rooms
        self._services = services
        self._clients: dict[str, Identity] = {}
        self._allowances: dict[str, Allowance] = {}
        self._strangers: set[str] = set()
        self._lock = threading.Lock()
        self._watched = False
        self._done = False
        self._due = threading.Event()
        self.gate: SocketGate | None = None

    @property
    def engine(self) -> Any:
        return self._socketio.server.eio

    @property
    def connections(self) -> int:
        return len(self._clients)

    def full(self) -> bool:
        if not self._watched:
            self._watch()
        return len(self.engine.sockets) >= MAX_CONNECTIONS

    # ── telling ─────────────────────────────────────────────────────────────

    def wanted(self, room: str) -> bool:
        return room in self._socketio.server.manager.rooms.get(NAMESPACE, {})

    def send(self, message: Message) -> None:
        """Encoded once, put into every member's outbox; those whose outbox is full are dropped first."""
        manager = self._socketio.server.manager
        for _, session in list(manager.get_participants(NAMESPACE, message.room)):
            sock = self.engine.sockets.get(session)
            if sock is not None and sock.queue.qsize() >= OUTBOX:
                log.info("A Socket.IO client does not read and is dropped")
                self._cut(session)
        self._socketio.server.emit(message.name, message.data, to=message.room, namespace=NAMESPACE)

    # ── hearing ─────────────────────────────────────────────────────────────

    def connect(self, auth: Any = None) -> None:
        """Raises ConnectionRefused for whoever is not signed in."""
        try:
            identity = _identify(auth)
        except AniworldError as error:
            raise ConnectionRefused(str(error)) from None
        sid = request.sid  # type: ignore[attr-defined]
        self._allowances[sid] = Allowance(EVENTS_A_SECOND, EVENTS_BURST)
        self._clients[sid] = identity

    def disconnect(self, *_: Any) -> None:
        sid = request.sid  # type: ignore[attr-defined]
        self._clients.pop(sid, None)
        self._allowances.pop(sid, None)

    def join(self, *args: Any) -> dict[str, Any]:
        """Into rooms; their present state is sent before the acknowledgement."""
        wished = self._wished(args)
        if wished is None:
            return _no("Name one of the rooms, or several in a list.")
        sid = request.sid  # type: ignore[attr-defined]
        server = self._socketio.server
        for room in wished:
            server.enter_room(sid, room, namespace=NAMESPACE)
        for room in wished:
            for message in self._rooms.state_of(room):
                server.emit(message.name, message.data, to=sid, namespace=NAMESPACE)
        return self._yes(sid, wished)

    def leave(self, *args: Any) -> dict[str, Any]:
        wished = self._wished(args)
        if wished is None:
            return _no("Name one of the rooms, or several in a list.")
        sid = request.sid  # type: ignore[attr-defined]
        for room in wished:
            self._socketio.server.leave_room(sid, room, namespace=NAMESPACE)
        return self._yes(sid, wished)

    def unknown(self, *args: Any) -> dict[str, Any]:
        self._wished(())
        return _no("This server knows join and leave only.")

    def _wished(self, args: tuple[Any, ...]) -> list[str] | None:
        sid = request.sid  # type: ignore[attr-defined]
        allowance = self._allowances.get(sid)
        if allowance is None or not allowance.take():
            self.drop(sid)
            return None
        return asked_rooms(args[0]) if len(args) == 1 else None

    def _yes(self, sid: str, wished: list[str]) -> dict[str, Any]:
        joined = self._socketio.server.rooms(sid, namespace=NAMESPACE)
        return {"ok": True, "rooms": in_wished_order([room for room in joined if room != sid], wished)}

    # ── ending ──────────────────────────────────────────────────────────────

    def end(self, identity_id: str) -> None:
        """Every connection of a session or key that ended is cut."""
        for sid, identity in list(self._clients.items()):
            if identity.id == identity_id:
                self.drop(sid)

    def drop(self, sid: str) -> None:
        session = self._socketio.server.manager.eio_sid_from_sid(sid, NAMESPACE)
        self._socketio.server.disconnect(sid, namespace=NAMESPACE)
        if session:
            self._cut(session)

    def look_soon(self) -> None:
        """Sessions may have ended unheard."""
        self._due.set()

    def stop(self) -> None:
        self._done = True
        self._due.set()

    def _cut(self, session: str) -> None:
        """The transport ends as well, and wakes the greenlets that wait on it."""
        sock = self.engine.sockets.get(session)
        wire = self.gate.wires.get(session) if self.gate else None
        wire = wire or self._socketio.server.environ.get(session, {}).get(WIRE)
        if sock is not None:
            sock.close(wait=False, abort=True, reason=self.engine.reason.SERVER_DISCONNECT)
            self.engine.sockets.pop(session, None)
        if wire is not None:
            wire.cut()

    def _watch(self) -> None:
        with self._lock:
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._look_now_and_then, name="sockets", daemon=True).start()

    def _look_now_and_then(self) -> None:
        """Cuts sessions that expired or ended elsewhere, and connections that never signed in."""
        while not self._done:
            self._due.wait(LOOK_EVERY_S)
            self._due.clear()
            try:
                self._look()
            except Exception:  # the wall: a database that stumbles must not end the watch
                log.exception("Sockets could not be looked after")

    def _look(self) -> None:
        alive: dict[str, bool] = {}
        for sid, identity in list(self._clients.items()):
            if identity.id not in alive:
                alive[identity.id] = self._services.auth.is_alive(identity)
            if not alive[identity.id]:
                self.drop(sid)
        manager = self._socketio.server.manager
        nobody = {one for one in list(self.engine.sockets) if not manager.sid_from_eio_sid(one, NAMESPACE)}
        for session in nobody & self._strangers:
            self._cut(session)
        self._strangers = nobody


def install(app: Flask, socketio: SocketIO, rooms: Rooms, services: Services) -> SocketIoOutlet:
    origins = services.environment.origins

    def same_site(origin: str, environ: dict[str, Any]) -> bool:
        return from_here(origin, environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_HOST", ""), origins)

    socketio.init_app(
        app,
        async_mode="gevent",
        cors_allowed_origins=same_site,
        cors_credentials=False,
        manage_session=False,
        max_http_buffer_size=MAX_PACKET,
        ping_interval=25,
        ping_timeout=20,
        serializer=TextPacket,
        logger=False,
        engineio_logger=False,
    )
    outlet = SocketIoOutlet(socketio, rooms, services)
    socketio.on_event("connect", outlet.connect)
    socketio.on_event("disconnect", outlet.disconnect)
    socketio.on_event("join", outlet.join)
    socketio.on_event("leave", outlet.leave)
    socketio.on_event("*", outlet.unknown)
    services.auth.on_session_ended(outlet.end)
    rooms.add(outlet)
    return outlet


def _identify(auth: Any) -> Identity:
    """By the token of the connect packet, else as any request. Raises NotSignedIn."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if token is not None:
        return guards.by_token(token)
    found = guards.by_headers() or guards.by_cookie()
    if found is None:
        raise NotSignedIn("Sign in first.")
    return found


def _no(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}
