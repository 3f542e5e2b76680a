"""What the shell offers when Tab is pressed: keys of the library, names of settings."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from aniworld.core.errors import AniworldError

AT_MOST = 200


def series_keys(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Keys of the library that begin with ``begun``, with their names. Nothing where there is no library yet."""
    from sqlalchemy import select  # only when Tab is pressed
    from sqlalchemy.exc import SQLAlchemyError

    from aniworld.config.environment import Environment
    from aniworld.models import AnimeSeries, Database

    query = (
        select(AnimeSeries.key, AnimeSeries.name)
        .where(AnimeSeries.deleted_at.is_(None), AnimeSeries.key.startswith(begun, autoescape=True))
        .order_by(AnimeSeries.key)
        .limit(AT_MOST)
    )
    try:
        database = Database.at(Environment.read().sqlalchemy_url)
        with database.reading() as session:
            return [CompletionItem(key, help=" ".join(name.split())) for key, name in session.execute(query)]
    except (AniworldError, SQLAlchemyError):  # Tab is no place for errors
        return []


def setting_names(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Settings that begin with ``begun``, with what they mean."""
    from aniworld.config.settings import walk

    named = ((f"{section}.{name}", one.metadata["doc"]) for section, name, one in walk())
    return [CompletionItem(name, help=doc) for name, doc in named if name.startswith(begun)]
