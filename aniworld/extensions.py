"""The Flask extensions as bare objects; ``app.py`` binds them. Alembic is loaded only when there is something to migrate."""

from __future__ import annotations

from flask_login import LoginManager
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy

from aniworld.models.base import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
socketio = SocketIO()
login = LoginManager()
