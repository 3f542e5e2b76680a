"""The Flask extensions as bare objects; ``web/setup.py`` binds them. The database has none (docs/decisions/0001)."""

from __future__ import annotations

from flask_login import LoginManager

from aniworld.core.postponed import postponed

with postponed("requests", "websocket"):  # what a Socket.IO *client* speaks with: a sixth of a second, 6 MB
    from flask_socketio import SocketIO

socketio = SocketIO()
login = LoginManager()
