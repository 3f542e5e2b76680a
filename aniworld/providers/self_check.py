"""Reads one bundled page through each page parser, and reports those that do not read it right.

An installed library can be of a version that does not work on the running Python. It runs in a child process
(services/health/parsers.py): the server itself loads no parser before its first page, and a library that crashes or
hangs takes nothing along.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aniworld.core.niceness import step_aside
from aniworld.core.parent import die_with_parent
from aniworld.providers.catalogues.aniworld import lists as aniworld_lists
from aniworld.providers.catalogues.aniworld import pages as aniworld_pages
from aniworld.providers.catalogues.aniworld import postponements
from aniworld.providers.catalogues.parsed_pages import EpisodeFacts, SeasonFacts, SeriesFacts
from aniworld.providers.catalogues.sto import lists as sto_lists
from aniworld.providers.catalogues.sto import pages as sto_pages
from aniworld.providers.hosters.player_page import PlayerFacts, parse_player

PAGES = Path(__file__).with_name("sample_pages")
NICENESS = 10
WHY_LENGTH = 200


@dataclass(frozen=True)
class Sample:
    """``facts`` picks from what ``parse`` returns for the page; they must equal ``expected``."""

    name: str
    page: str
    url: str
    parse: Callable[[str, str], Any]
    facts: Callable[[Any], object]
    expected: object

    def fault(self) -> str | None:
        """Why the page is not read right; None if it is."""
        try:
            found = self.facts(self.parse((PAGES / self.page).read_text(encoding="utf-8"), self.url))
        except Exception as error:  # the boundary to foreign libraries: whatever they raise is the finding
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:WHY_LENGTH]
        return None if found == self.expected else f"it reads {found!r} instead of {self.expected!r}"[:WHY_LENGTH]


def _series(found: SeriesFacts) -> object:
    return found.title, [number for number, _ in found.season.seasons], _season(found.season)


def _season(found: SeasonFacts) -> object:
    return [(row.season, row.number, row.languages) for row in found.rows]


def _episode(found: EpisodeFacts) -> object:
    return found.title, found.title_en, [(row.name, row.language) for row in found.hosters]


def _player(found: PlayerFacts) -> object:
    return [(medium.url, medium.height) for medium in found.media], found.duration


_ANIWORLD, _STO_SITE = "https://aniworld.to/anime/stream/nebelgarten", "https://serienstream.to"
_STO = f"{_STO_SITE}/serie/hafenlichter"
SAMPLES = (
    Sample(
        "AniWorld series",
        "aniworld-series.html",
        _ANIWORLD,
        aniworld_pages.parse_series,
        _series,
        ("Nebelgarten – Wächter", [0, 1, 2, 4, 5], [(1, 1, ("ger-dub", "ger-sub")), (1, 2, ("eng-sub", "spa-sub"))]),
    ),
    Sample(
        "AniWorld season",
        "aniworld-season.html",
        f"{_ANIWORLD}/staffel-2",
        aniworld_pages.parse_season,
        _season,
        [(2, 1, ("ger-dub",)), (2, 2, ())],
    ),
    Sample(
        "AniWorld episode",
        "aniworld-episode.html",
        f"{_ANIWORLD}/staffel-1/episode-1",
        aniworld_pages.parse_episode,
        _episode,
        (
            "Der Anfang",
            "The Beginning",
            [
                ("VOE", "ger-dub"),
                ("Filemoon", "ger-sub"),
                ("Vidoza", "ger-sub"),
                ("Doodstream", "eng-dub"),
                ("Unknown", "und"),
            ],
        ),
    ),
    Sample(
        "AniWorld new episodes",
        "aniworld-new-episodes.html",
        "https://aniworld.to/neue-episoden",
        aniworld_lists.parse_new_episodes,
        lambda found: [(row.name, row.season, row.episode) for row in found],
        [("Nebelgarten", 1, 11)],
    ),
    Sample(
        "AniWorld calendar",
        "aniworld-calendar.html",
        "https://aniworld.to/animekalender",
        aniworld_lists.parse_calendar,
        lambda found: [(row.name, str(row.day)) for row in found],
        [("Nebelgarten", "2026-08-03"), ("Stahl und Sand", "2026-08-03")],
    ),
    Sample(
        "AniWorld titles",
        "aniworld-titles.html",
        "https://aniworld.to/animes",
        aniworld_lists.parse_titles,
        lambda found: [row.name for row in found],
        ["Stahl & Sand", "Nebelgarten"],
    ),
    Sample(
        "SerienStream series",
        "sto-series.html",
        _STO,
        sto_pages.parse_series,
        _series,
        ("Hafenlichter", [0, 1, 3], [(1, 1, ("ger-dub", "ger-sub")), (1, 2, ("eng-dub",))]),
    ),
    Sample(
        "SerienStream season",
        "sto-season.html",
        f"{_STO}/staffel-3",
        sto_pages.parse_season,
        _season,
        [(3, 1, ("ger-dub",))],
    ),
    Sample(
        "SerienStream episode",
        "sto-episode.html",
        f"{_STO}/staffel-1/episode-1",
        sto_pages.parse_episode,
        _episode,
        ("Ebbe", "Low Tide", [("VOE", "ger-dub"), ("Vidoza", "ger-sub"), ("Doodstream", "eng-dub")]),
    ),
    Sample(
        "AniWorld postponements",
        "aniworld-postponements.html",
        "https://aniworld.to/support/frage/anime-verschiebungen",
        postponements.parse_postponed,
        lambda found: [(row.name, row.season, row.episode, str(row.day)) for row in found],
        [("Nebelgarten", 1, 5, "2026-08-10"), ("Nebelgarten", 1, 6, "None"), ("Stahl und Sand", 2, 1, "2026-08-12")],
    ),
    Sample(
        "SerienStream new episodes",
        "sto-new-episodes.html",
        f"{_STO_SITE}/neue-episoden",
        sto_lists.parse_new_episodes,
        lambda found: [(row.name, row.season, row.episode) for row in found],
        [("Hafenlichter", 1, 2), ("Leuchtfeuer", 2, 5)],
    ),
    Sample(
        "SerienStream calendar",
        "sto-calendar.html",
        f"{_STO_SITE}/serienkalender",
        sto_lists.parse_calendar,
        lambda found: [(row.name, str(row.day)) for row in found],
        [("Hafenlichter", "2026-08-03"), ("Leuchtfeuer", "2026-08-03"), ("Hafenlichter", "2026-08-05")],
    ),
    Sample(
        "SerienStream titles",
        "sto-titles.html",
        f"{_STO_SITE}/serien",
        sto_lists.parse_titles,
        lambda found: [row.name for row in found],
        ["Hafenlichter", "Leuchtfeuer"],
    ),
    Sample(
        "SerienStream search",
        "sto-shows.html",
        f"{_STO_SITE}/suche",
        sto_pages.parse_shows,
        lambda found: [show.name for show in found],
        ["Hafenlichter", "Hafen 2"],
    ),
    Sample(
        "player",
        "player.html",
        "https://hoster.example/e/1",
        parse_player,
        _player,
        ([("https://media.example/v/low.mp4", 360), ("https://media.example/v/master.m3u8", 1080)], 1420.0),
    ),
)


def faults(samples: tuple[Sample, ...] = SAMPLES) -> list[tuple[str, str]]:
    """Name and reason of each sample that is not read right."""
    return [(sample.name, why) for sample in samples if (why := sample.fault()) is not None]


def run() -> None:
    """The child's whole life: one line of JSON on stdout."""
    die_with_parent()
    step_aside(NICENESS)
    json.dump(faults(), sys.stdout)
