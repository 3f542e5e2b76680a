"""The second factor and the audit log in a browser: by keyboard alone, on a phone, in German, and readable by
machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, TELL_VIOLATIONS, Watch
from tests.browser.test_accessibility import in_both_schemes
from tests.running import PASSWORD, Server
from tests.security.test_second_factor import now_code

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    """A server of its own: turning the factor on ends every other session."""
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    yield server
    server.stop()


def type_and_enter(page: Page, field: str, text: str) -> None:
    page.focus(field)
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_set_up_to_turning_off_by_keyboard_on_a_phone(browser: Browser, alone: Server) -> None:
    context = browser.new_context(viewport=PHONE, locale="de-DE", base_url=alone.url)
    context.add_init_script(TELL_VIOLATIONS)
    page, watch = context.new_page(), Watch(alone.url)
    watch.expect("401")
    watch.over(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/login")
    type_and_enter(page, "#password", PASSWORD)
    page.wait_for_url("**/")
    page.goto("/settings/access")
    type_and_enter(page, "#totp-password", "a wrong password")
    expect(page.locator("#totp-trouble")).to_have_text("Das Passwort ist falsch.")
    assert page.locator("[data-totp-qr] path").count() == 0

    page.fill("#totp-password", "")
    type_and_enter(page, "#totp-password", PASSWORD)
    expect(page.locator("[data-totp-confirm] [data-totp-step]")).to_be_focused()
    secret = page.input_value("[data-totp-secret]").replace(" ", "")
    assert len(secret) == 32 and page.locator("[data-totp-qr] path").count() == 1
    assert fits(page) and in_both_schemes(page) == []

    type_and_enter(page, "#totp-code", "000000" if now_code(secret) != "000000" else "111111")
    expect(page.locator("#totp-code-trouble")).to_be_visible()
    page.fill("#totp-code", "")
    type_and_enter(page, "#totp-code", now_code(secret))
    expect(page.locator("[data-totp-codes] [data-totp-step]")).to_be_focused()
    codes = page.locator("[data-totp-list] code").all_inner_texts()
    assert len(codes) == 10 and page.input_value("[data-totp-secret]") == ""
    assert fits(page) and in_both_schemes(page) == []
    with page.expect_download() as saved:
        page.click("[data-totp-file]")
    assert set(codes) <= set(Path(saved.value.path()).read_text().splitlines())

    page.focus('[data-action="codes-kept"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-totp-off]")
    assert not [code for code in codes if code in page.content()]
    page.fill("#totp-off-password", PASSWORD)
    type_and_enter(page, "#totp-off-code", codes[0].lower())
    page.wait_for_selector("[data-totp-begin]")

    page.goto("/settings/audit")
    for said in ("Zweiter Faktor eingeschaltet", "Zweiter Faktor ausgeschaltet", "Wiederherstellungscode benutzt"):
        expect(page.locator("table.audit")).to_contain_text(said)
    assert fits(page) and in_both_schemes(page) == []
    page.focus("#audit-kind")
    page.select_option("#audit-kind", "totp_enabled")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=totp_enabled*")
    expect(page.locator("table.audit tbody tr")).to_have_count(1)
    context.close()
    watch.check()


def test_all_other_sessions_end_by_one_button(browser: Browser, alone: Server) -> None:
    context = browser.new_context(locale="en-GB", base_url=alone.url)
    page = context.new_page()
    page.goto("/login")
    type_and_enter(page, "#password", PASSWORD)
    page.wait_for_url("**/")
    page.goto("/settings/access")
    expect(page.locator("[data-session]")).to_have_count(2)
    page.click('[data-action="end-other-sessions"]')
    page.click("[data-confirm-yes]")
    expect(page.locator("[data-session]")).to_have_count(1)
    expect(page.locator("[data-end-others]")).to_be_hidden()
    expect(page.locator("#sessions-title")).to_be_focused()
    assert alone.call("GET", "/api/queue/status").status_code == 401
    context.close()
