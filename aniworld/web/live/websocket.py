"""The native WebSocket at /ws/connect: small JSON messages for scripts that speak no Socket.IO."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import time
from typing import Any

from flask import Flask, current_app, request
from flask_login import current_user
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from aniworld.core.errors import AniworldError, Unavailable
from aniworld.models import utcnow
from aniworld.services.access.service import AuthService, Identity
from aniworld.web.http.json_response import moment, to_json
from aniworld.web.live.rooms import Message, Rooms, asked_rooms, in_wished_order
from aniworld.web.live.socket_guard import Allowance
from aniworld.web.security import authentication as guards

log = logging.getLogger(__name__)

OUTBOX, MAX_MESSAGE, MAX_CLIENTS = 256, 64 * 1024, 500
SIGN_IN_WITHIN_S = 5.0
MESSAGES_A_SECOND, MESSAGES_BURST = 20, 60
LOOK_EVERY_S = 5.0
OUTLET, ENDPOINT = "aniworld.websockets", "websocket"


class Client:
    """One connection: a bounded outbox, and a sender that empties it."""

    def __init__(self, ws: Any) -> None:
        self.identity: Identity | None = None
        self.rooms: set[str] = set()
        self._ws = ws
        self._outbox: queue.Queue[str | None] = queue.Queue(OUTBOX)
        self._sender = threading.Thread(target=self._send_all, name="websocket", daemon=True)
        self._sender.start()

    def say(self, kind: str, **data: Any) -> None:
        self.put(to_json({"type": kind, "timestamp": moment(utcnow()), "data": data}))

    def put(self, text: str) -> None:
        """Into the outbox; a client whose outbox is full does not read and is dropped."""
        try:
            self._outbox.put_nowait(text)
        except queue.Full:
            log.info("A WebSocket client does not read and is dropped")
            self.drop()

    def drop(self) -> None:
        """The connection is cut; whoever waits on it wakes up."""
        cut = getattr(self._ws.sock, "cut", None)
        if cut is not None:
            cut()
            return
        with contextlib.suppress(OSError, ConnectionClosed):
            self._ws.close()

    def finish(self) -> None:
        """Ends the sender, after what is still to be said if the other side reads."""
        with contextlib.suppress(queue.Full):
            self._outbox.put_nowait(None)
        self._sender.join(2.0)
        if self._sender.is_alive():
            self.drop()

    def _send_all(self) -> None:
        while (text := self._outbox.get()) is not None:
            try:
                self._ws.send(text)
            except (OSError, ConnectionClosed):
                return


class WebSocketOutlet:
    def __init__(self, rooms: Rooms, auth: AuthService) -> None:
        self._rooms = rooms
        self._auth = auth
        self._clients: set[Client] = set()
        self._lock = threading.Lock()

    @property
    def connections(self) -> int:
        return len(self._clients)

    def full(self) -> bool:
        return len(self._clients) >= MAX_CLIENTS

    def wanted(self, room: str) -> bool:
        return any(room in client.rooms for client in self._clients)

    def send(self, message: Message) -> None:
        text = to_json(message.envelope)
        for client in list(self._clients):
            if message.room in client.rooms:
                client.put(text)

    def end(self, identity_id: str) -> None:
        """Every connection of a session or key that ended is cut."""
        for client in list(self._clients):
            if client.identity is not None and client.identity.id == identity_id:
                client.drop()

    def serve(self, ws: Any, identity: Identity | None) -> None:
        """One connection from its first message to its end."""
        client = Client(ws)
        client.identity = identity
        with self._lock:
            self._clients.add(client)
        try:
            if client.identity is not None or self._signed_in(client, ws):
                self._listen(client, ws)
        except ConnectionClosed:
            pass
        finally:
            self._clients.discard(client)
            client.finish()

    def _signed_in(self, client: Client, ws: Any) -> bool:
        deadline = time.monotonic() + SIGN_IN_WITHIN_S
        text = ws.receive(timeout=max(0.0, deadline - time.monotonic()))
        wish = _read(text)
        if wish is None or wish.get("action") != "auth":
            client.say("error", error='Sign in first: send {"action": "auth", "token": "…"}.')
            return False
        return self._authenticate(client, wish)

    def _authenticate(self, client: Client, wish: dict[str, Any]) -> bool:
        token = wish.get("token")
        try:
            client.identity = guards.by_token(token)
        except AniworldError as error:
            client.say("error", error=str(error))
            return False
        client.say("authenticated", ok=True)
        return True

    def _listen(self, client: Client, ws: Any) -> None:
        allowance = Allowance(MESSAGES_A_SECOND, MESSAGES_BURST)
        while True:
            text = ws.receive(timeout=LOOK_EVERY_S)
            if text is None:
                if not ws.connected or not self._still_welcome(client):
                    return
                continue
            if not allowance.take():
                client.say("error", error="Too many messages; the connection is closed.")
                return
            if not self._act(client, _read(text)):
                return

    def _still_welcome(self, client: Client) -> bool:
        return client.identity is not None and self._auth.is_alive(client.identity)

    def _act(self, client: Client, wish: dict[str, Any] | None) -> bool:
        """Whether the connection goes on."""
        action = wish.get("action") if wish else None
        if wish is None or action not in ("auth", "join", "leave", "ping"):
            client.say("error", error='Send {"action": "join", "leave" or "ping"} with a room.')
        elif action == "ping":
            client.say("pong")
        elif action == "auth":
            return self._authenticate(client, wish)
        else:
            self._move(client, action, asked_rooms(wish.get("room")))
        return True

    def _move(self, client: Client, action: str, wished: list[str] | None) -> None:
        if wished is None:
            client.say(action, ok=False, error="Name one of the rooms, or several in a list.")
            return
        if action == "leave":
            client.rooms = client.rooms - set(wished)
        else:
            client.rooms = client.rooms | set(wished)
        client.say(action, ok=True, rooms=in_wished_order(client.rooms, wished))
        for room in wished if action == "join" else ():
            for message in self._rooms.state_of(room):
                client.put(to_json(message.envelope))


def install(app: Flask, rooms: Rooms, auth: AuthService) -> WebSocketOutlet:
    outlet = WebSocketOutlet(rooms, auth)
    app.extensions[OUTLET] = outlet
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 25, "max_message_size": MAX_MESSAGE}
    Sock(app).route("/ws/connect", endpoint=ENDPOINT)(websocket)
    app.before_request(_check_room)
    auth.on_session_ended(outlet.end)
    rooms.add(outlet)
    return outlet


def _check_room() -> None:
    """Before a connection is taken. Raises Unavailable."""
    if request.endpoint == ENDPOINT and current_app.extensions[OUTLET].full():
        raise Unavailable("Too many clients are connected; try again in a moment.")


def websocket(ws: Any) -> None:
    current_app.extensions[OUTLET].serve(ws, current_user.identity)


def _read(text: Any) -> dict[str, Any] | None:
    try:
        wish = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return wish if isinstance(wish, dict) else None
