"""Readers of what older installations left in series folders: ``data`` (JSON) and ``key`` (the bare key).

Whatever such a file holds, the answer is facts or a reason; nothing is changed on the disk.
"""

from __future__ import annotations

import codecs
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aniworld.core.counting import counted
from aniworld.core.errors import InvalidInput
from aniworld.core.keys import KEY_FORM, key_from_slug, title_from_slug
from aniworld.core.media import ABSOLUTE_EPISODES, SEASONS
from aniworld.core.sites import ENGINE_1, ENGINE_2, HOMES, site_of_host

log = logging.getLogger(__name__)

DATA, KEY = "data", "key"
LARGEST = 5_000_000
MOST_EPISODES = 20_000
DEFAULT_SITE = "aniworld.to"
_CATALOGUE_PATHS = {ENGINE_1: "/anime/stream/", ENGINE_2: "/serie/"}
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_LINK = re.compile(r"(?:^|/)(?:anime/stream|serie/stream|serie)/(?!stream(?:/|$))([A-Za-z0-9_-]{1,255})(?![^/?#\s])")
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,255}")
_YEAR = re.compile(r"\s*\((?:19|20)[0-9]{2}(?:-[^)]*)?\)\s*$")


@dataclass(frozen=True)
class LegacySeries:
    """A series as an older installation knew it. ``folder``: the one that holds the file, whatever the file says.

    ``missing``: season → episode numbers that were not there; None where the file does not state them.
    ``notes``: what was passed over in reading; ``missing`` is incomplete then.
    """

    key: str
    name: str
    site: str
    folder: str
    link: str
    missing: Mapping[int, tuple[int, ...]] | None = None
    notes: tuple[str, ...] = ()

    @property
    def missing_episodes(self) -> list[tuple[int, int]]:
        """(season, number) of each missing episode, sorted."""
        return [(season, number) for season, numbers in (self.missing or {}).items() for number in numbers]

    def episode_link(self, season: int, number: int) -> str:
        """The catalogue's page of an episode, as this engine addresses it."""
        part = f"staffel-{season}/episode-{number}" if season else f"filme/film-{number}"
        return f"{self.link}/{part}" if self.link else ""


@dataclass(frozen=True)
class Unreadable:
    reason: str


def read_series(path: Path) -> LegacySeries | Unreadable:
    """What a ``data`` or ``key`` file tells of the series in its folder. Never raises."""
    try:
        return _read(path)
    except Exception:  # one file must not end an import or a scan
        log.exception("The legacy file %r cannot be read", str(path))
        return Unreadable("Reading it failed; the log has the details.")


def _read(path: Path) -> LegacySeries | Unreadable:
    text = read_text(path)
    if isinstance(text, Unreadable):
        return text
    return _from_data(text, path.parent.name) if path.name == DATA else _from_key(text, path.parent.name)


def legacy_series(key: str, name: str, site: str, folder: str, episodes: Mapping[str, Any]) -> LegacySeries:
    """A series from the fields of a ``data`` file. Raises InvalidInput where the key is not one."""
    missing, notes = _missing(episodes)
    series = _series(key if isinstance(key, str) else "", name, site, folder, missing, notes)
    if isinstance(series, Unreadable):
        raise InvalidInput("The series key is invalid; write it like attack-on-titan.", {"key": [series.reason]})
    return series


def key_in_folder(folder: Path) -> str | None:
    """The key that a legacy file in ``folder`` states; None where there is none that can be read."""
    for name in (KEY, DATA):
        if (folder / name).is_file():
            series = read_series(folder / name)
            if isinstance(series, LegacySeries):
                return series.key
    return None


