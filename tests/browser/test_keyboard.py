"""Everything without a pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DEMO
from tests.running import Server

pytestmark = pytest.mark.browser


def test_shortcuts_lead_everywhere_but_not_while_somebody_writes(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.keyboard.press("/")
    page.keyboard.type("gq?")
    assert page.locator("[name=q]").input_value() == "gq?"
    page.locator("[name=q]").blur()
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page.locator("h1")).to_have_text("Queue")
    page.wait_for_selector("html[data-live=online]")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_the_palette_finds_a_series_and_opens_it(visit: Callable[..., Page]) -> None:
    page = visit("/queue")
    page.keyboard.press("Control+k")
    page.keyboard.type("Nautilus")
    expect(page.locator(".palette-item[aria-selected=true]")).to_contain_text("Nautilus")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Nautilus")


def test_the_first_tab_skips_to_the_content(visit: Callable[..., Page]) -> None:
    page = visit("/queue")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_series_are_chosen_with_x_and_a_span_with_shift_x(visit: Callable[..., Page]) -> None:
    page = visit("/?sort=name")
    page.locator(".card-link").nth(0).focus()
    page.keyboard.press("x")
    page.locator(".card-link").nth(2).focus()
    page.keyboard.press("Shift+X")
    expect(page.locator(".card-item.selected")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator(".card-item.selected")).to_have_count(0)


def test_waiting_items_are_reordered_with_alt_and_arrows(visit: Callable[..., Page], house: Server) -> None:
    house.post("/api/queue/stop")
    house.post("/api/queue/add", {"serie_id": DEMO[1], "episodes": ["S01E01", "S01E02", "S01E03"]})
    page = visit("/queue")
    rows = page.locator('[data-items="pending"] .item')
    expect(rows.nth(2)).to_be_visible()
    last = rows.last.get_attribute("data-id")
    rows.last.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(rows.nth(rows.count() - 2)).to_have_attribute("data-id", last or "")
    assert page.evaluate("document.activeElement.dataset.id") == last
    waiting = house.get("/api/queue/status")["pending_queue"]
    assert waiting[-2]["id"] == last
