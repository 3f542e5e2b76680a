"""From an empty server to a library whose first scan runs, with scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TELL_VIOLATIONS, Watch
from tests.running import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9")
    del server.environment["ANIWORLD_MASTER_PASSWORD"]
    server.start(sign_in=False)
    yield server
    server.stop()


@pytest.fixture
def newcomer(browser: Browser, empty_house: Server) -> Iterator[Page]:
    watching = Watch(empty_house.url)
    context = browser.new_context(base_url=empty_house.url, locale="en-GB")
    context.add_init_script(TELL_VIOLATIONS)
    page = context.new_page()
    watching.over(page)
    yield page
    context.close()
    watching.check()


def test_the_first_steps_end_on_the_library_with_the_first_scan(newcomer: Page, tmp_path: Path) -> None:
    (tmp_path / "anime" / "Nebel" / "Season 01").mkdir(parents=True)
    newcomer.goto("/queue")
    expect(newcomer).to_have_url(re.compile(r"/setup$"))
    choose_password(newcomer)
    expect(newcomer).to_have_url(re.compile(r"/setup/library$"))
    choose_folder(newcomer, tmp_path / "anime")
    expect(newcomer.locator("h1")).to_have_text("Library")
    newcomer.goto("/scan")
    expect(newcomer.locator("[data-scan-state]")).to_have_text(re.compile("Scanning|Finished"))
    expect(newcomer.locator(".unmatched-name")).to_have_text("Nebel", timeout=25000)


def choose_password(page: Page) -> None:
    strength = page.locator("[data-strength]")
    page.locator("#password").press_sequentially("kurz")
    expect(strength).to_have_text("Too short: at least 8 characters")
    page.fill("#password", "passwort1")
    expect(strength).to_have_text("Weak")
    page.fill("#password", "Wer hat die Laterne verloren? 47")
    expect(strength).to_have_text("Strong")
    page.fill("#repeat", "something else")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_have_text("The two passwords are not the same.")
    page.fill("#repeat", "Wer hat die Laterne verloren? 47")
    page.keyboard.press("Enter")


def choose_folder(page: Page, folder: Path) -> None:
    check = page.locator("[data-root-check]")
    page.fill("#root", "relative/folder")
    expect(page.locator("#trouble")).to_have_text(re.compile("^Write the full path of the folder"))
    expect(check).to_be_empty()
    expect(page.locator("#root")).to_have_attribute("aria-invalid", "true")
    page.fill("#root", str(folder))
    expect(check).to_have_text(re.compile(r"The folder can be used\. Free space: .+B"))
    expect(page.locator("#trouble")).to_be_hidden()
    page.click('[data-do="move_entry_down-0"]')
    page.click("button.btn-primary")
