"""WCAG 2.2 AA as far as a machine can tell: axe finds nothing on any page, light or dark, desk or phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import DEMO, PHONE, Watch
from tests.running import Server

pytestmark = pytest.mark.browser
AXE = Axe()
NORMS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = (
    "/",
    "/?view=list",
    f"/series/{DEMO[0]}",
    "/search?q=a",
    "/queue",
    "/calendar?now=1",
    "/scan",
    "/system",
    "/settings/library",
    "/settings/download",
    "/settings/tracking",
    "/settings/schedule",
    "/settings/notifications",
    "/settings/recycle",
    "/settings/backups",
    "/settings/backup",
    "/settings/access",
    "/nothing-here",
)


AT_REST = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => null)))"""


def violations(page: Page, **options: object) -> list[str]:
    """What axe finds; ``runOnly`` as axe takes it, by default every rule of WCAG 2.2 AA.

    Nothing moves meanwhile: colours that still change are no colours to judge.
    """
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AT_REST)
    found = AXE.run(page, options={"runOnly": NORMS, "resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for one in found for node in one["nodes"]
    ]


def in_both_schemes(page: Page) -> list[str]:
    """Everything in light; in dark the colours, which alone are different there."""
    page.emulate_media(color_scheme="light")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    return found + violations(page, runOnly={"type": "rule", "values": ["color-contrast"]})


@pytest.mark.slow
def test_axe_finds_nothing_in_light_and_dark(visit: Callable[..., Page], watch: Watch) -> None:
    watch.expect("404")
    page = visit("/")
    for path in PAGES:
        page.goto(path)
        assert in_both_schemes(page) == [], path


def test_axe_finds_nothing_on_a_phone(visit: Callable[..., Page]) -> None:
    page = visit("/", viewport=PHONE, locale="de-DE")
    for path in ("/", f"/series/{DEMO[0]}", "/queue", "/settings/download"):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_axe_finds_nothing_in_dialogs(visit: Callable[..., Page]) -> None:
    page = visit("/")
    for key, dialog in (("?", "#help"), ("Control+k", "#palette")):
        page.keyboard.press(key)
        page.wait_for_selector(f"{dialog}[open]")
        assert violations(page) == [], dialog
        page.keyboard.press("Escape")
        page.wait_for_selector(dialog, state="hidden")


def test_axe_finds_nothing_at_the_door(browser: Browser, house: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house.url}/login")
    assert in_both_schemes(page) == []
    context.close()


def test_everything_is_at_least_24_pixels_to_the_finger(visit: Callable[..., Page]) -> None:
    page = visit("/queue", viewport=PHONE)
    small = page.evaluate("""() => [...document.querySelectorAll("button, a[href], select, input")]
        .filter((one) => one.checkVisibility() && !one.matches(".skip-link, .form-check-input"))
        .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => html)""")
    assert small == []
