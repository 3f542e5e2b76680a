"""What may stand in an address where a series or a queue item is named: never one of the words that stand there as
well.
"""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter

from aniworld.core.keys import RESERVED


class SeriesName(BaseConverter):
    """A key or a folder."""

    regex = rf"(?!(?:{'|'.join(sorted(RESERVED))})$)[^/]{{1,300}}"
    part_isolating = True


class ItemId(BaseConverter):
    """A queue item's UUID."""

    regex = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    part_isolating = True

    def to_python(self, value: str) -> str:
        return value.lower()


CONVERTERS = {"series": SeriesName, "item": ItemId}


def install(app: Flask) -> None:
    app.url_map.converters.update(CONVERTERS)


def documented(converter: BaseConverter) -> dict[str, object]:
    """The JSON schema of a converter's text."""
    if isinstance(converter, ItemId):
        return {"type": "string", "format": "uuid"}
    return {"type": "string", "minLength": 1, "maxLength": 300}
