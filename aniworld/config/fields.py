"""Marshmallow fields that take what JSON says and guess nothing: ``"1"`` is no number and ``1`` is no truth value."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from aniworld.core.validators import holds_control

_DIGITS = re.compile(r"-?[0-9]{1,30}")


class StrictSchema(Schema):
    """Unknown fields are refused."""

    class Meta:
        unknown = "raise"


class Text(fields.String):
    """Text without halves of surrogate pairs and without NUL, which no database keeps."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise ValidationError("Holds characters that cannot be kept.")
        return super()._deserialize(value, attr, data, **kwargs)


class Line(Text):
    """What one person types and others read: a line without control characters, in NFC, without the spaces around it.

    Its length is that of what was sent, as the document says.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        plain(text.strip())
        return text

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        text = super().deserialize(value, attr, data, **kwargs)
        return unicodedata.normalize("NFC", text.strip()) if isinstance(text, str) else text


def plain(text: str) -> None:
    """Raises ValidationError for a text with control characters."""
    if holds_control(text):
        raise ValidationError("Holds control characters; write plain text in one line.")


class Whole(fields.Integer):
    def _validated(self, value: Any) -> int:
        if not isinstance(value, int | float) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Count(fields.Integer):
    """A whole number in an address: digits, and nothing else that Python would read as one."""

    def _validated(self, value: Any) -> int:
        if not _DIGITS.fullmatch(str(value)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Amount(fields.Float):
    def _validated(self, value: Any) -> float:
        if not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Truth(fields.Boolean):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def flat(messages: Any, path: str = "") -> dict[str, list[str]]:
    """Marshmallow's nested messages as {dotted field: [messages]}; ``_schema`` stands for the whole."""
    if isinstance(messages, str):
        return {path or "_schema": [messages]}
    if not isinstance(messages, Mapping):
        return {path or "_schema": [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for name, inner in messages.items():
        step = path if name == "_schema" else f"{path}.{name}" if path else str(name)
        for field, texts in flat(inner, step).items():
            found.setdefault(field, []).extend(texts)
    return found
