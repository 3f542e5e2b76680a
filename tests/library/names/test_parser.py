"""Names as people have them, read as episodes; names.tsv holds them with the answer a person would give."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aniworld.library.names.parser import Found, NotUnderstood, read_name


def rows():
    table = Path(__file__).parents[1].joinpath("names.tsv").read_text("utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            path, names, want, kind, version, language = line.split("\t")
            yield path, tuple(filter(None, names.split("|"))), want, kind, version, language


def shown(answer) -> str:
    """An answer in the table's words."""
    if not isinstance(answer, Found):
        return "?" if isinstance(answer, NotUnderstood) else "-"
    coded = f"S{answer.season:02d}" + _span(answer.episodes, "E", 2) if answer.episodes else ""
    return "+".join(filter(None, (coded, _span(answer.absolute, "A", 1))))


def _span(numbers, letter, width) -> str:
    ends = dict.fromkeys((*numbers[:1], *numbers[-1:]))
    return "-".join(f"{letter}{number:0{width}d}" for number in ends)


def same(answer, want, kind, version, language) -> bool:
    if shown(answer) != want or not isinstance(answer, Found):
        return shown(answer) == want
    right_kind = answer.kind == (kind or ("special" if want.startswith("S00") else "episode"))
    return right_kind and str(answer.version) == (version or "1") and (answer.language or "") == language


def test_the_corpus_is_read_right_and_nothing_is_wrong_silently():
    cases = list(rows())
    missed = [
        (path, want, answer)
        for path, names, want, *facts in cases
        if not same(answer := read_name(path, series_names=names), want, *facts)
    ]
    wrong = [case for case in missed if not isinstance(case[2], NotUnderstood)]
    assert len(cases) >= 2300
    assert not wrong
    assert len(missed) <= len(cases) * 0.02, missed


@settings(deadline=None)
@given(
    st.text(max_size=120),
    st.sampled_from([".mkv", ".mp4", "", ".srt", ".mkv.part"]),
    st.lists(st.text(max_size=20), max_size=2),
)
def test_whatever_the_name_there_is_an_answer(stem, ext, names):
    answer = read_name(f"{stem}{ext}" or "x", series_names=tuple(names), guess=False)
    if isinstance(answer, Found):
        assert answer.episodes or answer.absolute
        assert all(number > 0 for number in (*answer.episodes, *answer.absolute))
    else:
        assert answer.reason


@pytest.mark.parametrize(
    "stem", ["9" * 200_000, "S01E01-" * 50_000, "- 1 " * 50_000, "[" * 100_000, "1x" * 100_000, "e1-" * 60_000]
)
def test_a_huge_name_costs_nothing(stem):
    assert isinstance(read_name(f"{stem}.mkv"), NotUnderstood)


@pytest.mark.parametrize(
    "stem",
    ["S01E01" + "-E02" * 200, "- 1 " * 240, "[" * 900, "e1-" * 300, "1x01" * 230, "Staffel " * 110, " . - _" * 150]
    + [
        part * (240 // len(part))
        for part in ("01-", "2x01-", "e1 ", "x05", "05 - ", "Staffel 2 - ", "1 of ", "S01 ", "01, ", "(01)", "_10")
    ],
)
def test_no_name_that_a_disk_can_hold_takes_long(stem):
    start = time.monotonic()
    read_name(f"{stem}.mkv", series_names=("Staffel", "e1"), guess=False)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    "stem",
    [
        part * (240 // len(part))
        for part in ("1x01 ", "2019 2020 ", "german english french ", "[01]", "S01 ", "a.b.c.", "Part 1 ")
    ],
)
def test_what_guessit_is_asked_for_is_bounded(stem):
    read_name("warm guessit up.mkv")
    start = time.thread_time()
    read_name(f"{stem}.mkv")
    assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    "answer",
    [
        {"season": [2, 4], "episode": 8},
        {"season": 2, "episode": [408, 5]},
        {"season": "two", "episode": 8},
        {"season": 2005, "episode": 8},
        {"season": -1, "episode": 8},
        {"episode": "eight"},
        {"episode": True},
        {},
        None,
        [8],
    ],
)
def test_whatever_guessit_answers_is_no_wrong_number(answer, monkeypatch):
    monkeypatch.setattr("guessit.guessit", lambda name, options: answer)
    assert isinstance(read_name("Name Kapitelchen 8.mkv"), NotUnderstood)


def test_an_error_of_guessit_is_a_name_that_is_not_understood(monkeypatch, caplog):
    def broken(name, options):
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setattr("guessit.guessit", broken)
    assert isinstance(read_name("Name Kapitelchen 8.mkv"), NotUnderstood)
    assert "Name Kapitelchen 8" in caplog.text


@pytest.mark.parametrize("reader", ["read_folders", "cleaned", "language_hint", "_read", "_coded"])
def test_an_error_in_any_reader_of_a_name_is_logged_and_not_understood(reader, monkeypatch, caplog):
    def broken(*_, **__):
        raise RecursionError("planted")

    monkeypatch.setattr(f"aniworld.library.names.parser.{reader}", broken)
    name = "Name - S01E02.mkv" if reader == "_coded" else "Name Folge 8 GerSub.mkv"
    assert isinstance(read_name(name, series_names=("Name",)), NotUnderstood)
    assert name in caplog.text and "planted" in caplog.text


def test_a_guess_is_only_taken_where_it_is_the_only_number():
    guessed = read_name("Season 03/tvarchiv-name-dl-ded-e07-bd.mkv", series_names=("Name",))
    assert isinstance(guessed, Found) and (guessed.season, guessed.episodes) == (3, (7,))
    assert isinstance(read_name("grp-name-dl-x264-103-2.mkv", series_names=("Name",)), NotUnderstood)


def test_specials_of_a_season_say_what_to_do_and_a_huge_folder_costs_nothing():
    unsure = read_name("Season 2 Specials/Name - 01.mkv", series_names=("Name",))
    assert isinstance(unsure, NotUnderstood) and "S00E05" in unsure.reason and "series' page" in unsure.reason
    start = time.thread_time()
    for folder in ("Season 2 Specials " * 10_000, "S1 " * 50_000, "Specials" + " of" * 60_000, "s" + "- " * 80_000):
        read_name(f"{folder}/01.mkv", series_names=("Name",), guess=False)
    assert time.thread_time() - start < 2


def test_every_reason_is_a_sentence():
    reasons = {
        answer.reason
        for path, names, *_ in rows()
        if not isinstance(answer := read_name(path, series_names=names), Found)
    }
    assert len(reasons) > 8 and all(reason.endswith(".") and reason[0].isupper() for reason in reasons)
