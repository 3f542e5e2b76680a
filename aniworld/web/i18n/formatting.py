"""What every page knows, and how lists of series are made ready to be shown."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import flask
from flask import current_app, g, has_request_context, request
from jinja2 import TemplateNotFound

APP_NAME = "Aniworld"
PLACEHOLDER_HUES = 12
BEFORE_RENDERING = "aniworld.before_rendering"  # an extension of the application: called before each template

SeriesDict = dict[str, Any]


def get_base_context(title: str = APP_NAME, **more: Any) -> dict[str, Any]:
    """What every page needs: ``title``, ``app_name``, ``csp_nonce``, ``base_path``, and ``more`` over them."""
    context = {"title": title, "app_name": APP_NAME, "csp_nonce": _nonce(), "base_path": _base_path()}
    return {**context, **more}


def render_template(name: str, /, **context: Any) -> str:
    """The page ``name`` as HTML, with the base context under ``context``. Raises TemplateNotFound.

    Outside of a request, an application context is enough: addresses are then those of a server at ``/``, and the
    language is the configured one.
    """
    if not validate_template_exists(name):
        raise TemplateNotFound(name)
    if not has_request_context():
        with current_app.test_request_context():
            return render_template(name, **context)
    current_app.extensions.get(BEFORE_RENDERING, bool)()
    return flask.render_template(name, **get_base_context(**context))


def validate_template_exists(name: str) -> bool:
    """Whether there is a page template of that name. Any text may be asked for."""
    if not isinstance(name, str) or not name:
        return False
    try:
        current_app.jinja_env.get_template(name)
    except (TemplateNotFound, UnicodeError, ValueError):
        return False
    return True


def list_available_templates() -> list[str]:
    """The names of all page templates, sorted."""
    return sorted(name for name in current_app.jinja_env.list_templates() if name.endswith(".html"))


def prepare_series_context(series_data: Iterable[Mapping[str, Any]], sort_by: str = "name") -> list[SeriesDict]:
    """Copies of ``series_data``, each with ``key``, ``name``, ``folder``, ``missing_episodes``, ``missing_count``.

    ``sort_by``: "name"; "missing" or "missing_episodes" (most first); or any other field, by its text.
    The series without that field come last. Raises ValueError for a series without a key.
    """
    prepared = [_prepared(one) for one in series_data or ()]
    return sorted(prepared, key=lambda one: _sort_value(one, sort_by))


def get_series_by_key(series_data: Iterable[Mapping[str, Any]], key: str) -> SeriesDict | None:
    """The series that ``key`` identifies, or None. Folder and name are never looked at."""
    return next((dict(one) for one in series_data or () if key and one.get("key") == key), None)


def filter_series_by_missing_episodes(series_data: Iterable[Mapping[str, Any]]) -> list[SeriesDict]:
    """The series that miss at least one episode, in the given order. Raises ValueError for one without a key."""
    return [one for one in map(_prepared, series_data or ()) if one["missing_count"] > 0]


def file_size(size: float | None) -> str:
    """``1.4 GB`` and the like, in powers of 1,000 as disks are sold. Empty for None."""
    if size is None or not math.isfinite(size):
        return ""
    step = 0 if abs(size) < 1000 else min(int(math.log10(abs(size)) / 3), 5)
    number = size / 1000**step
    return f"{number:.{0 if step == 0 or number >= 100 else 1}f} {('B', 'kB', 'MB', 'GB', 'TB', 'PB')[step]}"


def hue_of(key: str) -> int:
    """The colour, 0 to 11, of a series without a cover: the same for the same key, always."""
    return hashlib.blake2s(key.encode("utf-8", "replace"), digest_size=2).digest()[0] % PLACEHOLDER_HUES


def initials_of(name: str) -> str:
    """At most two letters that stand for a title."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _prepared(one: Mapping[str, Any]) -> SeriesDict:
    key = one.get("key") if isinstance(one, Mapping) else None
    if not isinstance(key, str) or not key.strip():
        raise ValueError("A series without a key cannot be shown: its record is broken.")
    missing = _missing(one.get("missing_episodes"))
    texts = {"name": one.get("name") or key, "folder": one.get("folder") or ""}
    return {**one, **texts, "missing_episodes": missing, "missing_count": _count(one, missing)}


def _missing(found: Any) -> dict[str, list[int]]:
    if not isinstance(found, Mapping):
        return {}
    return {
        str(season): list(numbers) for season, numbers in found.items() if isinstance(numbers, Sequence) and numbers
    }


def _count(one: Mapping[str, Any], missing: Mapping[str, list[int]]) -> int:
    stated = one.get("missing_count")
    return stated if isinstance(stated, int) and not missing else sum(map(len, missing.values()))


def _sort_value(one: SeriesDict, sort_by: str) -> tuple[Any, ...]:
    name = str(one["name"]).casefold()
    if sort_by in ("missing", "missing_episodes", "missing_count"):
        return -one["missing_count"], name, one["key"]
    value = one.get(sort_by)
    return value in (None, ""), "" if value is None else str(value).casefold(), name, one["key"]


def _nonce() -> str:
    return str(g.get("csp_nonce", "")) if has_request_context() else ""


def _base_path() -> str:
    return request.script_root if has_request_context() else ""