def read_text(path: Path) -> str | Unreadable:
    """The file's text in whichever of the usual encodings it is: UTF-8, UTF-16 or the old Western one."""
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        return Unreadable(f"It cannot be read ({error.strerror}).")
    if len(raw) > LARGEST:
        return Unreadable(f"It is larger than {LARGEST // 1_000_000} MB, so it is no such file.")
    text = _decoded(raw).strip("\ufeff\x00 \t\r\n")
    return text or Unreadable("It is empty.")


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    if raw[1:2] == b"\x00" and raw[:1] != b"\x00":
        return raw.decode("utf-16-le", "replace")
    if raw[:1] == b"\x00" and raw[1:2] != b"\x00":
        return raw.decode("utf-16-be", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _from_key(text: str, folder: str) -> LegacySeries | Unreadable:
    if len(text) > 1000 or "\n" in text:
        return Unreadable("It holds more than a key.")
    return _series(text, "", DEFAULT_SITE, folder, None, ())


def _from_data(text: str, folder: str) -> LegacySeries | Unreadable:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return Unreadable("It is no valid JSON; it may have been cut off.")
    if not isinstance(facts, dict):
        return Unreadable("It holds no JSON object.")
    key, name, site = facts.get("key"), facts.get("name"), facts.get("site")
    if not isinstance(key, str) or not key.strip():
        return Unreadable("It names no key.")
    episodes = facts.get("episodeDict")
    if episodes is not None and not isinstance(episodes, dict):
        return Unreadable("Its episodes are no object of seasons.")
    missing, notes = (None, ()) if episodes is None else _missing(episodes)
    return _series(
        key, name if isinstance(name, str) else "", site if isinstance(site, str) else "", folder, missing, notes
    )


def _series(
    key: str,
    name: str,
    site: str,
    folder: str,
    missing: Mapping[int, tuple[int, ...]] | None,
    notes: tuple[str, ...],
) -> LegacySeries | Unreadable:
    linked = _LINK.search(key)
    slug = linked[1] if linked else key.strip()
    if not _SLUG.fullmatch(slug):
        return Unreadable("Its key is no key.")
    try:
        form = slug if KEY_FORM.fullmatch(slug) else key_from_slug(slug)
    except InvalidInput:
        return Unreadable("Its key is no key.")
    host = _host(site)
    title = _clean(name) or _clean(_YEAR.sub("", folder)) or title_from_slug(slug)
    return LegacySeries(form, title, host, folder, _link(host, slug), missing, notes)


def _clean(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text[:500]).split())


def _host(site: str) -> str:
    text = site.strip().lower()
    host = (
        (urlsplit(text if "//" in text else f"//{text}").hostname or "") if len(text) < 300 and "[" not in text else ""
    )
    host = host.removeprefix("www.")
    return site_of_host(host) or (host if _HOST.fullmatch(host) else DEFAULT_SITE)


def _link(host: str, slug: str) -> str:
    """Where a site's series would be; what is stored as ``s.to`` is at another address."""
    return f"{HOMES.get(host, f'https://{host}')}{_CATALOGUE_PATHS.get(host, '/anime/stream/')}{slug}"


def _missing(seasons: Mapping[str, Any]) -> tuple[dict[int, tuple[int, ...]], tuple[str, ...]]:
    """Season → sorted numbers without doubles, and a note where something was no number."""
    missing: dict[int, set[int]] = {}
    odd = 0
    for name, numbers in seasons.items():
        season = _whole(name, 0, SEASONS)
        if season is None or not isinstance(numbers, list):
            odd += 1
            continue
        good = {number for value in numbers[:MOST_EPISODES] if (number := _whole(value, 1, ABSOLUTE_EPISODES))}
        odd += len(good) < len({str(value) for value in numbers[:MOST_EPISODES]})
        missing.setdefault(season, set()).update(good)
    held = counted(odd, "season holds", "seasons hold")
    notes = (f"{held} entries that are no episodes; they are passed over.",) if odd else ()
    return {season: tuple(sorted(numbers)) for season, numbers in sorted(missing.items()) if numbers}, notes


def _whole(value: object, low: int, high: int) -> int | None:
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if low <= value <= high else None
