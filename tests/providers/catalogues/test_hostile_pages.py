"""Cut, shuffled and random pages: only our own errors, and quickly."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aniworld.core.errors import SourceError
from aniworld.providers.catalogues.aniworld import lists as aniworld_lists
from aniworld.providers.catalogues.aniworld import pages as aniworld_pages
from aniworld.providers.catalogues.sto import pages as sto_pages
from aniworld.providers.hosters.player_page import parse_player
from aniworld.providers.hosters.script_scanner import values_of
from tests.providers.contract import page

PARSERS: dict[Callable, str] = {
    aniworld_pages.parse_series: "engine1/series.html",
    aniworld_pages.parse_season: "engine1/filme.html",
    aniworld_pages.parse_episode: "engine1/episode.html",
    aniworld_lists.parse_new_episodes: "engine1/neue-episoden.html",
    aniworld_lists.parse_calendar: "engine1/animekalender.html",
    aniworld_lists.parse_titles: "engine1/animes.html",
    sto_pages.parse_series: "engine2/series.html",
    sto_pages.parse_season: "engine2/staffel-3.html",
    sto_pages.parse_episode: "engine2/episode.html",
    sto_pages.parse_shows: "engine2/suche.html",
    parse_player: "engine1/episode.html",
}
URL = "https://site.example/anime/stream/x/staffel-1"
FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def read(parse: Callable, text: str) -> None:
    start = time.thread_time()  # of this parser, whatever else the machine is doing
    try:
        parse(text, URL)
    except SourceError as error:
        assert str(error)
    assert time.thread_time() - start < 2


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: f"{parse.__module__}.{parse.__name__}")
@FEW
@given(chance=st.randoms(use_true_random=False), junk=st.text(max_size=40))
def test_a_damaged_page_raises_only_our_errors(parse: Callable, chance: random.Random, junk: str) -> None:
    text = page(PARSERS[parse])
    cut = chance.randrange(len(text))
    read(parse, text[:cut])
    read(parse, text[:cut] + junk + text[cut + chance.randrange(200) :])
    pieces = text.split("<")
    chance.shuffle(pieces)
    read(parse, "<".join(pieces))


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: f"{parse.__module__}.{parse.__name__}")
@pytest.mark.parametrize(
    "text", ["", "\x00", "<", "<!--", "&" * 5000, "<div>" * 20_000, "\ud800", "<a href='http://[::1'>x</a>" * 50, "{}"]
)
def test_what_is_no_page_raises_only_our_errors(parse: Callable, text: str) -> None:
    read(parse, text)


@pytest.mark.parametrize(
    "html",
    [
        "<video>" + "<source src='/a.mp4'>" * 4000,
        "<video>" + "<track src='/a.vtt'>" * 4000,
        "<video>" + "<SOURCE\nsrc=/a.mp4>" * 4000,
        "<source title='" * 4000,
        "<audio>" * 300 + "<source src='/a.mp4'>" * 4000,
        "<div></b>" * 4000 + "<video src='/a.mp4'></video>" * 4000,
    ],
)
def test_many_sources_and_tracks_cost_little(html: str) -> None:
    read(parse_player, html)


def test_sources_that_are_never_closed_are_all_found() -> None:
    many = "".join(f"<source src='/{n}.mp4' title='a > b'><track src='/{n}.vtt'>" for n in range(20))
    facts = parse_player(f"<video>{many}</video><audio><source src='/x.mp4'></audio>", URL)
    assert (len(facts.media), len(facts.subtitles)) == (20, 20)


@FEW
@given(st.text(alphabet="\"'`\\{}[]():=,;+/*$ab.mp4\n", max_size=300))
def test_any_script_can_be_read(script: str) -> None:
    for value in values_of(script):
        assert isinstance(value.text, str)
