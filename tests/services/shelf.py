"""A small true catalogue in memory, added like a plug-in: what stands on it can be changed while it is read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from aniworld.core.errors import AniworldError, InvalidInput, LinkDead, NothingThere
from aniworld.core.media import EpisodeEntry, EpisodePage, HosterLink, SeriesHit, SeriesPage
from aniworld.providers.plugin_api.base import Airing, Catalogue, NewEpisode
from aniworld.providers.plugin_api.testkit import open_gate
from aniworld.providers.registry import Registry


class Shelf:
    """The state behind the catalogue. ``read``: keys in the order in which their pages were read."""

    def __init__(self) -> None:
        self.pages: dict[str, SeriesPage] = {}
        self.rows: list[NewEpisode] = []
        self.airings: list[Airing] = []
        self.read: list[str] = []
        self.lists = 0
        self.faults: dict[str, AniworldError] = {}
        self.open = threading.Event()  # while it is not set, nothing answers
        self.open.set()

    def put(self, key: str, *episodes: str, **facts: Any) -> None:
        """A series whose episodes are written ``S01E02 ger-dub ger-sub``; without a language one is only announced."""
        entries = tuple(_entry(key, text) for text in episodes)
        self.pages[key] = SeriesPage(key, key.title(), "shelf", link_of(key), episodes=entries, **facts)

    def row(self, key: str, code: str, *languages: str) -> None:
        entry = _entry(key, code)
        self.rows.append(NewEpisode(key, key, link_of(key), entry.season, entry.number, None, languages))

    def registry(self) -> Registry:
        shelf = self

        class Bound(ShelfCatalogue):
            state = shelf

        return Registry(open_gate(), plugins=lambda group: [_Point(Bound)] if group.endswith("catalogues") else [])


def link_of(key: str) -> str:
    return f"http://shelf.example/{key}"


def _entry(key: str, text: str) -> EpisodeEntry:
    code, *languages = text.split()
    season, number = int(code[1:3]), int(code[4:])
    return EpisodeEntry(season, number, f"{link_of(key)}/{code}", languages=tuple(languages))


class ShelfCatalogue(Catalogue):
    site, name = "shelf", "Shelf"
    state: ClassVar[Shelf]

    @property
    def base_urls(self) -> Sequence[str]:
        return ("http://shelf.example",)

    def claims(self, link: str) -> bool:
        return link.startswith("http://shelf.example/")

    def key_of(self, link: str) -> str:
        if not self.claims(link):
            raise InvalidInput("No link of the shelf.")
        return link.split("/")[3]

    def search(self, query: str) -> list[SeriesHit]:
        return [
            SeriesHit(key, page.name, self.site, page.link) for key, page in self.state.pages.items() if query in key
        ]

    def series(self, link: str, *, previous: SeriesPage | None = None) -> SeriesPage:
        key = self.key_of(link)
        self.state.read.append(key)
        self._may("series", key)
        if key not in self.state.pages:
            raise NothingThere(f"{key} is not on the shelf.")
        return replace(self.state.pages[key])

    def episode(self, link: str) -> EpisodePage:
        raise NothingThere("The shelf has no episodes to fetch.")

    def resolve(self, link: HosterLink) -> str:
        raise LinkDead("The shelf has no hosters.")

    def new_episodes(self) -> list[NewEpisode]:
        self.state.lists += 1
        self._may("new_episodes")
        return list(self.state.rows)

    def calendar(self) -> list[Airing]:
        self.state.lists += 1
        self._may("calendar")
        return list(self.state.airings)

    def _may(self, *names: str) -> None:
        assert self.state.open.wait(20)
        for name in names:
            if name in self.state.faults:
                raise self.state.faults[name]


class _Point:
    name = "shelf"

    def __init__(self, kind: type[Catalogue]) -> None:
        self._kind = kind

    def load(self) -> type[Catalogue]:
        return self._kind


def codes(items: Iterable[Any]) -> list[str]:
    return [f"{item.serie_id} S{item.season:02d}E{item.episode:02d}" for item in items]
