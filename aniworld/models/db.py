"""The declarative base of all tables, and Flask-SQLAlchemy bound to an application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import URL, Float, MetaData
from sqlalchemy.orm import DeclarativeBase, registry

from aniworld.models.engines import address_of, engine_options, on_connecting


class Base(DeclarativeBase):
    registry = registry(
        type_annotation_map={float: Float(53)},  # MySQL would keep six digits
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

if TYPE_CHECKING:
    Model = Base  # mypy follows no attribute of an instance to a base class
else:
    Model = db.Model


def bind(url: str | URL, app: Flask | None = None) -> Flask:
    """An application whose ``db.engine`` is for ``url``; it has not connected yet.

    ``app``: the one to bind. None: a bare one, without secret, log file, routes or migration, for child processes and
    the command line. Raises InvalidInput for an invalid address, or a kind of database that this program does not know.
    """
    url = _absolute(address_of(url) if isinstance(url, str) else url)
    app = app or Flask("aniworld", static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url) | app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {})
    db.init_app(app)
    with app.app_context():
        on_connecting(db.engine)
    return app


def _absolute(url: URL) -> URL:
    """Flask-SQLAlchemy takes a relative path as one below the instance folder; an address means the current folder."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:" or path.startswith("file:"):
        return url
    return url.set(database=str(Path(path).absolute()))
