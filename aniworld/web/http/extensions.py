"""The Flask extensions as bare objects; ``web/setup.py`` binds them. The database has none so far
(docs/decisions/0001).
"""

from __future__ import annotations

from flask_jwt_extended import JWTManager
from flask_login import LoginManager
from flask_socketio import SocketIO

socketio = SocketIO()
login = LoginManager()
jwt = JWTManager()
