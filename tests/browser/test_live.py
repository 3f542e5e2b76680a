"""What happens on the server is seen at once, by all, and also after the line was cut."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DEMO, Watch
from tests.running import Server, until

pytestmark = pytest.mark.browser


def test_two_browsers_see_the_same_queue_at_once(visit: Callable[..., Page], house: Server) -> None:
    house.post("/api/queue/stop")
    house.post("/api/queue/add", {"serie_id": DEMO[2], "episodes": ["S01E01", "S01E02"]})
    here, there = visit("/queue"), visit("/queue")
    row = f'[data-items="pending"] .item:has(a[href*="{DEMO[2]}"])'
    expect(there.locator(row)).to_have_count(2)
    here.locator(row).first.locator('[data-action="remove"]').click()
    expect(there.locator(row)).to_have_count(1)


def test_a_download_moves_in_both_browsers_until_it_is_done(visit: Callable[..., Page], house: Server) -> None:
    house.post("/api/queue/stop")
    for item in house.get("/api/queue/status")["pending_queue"]:
        house.call("DELETE", f"/api/queue/{item['id']}")
    house.post("/api/queue/add", {"serie_id": DEMO[0], "episodes": ["S01E05"]})
    queue, series = visit("/queue"), visit(f"/series/{DEMO[0]}")
    queue.click("[data-action=start]")
    expect(queue.locator(".item-active progress")).to_be_visible(timeout=20000)
    expect(series.locator('.episode[data-code="S01E05"]')).to_have_attribute("data-state", "downloading", timeout=20000)
    expect(queue).to_have_title(re.compile(r"^\d+\s?%"), timeout=20000)
    expect(queue.locator('[data-items="completed"] .item')).to_have_count(1, timeout=40000)
    expect(series.locator('.episode[data-code="S01E05"]')).to_have_attribute("data-state", "present")


def test_a_killed_server_is_told_and_its_return_brings_the_true_state(
    visit: Callable[..., Page], house: Server, watch: Watch
) -> None:
    watch.expect("ERR_CONNECTION_REFUSED", "WebSocket", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    house.post("/api/queue/stop")
    page = visit("/queue")
    house.kill()
    expect(page.locator("[data-banner]")).to_be_visible(timeout=10000)
    house.start(sign_in=False)
    house.post("/api/queue/add", {"serie_id": DEMO[1], "episodes": ["S01E05"]})
    expect(page.locator("[data-banner]")).to_be_hidden(timeout=15000)
    expect(page.locator('[data-items="pending"] .item', has_text="S01E05")).to_be_visible()


def test_a_page_script_joins_a_room_by_the_connection_itself(visit: Callable[..., Page], house: Server) -> None:
    page = visit("/queue")
    page.evaluate(
        """() => {
            const socket = io();
            window.statuses = [];
            socket.join("downloads");
            socket.on("queue_status", (status) => window.statuses.push(status.statistics.total));
            window.socket = socket;
        }"""
    )
    until(lambda: page.evaluate("window.statuses.length"))
    page.evaluate(
        "window.statuses = []; window.socket.io.engine.close()"
    )  # rooms are joined again after a lost connection
    until(lambda: page.evaluate("window.statuses.length"))
