"""Controls for what happens by itself and for what has to be looked after: switches, trials, names, bin, calendar,
log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from aniworld.library.files.recycle_bin import RecycleBin
from tests.browser.conftest import DEMO, Watch
from tests.running import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDE = {"width": 2560, "height": 1440}


@pytest.fixture
def library(house: Server) -> Path:
    return Path(house.environment["ANIWORLD_LIBRARY"])


@pytest.fixture
def waiting(house: Server) -> Iterator[None]:
    """Three episodes that wait, and nothing else in the queue."""
    house.post("/api/queue/stop")
    for item in house.get("/api/queue/status")["pending_queue"]:
        house.call("DELETE", f"/api/queue/{item['id']}")
    house.post("/api/queue/add", {"serie_id": DEMO[1], "episodes": ["S01E01", "S01E02", "S01E03"]})
    yield
    house.post("/api/queue/resume")
    house.post("/api/queue/stop")


def test_new_episodes_are_wished_and_the_series_is_monitored_then(visit: Callable[..., Page], house: Server) -> None:
    house.call("PATCH", f"/api/anime/{DEMO[2]}", {"monitored": False})
    page = visit(f"/series/{DEMO[2]}")
    page.check('[data-switch="auto_download"]')
    expect(page.locator(".toast-text").first).to_contain_text("downloaded by themselves")
    expect(page.locator('[data-switch="monitored"]')).to_be_checked()
    expect(page.locator("[data-tracking-off]")).to_be_visible()
    page.check('[data-switch="upgrade"]')
    expect(page.locator(".toast-text").last).to_contain_text("better language")
    detail = house.get(f"/api/anime/{DEMO[2]}")
    assert (detail["monitored"], detail["auto_download"], detail["upgrade"]) == (True, True, True)
    page.uncheck('[data-switch="auto_download"]')
    expect(page.locator(".toast-text").last).to_contain_text("no longer")
    house.call("PATCH", f"/api/anime/{DEMO[2]}", {"upgrade": False})


def test_trials_answer_in_sentences_and_only_of_what_is_saved(visit: Callable[..., Page], watch: Watch) -> None:
    watch.expect("422", "409")
    page = visit("/settings/media_server")
    page.click('[data-action="try-media-server"]')
    expect(page.locator(".trial-bad, .toast-card.bad").first).to_contain_text("No media server is set")
    page.fill("#media_server-url", "http://127.0.0.1:9")
    page.click('[data-action="try-media-server"]')
    expect(page.locator(".toast-text").last).to_contain_text("Save your changes first")
    page.click("button[type=reset]")
    page.goto("/settings/notifications")
    page.click('[data-action="try-notifications"]')
    expect(page.locator(".trial-bad, .toast-card.bad").first).to_be_visible()


def test_a_look_for_new_episodes_is_begun_and_watched(visit: Callable[..., Page]) -> None:
    page = visit("/settings/tracking")
    expect(page.locator("[data-tracking-state]")).to_have_text("No look since the server started.")
    page.click('[data-action="look"]')
    expect(page.locator("[data-tracking-state]")).to_contain_text("Last look", timeout=30000)
    expect(page.locator('[data-action="look"]')).to_be_enabled()


def test_files_are_renamed_after_a_look_and_back(visit: Callable[..., Page], house: Server, library: Path) -> None:
    folder = library / house.get(f"/api/anime/{DEMO[2]}")["folder"]
    odd = folder / "Irgendwas S01E04.mkv"
    odd.parent.mkdir(exist_ok=True)
    odd.write_bytes(b"film")
    page = visit("/scan")
    page.click('[data-action="start-scan"]')
    expect(page.locator("[data-scan-state]")).to_have_text("Finished", timeout=20000)
    page.goto(f"/series/{DEMO[2]}")
    page.click(".series-options summary")
    page.click('[data-action="rename-files"]')
    expect(page.locator("[data-renames] del")).to_have_text(odd.name)
    page.click("[data-rename-go]")
    expect(page.locator(".toast-text").last).to_have_text("Files renamed: 1.")
    assert not odd.exists()
    page.click(".toast-card >> text=Undo")
    expect(page.locator(".toast-text").last).to_contain_text("old names again: 1")
    assert odd.exists()


def test_the_bin_gives_back_and_is_emptied(visit: Callable[..., Page], library: Path) -> None:
    entries = [library / f"Film <b>{number}</b>.mkv".replace("/", "∕") for number in range(3)]
    for path in entries:
        path.write_bytes(b"film")
        RecycleBin(library).put(path, reason="<b>away</b>")
    page = visit("/settings/recycle")
    expect(page.locator("[data-entry]")).to_have_count(3)
    assert page.locator("[data-entry] b b").count() == 0
    page.locator('[data-action="restore-entry"]').first.click()
    expect(page.locator(".toast-text").last).to_contain_text("Back in the library")
    assert sum(path.exists() for path in entries) == 1
    page.locator('[data-action="delete-entry"]').first.click()
    page.click("[data-confirm-yes]")
    expect(page.locator("[data-entry]")).to_have_count(1)
    page.click('[data-action="empty-bin"]')
    page.click("[data-confirm-yes]")
    expect(page.locator(".empty h2")).to_have_text("The recycle bin is empty")


def test_the_calendar_shows_what_comes_and_leads_to_the_series(visit: Callable[..., Page]) -> None:
    page = visit("/calendar")
    expect(page.locator(".airing").first).to_be_visible(timeout=15000)
    page.locator(".week-nav a").last.click()
    expect(page.locator('.day[aria-current="date"]')).to_have_count(0)
    page.go_back()
    page.locator(".airing").first.click()
    expect(page.locator(".series h1")).to_be_visible()


def test_the_log_is_filtered_while_one_types(visit: Callable[..., Page]) -> None:
    page = visit("/system")
    expect(page.locator(".log-line").first).to_be_visible()
    page.fill("[name=q]", "nothing says this")
    expect(page.locator("#log")).to_have_text("No line of the log fits.")


def test_hits_have_covers_from_this_server(visit: Callable[..., Page]) -> None:
    page = visit("/search?q=Kupferherz")
    cover = page.locator(".hit img").first
    expect(cover).to_have_js_property("complete", True)
    assert "/api/anime/" in (cover.get_attribute("src") or "")
    page.wait_for_function("() => document.querySelector('.hit img').naturalWidth > 0")


def test_waiting_items_are_reordered_by_drag(visit: Callable[..., Page], house: Server, waiting: None) -> None:
    page = visit("/queue")
    rows = page.locator('[data-items="pending"] .item')
    expect(rows).to_have_count(3)
    last = rows.nth(2).get_attribute("data-id")
    rows.nth(2).locator("[data-drag]").drag_to(rows.nth(0), target_position={"x": 60, "y": 4})
    expect(rows.nth(0)).to_have_attribute("data-id", last or "")
    assert house.get("/api/queue/status")["pending_queue"][0]["id"] == last


def test_the_queue_pauses_for_a_quarter_of_an_hour_and_goes_on(
    visit: Callable[..., Page], house: Server, waiting: None
) -> None:
    page = visit("/queue")
    page.click("[data-action=start]")
    page.click("[popovertarget=pause-choices]")
    page.click('[data-action="pause"][data-minutes="15"]')
    expect(page.locator('[data-total="state"]')).to_contain_text("Paused until")
    assert house.get("/api/queue/status")["paused_until"]
    page.click("[data-action=resume]")
    expect(page.locator('[data-total="state"]')).to_have_text("Running")


def test_pages_fit_a_very_wide_screen_and_use_it(visit: Callable[..., Page]) -> None:
    page = visit("/", viewport=WIDE, locale="de-DE")
    for path in ("/", f"/series/{DEMO[0]}", "/search?q=a", "/queue", "/calendar?now=1", "/system", "/settings/library"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.evaluate("document.querySelector('main').clientWidth >= Math.min(window.innerWidth * 0.7, 1900)"), (
            path
        )


def test_below_a_sub_path_pages_and_the_live_line_work(
    visit: Callable[..., Page], house: Server, watch: Watch, waiting: None
) -> None:
    """As a proxy does: it takes the prefix off and names it in a header. The live line falls back to polling here."""
    watch.expect("WebSocket")

    def take_off(route: Route) -> None:
        asked = route.request
        url = re.sub(r"(//[^/]+)/aniworld/", r"\1/", asked.url)
        route.continue_(url=url, headers={**asked.headers, "x-forwarded-prefix": "/aniworld"})

    page = visit("/login")
    page.context.route(re.compile(r"//[^/]+/aniworld/"), take_off)
    page.goto("/aniworld/queue")
    assert page.evaluate("document.documentElement.dataset.base") == "/aniworld"
    page.wait_for_selector("html[data-live=online]", timeout=15000)
    expect(page.locator('[data-items="pending"] .item')).to_have_count(3)
    house.call("DELETE", f"/api/queue/{house.get('/api/queue/status')['pending_queue'][0]['id']}")
    expect(page.locator('[data-items="pending"] .item')).to_have_count(2)
    page.click(".rail-link[data-page=library]")
    expect(page).to_have_url(re.compile(r"/aniworld/$"))
    expect(page.locator(".card-item").first).to_be_visible()


def test_a_password_for_calendar_programs_is_made_shown_once_and_revoked(
    visit: Callable[..., Page], house: Server
) -> None:
    page = visit("/calendar?now=1")
    page.click(".calendar-access > summary")
    page.click('[data-action="allow-calendar"]')
    expect(page.locator('[data-copy="password"]')).to_be_focused()
    password = page.input_value('[data-copy="password"]')
    address = page.input_value('[data-copy="address"]')
    assert requests.get(address, auth=("calendar", password), timeout=30).status_code == 200
    page.reload()
    page.click(".calendar-access > summary")
    assert password not in page.content()
    page.click('[data-action="forbid-calendar"]')
    page.click("[data-confirm-yes]")
    expect(page.locator(".toast-text").last).to_contain_text("No calendar program")
    assert requests.get(address, auth=("calendar", password), timeout=30).status_code == 401


def test_a_special_gets_a_number_of_its_own_and_goes_back(
    visit: Callable[..., Page], house: Server, watch: Watch
) -> None:
    key = next(key for key in DEMO if any(one["season"] == 0 for one in house.get(f"/api/anime/{key}")["episodes"]))
    page = visit(f"/series/{key}?season=0")
    page.click(".series-options > summary")
    field = page.locator("[data-special]").first
    field.fill("7")
    page.click("[data-specials] .form-buttons .btn >> nth=0")
    expect(page.locator(".toast-text").last).to_contain_text("until you rename them")
    number = field.get_attribute("data-special") or ""
    assert house.get(f"/api/anime/{key}")["specials"] == {number: 7}
    page.click('[data-action="reset-specials"]')
    expect(field).to_have_value(number)
    assert house.get(f"/api/anime/{key}")["specials"] == {}


def test_what_was_said_of_a_folder_is_shown_and_taken_back(
    visit: Callable[..., Page], house: Server, library: Path
) -> None:
    (library / "Ganz fremd").mkdir(exist_ok=True)
    (library / "Ganz fremd" / "Folge 01.mkv").write_bytes(b"x")
    house.post("/api/anime/unmatched/match", {"folder": "Ganz fremd", "key": None})
    page = visit("/scan")
    page.click(".choices > summary")
    item = page.locator('[data-choice-list] [data-folder="Ganz fremd"]')
    expect(item).to_contain_text("is ignored")
    item.locator('[data-action="take-back"]').click()
    expect(page.locator(".toast-text").last).to_contain_text("is forgotten")
    assert house.get("/api/anime/unmatched/match") == []
