"""The Flask extensions of the web as bare objects; ``web/setup.py`` binds them. Those of the database, which is needed
without the web too, are in ``models/db.py`` and ``models/upgrade.py``.
"""

from __future__ import annotations

from flask_jwt_extended import JWTManager
from flask_login import LoginManager
from flask_socketio import SocketIO

socketio = SocketIO()
login = LoginManager()
jwt = JWTManager()
