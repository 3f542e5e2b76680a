"""The live edge: what happens, told to every open browser and client."""

from __future__ import annotations

from flask import Flask

from aniworld.services.container import Services
from aniworld.web.http import extensions
from aniworld.web.live import socketio as over_socketio
from aniworld.web.live import websocket as over_websocket
from aniworld.web.live.rooms import Rooms
from aniworld.web.live.socket_guard import SocketGate

ROOMS = "aniworld.rooms"
SOCKETIO_PATH = "/socket.io"


def install(app: Flask, services: Services) -> None:
    """Both kinds of sockets on ``app``, fed by one table."""
    rooms = Rooms(services.bus, services.downloads.status, services.scan.status)
    outlet = over_socketio.install(app, extensions.socketio, rooms, services)
    over_websocket.install(app, rooms, services.auth)
    if services.cluster:  # what happens elsewhere; see docs/decisions/0093
        services.cluster.on_event(rooms.hear)
        services.cluster.on_return(rooms.tell_states)
        services.cluster.on_return(outlet.look_soon)
    gate = SocketGate(app.wsgi_app, outlet.full, SOCKETIO_PATH)
    outlet.gate = gate
    app.wsgi_app = gate  # type: ignore[method-assign]
    app.extensions[ROOMS] = rooms
