"""What may be stored of a series: each fact by the type and the length of its column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String, Text

from aniworld.core.errors import InvalidInput
from aniworld.core.validators import holds_control, validate_folder, validate_language, validate_series_name
from aniworld.models import AnimeSeries

LARGEST_NUMBER = 2**31 - 1
CHANGEABLE = frozenset(
    {
        "name",
        "site",
        "folder",
        "link",
        "description",
        "alternative_titles",
        "year_start",
        "year_end",
        "genres",
        "age_rating",
        "imdb_id",
        "cover_url",
        "cover_file",
        "languages",
        "specials",
        "numbering",
        "monitored",
        "auto_download",
        "upgrade",
        "refreshed_at",
        "refresh_error",
    }
)
_KINDS = {str: "text", int: "a whole number", bool: "true or false", datetime: "a timestamp with a time zone"}


def checked_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """``facts`` in their normal form. Raises InvalidInput with a message for each field that cannot be stored."""
    unknown = sorted(set(facts) - CHANGEABLE)
    if unknown:
        raise InvalidInput("These facts of a series cannot be set.", {name: ["Unknown field."] for name in unknown})
    checked: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, value in facts.items():
        try:
            checked[name] = _checked(name, value)
        except InvalidInput as error:
            wrong[name] = [str(error)]
    if wrong:
        raise InvalidInput(next(iter(wrong.values()))[0], wrong)
    return checked


def _checked(name: str, value: Any) -> Any:
    special = _CHECKS.get(name)
    if special is not None:
        return special(value)
    hint = _hints()[name]
    if not _fits(value, hint):
        raise InvalidInput(f"{name} must be {_kind(hint)}.")
    kind = AnimeSeries.__table__.c[name].type
    if isinstance(value, str) and isinstance(kind, String) and not isinstance(kind, Text):
        if kind.length is not None and len(value) > kind.length:
            raise InvalidInput(f"{name} is longer than {kind.length} characters.")
        if holds_control(value):
            raise InvalidInput(f"{name} holds control characters.")
    return value


def _languages(value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise InvalidInput("languages is a list of texts.")
    return [validate_language(one) for one in value]


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": validate_series_name,
    "folder": validate_folder,
    "languages": _languages,
}


@cache
def _hints() -> dict[str, Any]:
    """The Python type of each changeable column, as it is mapped."""
    # Flask-SQLAlchemy imports this name of its own annotations for type checkers only.
    hints = get_type_hints(AnimeSeries, localns={"SQLAlchemy": SQLAlchemy})
    return {name: get_args(hints[name])[0] for name in CHANGEABLE}


def _fits(value: Any, hint: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is list:
        return isinstance(value, list | tuple) and all(_fits(one, parts[0]) for one in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(
            _fits(name, parts[0]) and _fits(one, parts[1]) for name, one in value.items()
        )
    if hint is NoneType:
        return value is None
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
    if hint is datetime:
        return isinstance(value, datetime) and value.tzinfo is not None
    if hint is str:  # what no database stores: half a surrogate pair, and PostgreSQL's one forbidden character
        return isinstance(value, str) and not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
    return isinstance(value, hint)


def _kind(hint: Any) -> str:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join("null" if part is NoneType else _kind(part) for part in parts)
    if origin is list:
        return "a list of texts"
    if origin is dict:
        return f"an object whose values are each {_kind(parts[1])}"
    return _KINDS.get(hint, str(hint))
