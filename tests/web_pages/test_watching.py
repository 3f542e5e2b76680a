"""Calendar, log, recycle bin and the search's failures as pages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from aniworld.app import create_app
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.models import AnimeSeries
from aniworld.services import AnimeSeriesService
from aniworld.services.calendar.views import CalendarEntry
from aniworld.services.container import Services
from aniworld.services.health.instance_age import doubt_about
from aniworld.services.health.log_files import FORM, SafeFormatter
from aniworld.services.series.views import EpisodeView, SearchResult
from aniworld.web.i18n.labels import translated
from aniworld.web.i18n.language import day_in_words, language_in_words, ready
from aniworld.web.pages.calendar import week_of
from aniworld.web.pages.templating import fragment
from tests.running import PASSWORD

HOSTILE = "<img src=x onerror=alert(1)>"
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home: Path = tmp_path_factory.mktemp("watching")
    (home / "library").mkdir()
    made = create_app(
        {
            "ANIWORLD_INSTANCE": home / "instance",
            "ANIWORLD_LIBRARY": home / "library",
            "ANIWORLD_MASTER_PASSWORD": PASSWORD,
            "ANIWORLD_CATALOGUE_URL": "http://127.0.0.1:9",
            "TESTING": True,
        }
    )
    yield made
    made.extensions["aniworld"].close()


@pytest.fixture(scope="module")
def owner(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert client.post("/api/auth/login", json={"password": PASSWORD}).status_code == 200
    return client


def airing(day: str) -> CalendarEntry:
    return CalendarEntry("nebel", HOSTILE, "Nebel", "aniworld.to", 1, 2, day, None, "announced", None)


def test_a_week_begins_today_and_holds_only_its_own_days() -> None:
    days = week_of(0, date(2026, 8, 5), [airing("2026-08-05"), airing("2026-08-12")])
    assert [days[0].name, days[6].name] == ["2026-08-05", "2026-08-11"]
    assert [len(one.entries) for one in days] == [1, 0, 0, 0, 0, 0, 0]
    assert [one.today for one in days].index(True) == 0
    assert week_of(-1, date(2026, 1, 1))[0].name == "2025-12-25"


def test_a_hostile_title_is_text_in_the_calendar(app: Flask, owner: FlaskClient) -> None:
    with app.test_request_context():
        shown = fragment("partials/calendar.html", days=week_of(0, date(2026, 8, 5), [airing("2026-08-05")]), week=0)
    assert HOSTILE not in shown
    assert "S01E02" in shown and "&lt;img" in shown


def test_the_calendar_comes_after_its_page(owner: FlaskClient) -> None:
    assert 'hx-trigger="load"' in owner.get("/calendar").text
    part = owner.get("/calendar", headers=HTMX).text
    assert "</html>" not in part and "Nothing is announced" in part
    assert "</html>" in owner.get("/calendar?now=1").text


@pytest.mark.parametrize("query", ["?week=999999999", "?week=-9999", "?week=abc"])
def test_a_week_that_cannot_be_is_the_nearest(owner: FlaskClient, query: str) -> None:
    assert owner.get("/calendar" + query).status_code == 200


def log(app: Flask, level: int, text: str) -> None:
    """A line as it is written; the logging of a process with several applications writes into the first one's
    folder.
    """
    record = logging.LogRecord("aniworld.test", level, "f", 1, text, None, None)
    folder = app.extensions["aniworld"].environment.instance / "logs"
    folder.mkdir(exist_ok=True)
    with (folder / "aniworld.log").open("a", encoding="utf-8") as file:
        file.write(SafeFormatter(FORM).format(record) + "\n")


def test_the_log_is_filtered_and_only_text(owner: FlaskClient, app: Flask) -> None:
    log(app, logging.WARNING, f"Series {HOSTILE} came")
    page = owner.get("/system?level=WARNING&q=onerror").text
    assert HOSTILE not in page and "&lt;img src=x" in page
    assert "came" not in owner.get("/system?level=ERROR&q=onerror", headers=HTMX).text
    assert owner.get("/system?level=nonsense&q=" + "a" * 5000).status_code == 200


def test_the_log_over_rest(owner: FlaskClient, app: Flask) -> None:
    log(app, logging.ERROR, "Übergröße")
    (found,) = owner.get("/api/system/log?level=ERROR&q=übergröße&limit=1").get_json()
    assert (found["level"], found["name"], found["message"]) == ("ERROR", "aniworld.test", "Übergröße")
    assert owner.get("/api/system/log?level=LOUD").status_code == 422
    assert owner.get("/api/system/log?limit=100000").status_code == 422
    assert app.test_client().get("/api/system/log").status_code == 401


def test_the_recycle_bin_is_shown_and_a_lost_library_is_told(owner: FlaskClient, app: Flask) -> None:
    services = app.extensions["aniworld"]
    library = Path(services.config.current.library.root)
    (library / HOSTILE.replace("/", "")).write_bytes(b"film")
    RecycleBin(library).put(library / HOSTILE, reason=HOSTILE)
    page = owner.get("/settings/recycle").text
    assert HOSTILE not in page and "&lt;img src=x" in page
    library.rename(library.with_name("gone"))
    page = owner.get("/settings/recycle")
    assert page.status_code == 200 and "notice-warning" in page.text
    library.with_name("gone").rename(library)


def test_announced_episodes_and_parts_of_others_say_so(app: Flask) -> None:
    def one(number: int, **facts: Any) -> EpisodeView:
        return EpisodeView(1, number, "", "", (), "unavailable", None, None, None, **facts)

    episodes = [
        one(1, announced=True, air_date=date(2026, 10, 12), kind="ova", part=3),
        one(2, announced=True),
        one(3, part_of="S01E02"),
        one(4),
    ]
    with app.test_request_context():
        shown = fragment(
            "partials/season.html", detail=SimpleNamespace(key="nebel"), seasons=[], season=1, episodes=episodes
        )
    assert "Announced for Oct 12, 2026" in shown and "Announced, no date yet" in shown
    assert "Part of S01E02" in shown and "OVA" in shown and "Part 3" in shown
    assert shown.count("data-announced") == 2


def test_subtitles_dates_and_reasons_are_said_in_the_readers_language(app: Flask, tmp_path: Path) -> None:
    with app.test_request_context(headers={"Cookie": "language=de"}):
        ready()
        assert [language_in_words(code) for code in ("ger", "eng", "fil", "und", "xxx")] == [
            "Deutsch",
            "Englisch",
            "Filipino",
            "unbekannt",
            "xxx",
        ]
        assert day_in_words(date(2026, 12, 18), "medium") == "18.12.2026"
        assert translated("Kupferherz was removed") == "Kupferherz wurde entfernt"
        assert translated("replaced") == "ersetzt"
        (tmp_path / "backups").mkdir()
        (tmp_path / "backups" / "one").write_bytes(b"rows")
        (tmp_path / "covers").mkdir()
        (tmp_path / "covers" / f"{'a' * 64}.jpg").write_bytes(b"cover")
        doubt = doubt_about(app.extensions["aniworld"].database, tmp_path, is_new=True)
        assert doubt and "(it has covers, backups)" in doubt
        assert "(vorhanden: Cover, Sicherungen)" in translated(doubt)


def test_a_calendar_card_names_the_languages_that_are_announced(app: Flask) -> None:
    entry = CalendarEntry(
        "nebel",
        "Nebel",
        "Nebel",
        "aniworld.to",
        1,
        2,
        "2026-10-12",
        None,
        "announced",
        None,
        "ger-sub",
        ("ger-sub", "ger-dub"),
    )
    day = SimpleNamespace(date=date(2026, 10, 12), name="2026-10-12", today=False, entries=[entry])
    with app.test_request_context():
        shown = fragment("partials/calendar.html", days=[day], week="", trouble=None, waits=False, later=False)
    assert "German subtitles" in shown and "German audio" in shown


def test_what_of_a_catalogues_page_could_not_be_read_stands_on_the_series_page(app: Flask, owner: FlaskClient) -> None:
    services: Services = app.extensions["aniworld"]
    note = "The catalogue names a language that is not known: Klingonisch."
    facts = {"key": "notes", "name": "Notes", "site": "s.to", "link": "https://s.to/serie/notes", "folder": "Notes"}
    with services.database.writing() as session:
        AnimeSeriesService.create(session, facts)
    with services.database.writing() as session:
        session.scalars(select(AnimeSeries).where(AnimeSeries.key == "notes")).one().page_notes = [note]
    assert note in owner.get("/series/notes").text
    german = owner.get("/series/notes", headers={"Accept-Language": "de"}).text
    assert "Der Katalog nennt eine unbekannte Sprache" in german


def test_a_catalogue_that_failed_is_told_beside_the_hits_of_the_others(app: Flask) -> None:
    hit = SearchResult(
        "nebel", "Nebel", "aniworld.to", "Nebel", "https://x", "", "https://elsewhere/c.png", 2020, False
    )
    with app.test_request_context():
        shown = fragment("partials/search_results.html", q="nebel", results=[hit], failures={"s.to": HOSTILE})
    assert "s.to" in shown and HOSTILE not in shown
    assert "/api/anime/nebel/cover" in shown and "elsewhere" not in shown
