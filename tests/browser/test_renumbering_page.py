"""A season that the catalogue renumbered: shown side by side on the series' page, and decided there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.services.series.page_import import record_page
from tests.browser.conftest import PHONE
from tests.running import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEY = "umgezaehlt"


@pytest.fixture
def renumbered(house: Server) -> None:
    """Two files, and a page that lists an episode in front of them."""
    library = Path(house.environment["ANIWORLD_LIBRARY"])
    (library / "Umgezaehlt").mkdir(exist_ok=True)
    database = Database.at(f"sqlite:///{Path(house.environment['ANIWORLD_INSTANCE']) / 'aniworld.db'}")
    with database.writing() as session:
        session.query(AnimeSeries).filter_by(key=KEY).delete()
    with database.writing() as session:
        rows = []
        for number, title in enumerate(("Anfang", "Ende"), 1):
            file = f"Umgezaehlt - S01E0{number}.mkv"
            (library / "Umgezaehlt" / file).write_bytes(b"film")
            rows.append(Episode(season=1, number=number, title=title, file=file, size_bytes=4))
        series = AnimeSeries(key=KEY, name="Umgezählt", folder="Umgezaehlt", site="aniworld.to", episodes=rows)
        session.add(series)
        session.flush()
        listed = [("<i>Prolog</i>", 1), ("Anfang", 2), ("Ende", 3)]
        entries = tuple(EpisodeEntry(1, number, f"x/staffel-1/episode-{number}", title) for title, number in listed)
        record_page(session, series, SeriesPage(KEY, "Umgezählt", "aniworld.to", "x", seasons=(1,), episodes=entries))
    database.close()


@pytest.mark.usefixtures("renumbered")
def test_the_numbers_are_compared_kept_and_applied(visit: Callable[..., Page], house: Server) -> None:
    page = visit(f"/series/{KEY}")
    box = page.locator("[data-renumbering]")
    expect(box).to_contain_text("The catalogue renumbered this season: Season 1")
    rows = box.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("<i>Prolog</i>")
    expect(rows.nth(1)).to_contain_text("Umgezaehlt - S01E01.mkv")
    page.get_by_role("button", name="Keep my numbers").click()
    expect(page.locator('[data-renumbering="kept"]')).to_be_visible()
    expect(page.get_by_role("button", name="Keep my numbers")).to_have_count(0)
    page.get_by_role("button", name="Use the catalogue's numbers").click()
    expect(page.locator("[data-renumbering]")).to_have_count(0)
    files = [one["file"] for one in house.get(f"/api/anime/{KEY}")["episodes"]]
    assert files == [None, "Umgezaehlt - S01E01.mkv", "Umgezaehlt - S01E02.mkv"]


@pytest.mark.usefixtures("renumbered")
def test_the_comparison_fits_a_phone(visit: Callable[..., Page]) -> None:
    page = visit(f"/series/{KEY}", viewport=PHONE)
    expect(page.locator("[data-renumbering]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
