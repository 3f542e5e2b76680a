"""The Flask extensions as bare objects; ``web/setup.py`` binds them. The database has none (docs/decisions/0001)."""

from __future__ import annotations

from flask_login import LoginManager

from aniworld.core.postponed import left_out, postponed

# What a Socket.IO *client* speaks with, and what its message queues do, which we have none of: a quarter of a second,
# 13 MB.
with postponed("requests", "websocket"), left_out("redis", "kombu"):
    from flask_socketio import SocketIO

socketio = SocketIO()
login = LoginManager()
