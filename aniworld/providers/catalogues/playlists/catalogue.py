"""Playlists and channels as series: any address that yt-dlp reads as a list of videos, its entries the episodes.

Only where the user says so: the link is written ``playlist:https://…``, or the source ``playlists`` is named. A list
states no languages, so that its links fit every wish (``services.resolving``). Where titles state no numbers either,
these are guessed (``titles``); a series' ``numbering`` puts entries elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aniworld.core.addresses import check_url
from aniworld.core.children import bare_environment
from aniworld.core.errors import (
    AddressRefused,
    InvalidInput,
    NothingThere,
    PageChanged,
    SiteUnreachable,
    SourceError,
    by_code,
)
from aniworld.core.keys import key_from_slug
from aniworld.core.media import EpisodeEntry, EpisodePage, HosterLink, SeriesHit, SeriesPage
from aniworld.providers.catalogues.playlists.titles import Guess, guess, places, season_of
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.base import Catalogue, CatalogueSettings

PREFIX = "playlist:"
READING_S, MOST = 90, 2000
_ROOT = Path(__file__).resolve().parents[4]
_START = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r});"
    " from aniworld.providers.catalogues.playlists.child import run; run()"
)


class Playlists(Catalogue):
    site: ClassVar[str] = "playlists"
    name: ClassVar[str] = "Playlists"

    def __init__(self, gate: Gate, settings: CatalogueSettings | None = None) -> None:
        super().__init__(gate, settings)
        self._one = threading.Lock()  # one child at a time: each takes 50 MB

    @property
    def base_urls(self) -> Sequence[str]:
        return ()

    def claims(self, link: str) -> bool:
        return link.startswith(PREFIX)

    def takes(self, link: str) -> bool:
        return urlsplit(link.strip()).scheme.lower() in ("http", "https")

    def key_of(self, link: str) -> str:
        """Host and last part for the eye, the address' digest for certainty: many lists differ in their query only."""
        url = _address(link)
        parts = urlsplit(url)
        words = (
            f"{(parts.hostname or '').removeprefix('www.')} {parts.query or parts.path.rstrip('/').rpartition('/')[2]}"
        )
        return key_from_slug(f"{key_from_slug(words)[:80]}-{hashlib.sha256(url.encode()).hexdigest()[:8]}")

    def series_link(self, link: str) -> str:
        return _address(link)

    def search(self, query: str) -> list[SeriesHit]:
        """Nothing: a list is added by its address."""
        return []

    def series(self, link: str, *, previous: SeriesPage | None = None) -> SeriesPage:
        url = _address(link)
        facts = self._read(url)
        reading = Reading(url)
        entries = _entries(facts, reading)
        for place in range(int(facts.get("unread", 0))):
            reading.unread(f"entry {place + 1} that yt-dlp could not read", ValueError("yt-dlp could not read it"))
        if not entries:
            raise NothingThere(f"The list at {urlsplit(url).hostname} has no videos.")
        page = SeriesPage(
            key=self.key_of(link),
            name=facts["title"].strip() or urlsplit(url).hostname or "Playlist",
            site=self.site,
            link=url,
            description=facts["description"],
            cover_url=facts["cover"],
            seasons=tuple(sorted({entry.season for entry in entries})),
            episodes=entries,
            notes=reading.notes,
        )
        return previous if previous is not None and page == previous else page

    def episode(self, link: str) -> EpisodePage:
        """The entry itself is the only link; it states no language."""
        url = _address(link)
        return EpisodePage("", "", (HosterLink(urlsplit(url).hostname or "", "", url, ""),))

    def resolve(self, link: HosterLink) -> str:
        return link.url

    def _read(self, url: str) -> dict[str, Any]:
        wish = {
            "url": url,
            "private_hosts": sorted(self.gate.rule.exceptions),
            "user_agent": self.gate.user_agent,
            "timeout_s": READING_S,
            "most": MOST,
        }
        with self._one:
            told = _ask(json.dumps(wish).encode() + b"\n", urlsplit(url).hostname or "The site")
        if "error" in told:
            kind = by_code(str(told["error"]))
            raise (kind if issubclass(kind, SourceError) else PageChanged)(str(told["message"]))
        return dict(told["list"])


def _address(link: str) -> str:
    """The list's full address, always written the same way. Raises InvalidInput."""
    url = link.strip().removeprefix(PREFIX).strip()
    try:
        check_url(url)
    except AddressRefused as error:
        raise InvalidInput(str(error), {"link": [str(error)]}) from None
    parts = urlsplit(url)
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path or "/", fragment=""
    ).geturl()


def _ask(wish: bytes, host: str) -> dict[str, Any]:
    """The child's answer. Raises SiteUnreachable where it does not come to an end, PageChanged where it ends badly."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-c", _START],
            input=wish,
            capture_output=True,
            timeout=READING_S + 5,
            env=bare_environment(),
            cwd=_ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SiteUnreachable(f"The list at {host} could not be read in {READING_S} s; try again later.") from None
    try:
        told = json.loads(done.stdout)
    except ValueError:
        if done.returncode == -14:  # its own alarm
            raise SiteUnreachable(f"The list at {host} could not be read in {READING_S} s; try again later.") from None
        raise PageChanged(f"Reading the list at {host} ended with code {done.returncode}.") from None
    return told if isinstance(told, dict) else {}


def _entries(facts: dict[str, Any], reading: Reading | None = None) -> tuple[EpisodeEntry, ...]:
    """Each address once, oldest first where that is known, with a place of its own. What cannot be read is left out."""
    guesses = dict((reading or Reading("playlist")).each(facts["entries"], _read))
    raw = [one for one in facts["entries"] if isinstance(one, dict) and one.get("url") in guesses]
    raw = list({entry["url"]: entry for entry in reversed(raw)}.values())[::-1]
    if raw and all("timestamp" in entry for entry in raw):
        raw.sort(key=lambda entry: float(entry["timestamp"]))
    elif facts["newest_first"]:
        raw.reverse()
    found = places([guesses[entry["url"]] for entry in raw], season_of(facts["title"]) or 1)
    made = (
        EpisodeEntry(
            season, number, entry["url"], entry["title"].strip(), hosters=(urlsplit(entry["url"]).hostname or "",)
        )
        for (season, number), entry in zip(found, raw, strict=True)
    )
    return tuple(sorted(made, key=lambda entry: (entry.season, entry.number)))


def _read(entry: dict[str, Any]) -> tuple[str, Guess]:
    """An entry's address and place, once everything that is needed of it was read."""
    url, _ = str(entry["url"]), (entry["title"].strip(), urlsplit(entry["url"]).hostname)
    if "timestamp" in entry:
        float(entry["timestamp"])
    return url, _guess(entry)


def _guess(entry: dict[str, Any]) -> Guess:
    """What the site states of an entry, else what its title says."""
    season, number = entry.get("season_number"), entry.get("episode_number")
    if isinstance(number, int) and 0 < number <= 1000:
        return Guess(season if isinstance(season, int) and 0 <= season <= 1000 else None, number)
    return guess(entry["title"])
