"""What is asked for is where the finger and the eye are: menus, messages, names and counts, also 320 pixels wide; in
one language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from aniworld.models import AnimeSeries, Database, DownloadQueueItem
from tests.browser.conftest import DEMO, DESK, PHONE, Watch
from tests.running import PASSWORD, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NARROW = {"width": 320, "height": 640}
PENDING = '[data-items="pending"] .item'
ALL_OF_THEM = (
    "No hoster worked. VOE (ger-dub): voe.example does not accept a connection (connection refused); try again later.; "
    "Doodstream (ger-sub): The video is cut off: its end is missing."
)
CUT = """(one) => one.scrollWidth > one.clientWidth"""


@pytest.fixture
def three_wait(house: Server) -> Iterator[list[dict]]:
    house.post("/api/queue/stop")
    for item in house.get("/api/queue/status")["pending_queue"]:
        house.call("DELETE", f"/api/queue/{item['id']}")
    wish = {"serie_id": DEMO[1], "episodes": ["S01E01", "S01E02", "S01E03"]}
    yield house.post("/api/queue/add", wish)["added"]
    house.post("/api/queue/resume")
    house.post("/api/queue/stop")


@pytest.mark.parametrize("viewport", [DESK, NARROW], ids=["desk", "narrow"])
def test_the_choices_of_a_pause_open_under_their_button(
    visit: Callable[..., Page], three_wait: list[dict], house: Server, viewport: dict[str, int]
) -> None:
    house.configure(download={"concurrency": 1})
    page = visit("/queue", viewport=viewport)
    page.click("[data-action=start]")
    page.click("[popovertarget=pause-choices]")
    button, menu = page.locator("[popovertarget]").bounding_box(), page.locator("#pause-choices").bounding_box()
    assert button
    assert menu
    assert 0 <= menu["y"] - (button["y"] + button["height"]) < 12
    assert menu["x"] < button["x"] + button["width"]
    assert 0 <= menu["x"] <= viewport["width"] - menu["width"]
    page.keyboard.press("Tab")
    expect(page.locator("#pause-choices button").first).to_be_focused()


@pytest.mark.parametrize("language", ["de-DE", "en-GB"])
def test_what_a_card_says_below_its_title_is_one_line_on_a_phone(
    visit: Callable[..., Page], house: Server, language: str
) -> None:
    for key in DEMO:
        house.call("PATCH", f"/api/anime/{key}", {"monitored": True})
    page = visit("/?view=grid", viewport=PHONE, locale=language)
    lines = page.locator(".card-sub", has=page.locator(".card-monitored"))
    assert lines.count() >= len(DEMO)
    tops = """(line) => [...line.children].filter((one) => one.offsetWidth > 1).map((one) => {
      const box = one.getBoundingClientRect(); return Math.round((box.top + box.bottom) / 2); })"""
    for line in lines.all():
        heights = line.evaluate(tops)
        assert max(heights) - min(heights) <= 3, line.inner_text()


@pytest.mark.parametrize("viewport", [PHONE, NARROW], ids=["phone", "narrow"])
def test_a_series_of_few_facts_has_its_buttons_below_its_poster(
    visit: Callable[..., Page], house: Server, viewport: dict[str, int]
) -> None:
    with _database(house).writing() as session:
        if not session.query(AnimeSeries).filter_by(key="of-few-facts").count():
            session.add(AnimeSeries(key="of-few-facts", name="Ox", folder="Ox", site="aniworld.to"))
    page = visit("/series/of-few-facts", viewport=viewport)
    poster = page.locator(".poster-large").bounding_box()
    actions = page.locator(".series-actions").bounding_box()
    assert poster
    assert actions
    assert actions["y"] >= poster["y"] + poster["height"]
    assert actions["x"] == poster["x"]


def test_a_lost_connection_is_seen_far_down_the_page(visit: Callable[..., Page], watch: Watch) -> None:
    watch.expect("WebSocket", "ERR_INTERNET_DISCONNECTED")
    page = visit(f"/series/{DEMO[1]}", viewport=NARROW)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.context.set_offline(True)
    try:
        expect(page.locator("[data-banner]")).to_be_in_viewport(timeout=60_000)
    finally:
        page.context.set_offline(False)
    expect(page.locator("[data-banner]")).to_be_hidden()


def test_a_filter_without_a_session_leads_to_the_sign_in_and_back(visit: Callable[..., Page], watch: Watch) -> None:
    watch.expect("401")
    page = visit("/?missing=1")
    page.context.clear_cookies()
    page.fill("[name=q]", "stern")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Library")
    assert "missing=1" in page.url


def test_a_move_past_a_priority_says_why_it_does_not_happen(
    visit: Callable[..., Page], house: Server, three_wait: list[dict]
) -> None:
    house.call("PATCH", f"/api/queue/{three_wait[0]['id']}", {"priority": "high"})
    page = visit("/queue")
    page.locator(PENDING).first.locator('[data-action="down"]').click()
    expect(page.locator(".toast-text").last).to_contain_text("within a priority")
    expect(page.locator(PENDING).first).to_have_attribute("data-id", three_wait[0]["id"])


def test_names_of_what_waits_and_of_the_pages_are_whole_on_a_narrow_phone(
    visit: Callable[..., Page], three_wait: list[dict]
) -> None:
    page = visit("/queue", viewport=NARROW, locale="de-DE")
    name = page.locator(f"{PENDING} .item-name").first
    assert name.bounding_box()["width"] > 150  # type: ignore[index]
    for label in page.locator(".rail-link:visible .rail-label").all():
        assert not label.evaluate(CUT), label.text_content()
    page.set_viewport_size(DESK)
    for label in page.locator(".rail-label:visible").all():
        assert not label.evaluate(CUT), label.text_content()


def test_a_retry_tells_how_many_it_took(visit: Callable[..., Page], house: Server, three_wait: list[dict]) -> None:
    with _database(house).writing() as session:
        session.add(_item(1, "failed"))
    page = visit("/queue")
    failed = page.locator('[data-items="failed"] .item')
    count = failed.count()
    failed.filter(has_text="Gone 1").locator('[data-action="retry"]').click()
    expect(page.locator(".toast-text").last).to_have_text("One item waits for another try.")
    page.click('[data-action="retry-all"]')
    expect(page.locator(".toast-text").last).to_have_text(f"{count - 1} items wait for another try.")


def test_the_history_stays_open_when_a_download_ends(
    visit: Callable[..., Page], house: Server, three_wait: list[dict]
) -> None:
    database = _database(house)
    with database.writing() as session:
        session.add_all(_item(place, "completed") for place in range(30))
    page = visit("/queue")
    rows = page.locator('[data-items="completed"] .item')
    expect(rows).to_have_count(25)
    page.click('[data-action="more-history"]')
    page.wait_for_function("""() => document.querySelectorAll('[data-items="completed"] .item').length >= 30""")
    shown = rows.count()
    with database.writing() as session:
        session.add(_item(99, "completed"))
    house.call("PATCH", f"/api/queue/{three_wait[0]['id']}", {"priority": "high"})
    expect(rows.filter(has_text="Gone 99")).to_have_count(1)
    assert rows.count() >= shown


def test_numbers_and_counts_are_written_as_the_visitor_does(visit: Callable[..., Page], house: Server) -> None:
    house.post("/api/config/backups")
    page = visit("/settings/backups", locale="de-DE")
    expect(page.locator("[data-backup] .hint").first).to_have_text(re.compile(r"· (\d+,\d|\d{3}) k?B$"))
    page.goto("/?view=list")
    expect(page.locator('[data-missing-count="1"]').first).to_have_text(re.compile(r"^1\s*fehlt$"))


def test_what_is_wrong_with_a_setting_or_a_download_is_said_in_german(
    visit: Callable[..., Page], house: Server
) -> None:
    with _database(house).writing() as session:
        session.add(_item(5, "failed", error="The link to Vulkan is gone (status 404)."))
        session.add(_item(6, "failed", error=ALL_OF_THEM))
    page = visit("/settings/catalogue", locale="de-DE")
    page.fill("#catalogue-timeout_s", "-5")
    expect(page.locator("#catalogue-timeout_s-error")).to_have_text("Muss zwischen 1 und 300 liegen.")
    page.click("button[type=reset]")
    page.goto("/queue")
    gone = page.locator('[data-items="failed"] .item').filter(has_text="Gone 5")
    expect(gone).to_contain_text("Den Link zu Vulkan gibt es nicht mehr (Status 404).")
    all_gone = page.locator('[data-items="failed"] .item').filter(has_text="Gone 6")
    expect(all_gone).to_contain_text(
        "Kein Hoster hat funktioniert. VOE (Deutscher Ton): voe.example nimmt keine Verbindung an (Verbindung"
        " abgelehnt); versuche es später noch einmal.; Doodstream (Deutsche Untertitel): Das Video ist abgeschnitten:"
        " Sein Ende fehlt."
    )


@pytest.mark.parametrize("viewport", [DESK, NARROW], ids=["desk", "narrow"])
def test_a_message_about_the_settings_leaves_their_buttons_free(
    visit: Callable[..., Page], watch: Watch, viewport: dict[str, int]
) -> None:
    watch.expect("422")
    page = visit("/settings/download", viewport=viewport)
    page.fill("#download-concurrency", "99")
    page.press("#download-concurrency", "Enter")
    toast, bar = page.locator(".toast-text").last, page.locator("[data-save-bar]")
    expect(toast).to_be_visible()
    page.wait_for_timeout(400)  # it slides in
    assert toast.bounding_box()["y"] + toast.bounding_box()["height"] <= bar.bounding_box()["y"]  # type: ignore[index]
    page.click("button[type=reset]")


def test_what_is_not_saved_yet_leaves_the_settings_in_sight(visit: Callable[..., Page]) -> None:
    page = visit("/settings/download", viewport=NARROW, locale="de-DE")
    page.fill("#download-concurrency", "4")
    bar = page.locator("[data-save-bar]")
    expect(bar).to_be_visible()
    assert bar.bounding_box()["height"] < 130  # type: ignore[index]
    page.click("button[type=reset]")


def test_a_phone_on_its_side_reaches_the_foot_of_the_rail(visit: Callable[..., Page]) -> None:
    page = visit("/", viewport={"width": 740, "height": 360})
    way_out = page.locator('.rail-foot [data-action="sign-out"]')
    way_out.scroll_into_view_if_needed()
    expect(way_out).to_be_in_viewport(ratio=1)


def _database(house: Server) -> Database:
    return Database.at(f"sqlite:///{house.instance / 'aniworld.db'}")


def _item(place: int, status: str, error: str = "Gone.") -> DownloadQueueItem:
    return DownloadQueueItem(
        serie_id=f"hostile-{place % 8}",
        serie_name=f"Gone {place}",
        season=9,
        episode=place + 1,
        status=status,
        error=error,
        error_code="link_dead",
        retry_count=9,
        completed_at=datetime.now(UTC),
    )
