"""A26: a title, description, error or folder from outside is text, on every page and fragment, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.hostile import HOSTILE

pytestmark = pytest.mark.browser


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def nothing_foreign(page: Page) -> None:
    """No element that a title brought along, and no script without our nonce."""
    assert page.locator("[onerror], [onload], [onmouseover], img[src='x']").count() == 0
    assert page.evaluate("[...document.scripts].every((one) => one.type === 'application/json' || one.nonce)")


def test_a26_hostile_titles_are_text_in_the_library(visit: Callable[..., Page]) -> None:
    page = visit("/?view=grid")
    for text in HOSTILE:
        assert page.locator(".card-title", has_text=text.strip()[:60]).count() >= 1
    nothing_foreign(page)
    assert fits(page)


def test_a26_hostile_titles_are_text_on_the_series_page(visit: Callable[..., Page]) -> None:
    page = visit("/series/hostile-0", viewport=PHONE)
    for place, text in enumerate(HOSTILE):
        page.goto(f"/series/hostile-{place}")
        assert page.locator("h1").inner_text().strip()[:40] == " ".join(text.split())[:40]
        nothing_foreign(page)
        assert fits(page), text


def test_a26_hostile_errors_are_text_in_the_queue(visit: Callable[..., Page]) -> None:
    page = visit("/queue")
    expect(page.locator(".item-failed")).to_have_count(len(HOSTILE))
    nothing_foreign(page)
    assert fits(page)


def test_a26_a_hostile_search_is_only_text(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.goto("/search?q=%3Cimg%20src%3Dx%20onerror%3Dconsole.error(1)%3E")
    assert page.locator("[name=q]").input_value() == "<img src=x onerror=console.error(1)>"
    nothing_foreign(page)
    page.goto("/?q=%22%3E%3Cscript%3Econsole.error(1)%3C/script%3E")
    nothing_foreign(page)


def test_a26_a_folder_of_no_series_is_only_text(visit: Callable[..., Page]) -> None:
    page = visit("/scan")
    page.click("[data-action=start-scan]")
    expect(page.locator(".unmatched-name").first).to_have_text("Ein Ordner <b>ohne Serie", timeout=15000)
    assert page.locator(".unmatched-name b").count() == 0
    nothing_foreign(page)


def test_a26_the_palette_lists_hostile_titles_as_text(visit: Callable[..., Page]) -> None:
    page = visit("/queue")
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    expect(page.locator(".palette-item")).to_contain_text(HOSTILE[1])
    nothing_foreign(page)
