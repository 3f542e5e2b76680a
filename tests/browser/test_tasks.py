"""The main task of each page, by mouse."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DEMO, PHONE, Watch
from tests.running import PASSWORD, Server

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_told_and_the_right_one_leads_to_where_one_wanted_to(
    browser: Browser, house: Server, watch: Watch
) -> None:
    watch.expect("401")
    context = browser.new_context()
    page = context.new_page()
    watch.over(page)
    page.goto(f"{house.url}/settings/library")
    page.fill("#password", "not the password")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_have_text("The password is wrong.")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".settings-form")
    assert page.url.endswith("/settings/library")
    context.close()


def test_sign_in_works_without_scripts(browser: Browser, house: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{house.url}/login?next=//evil.example/")
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    expect(page.locator("h1")).to_have_text("Library")
    assert page.url == f"{house.url}/"
    context.close()


def test_the_library_filters_while_one_types_and_keeps_it_in_the_address(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.fill("[name=q]", "Nautilus")
    expect(page.locator(".card-item")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=Nautilus$"))
    page.check("[name=missing]", force=True)
    expect(page).to_have_url(re.compile(r"missing=1"))
    page.reload()
    expect(page.locator(".card-item")).to_have_count(1)
    page.fill("[name=q]", "no such series at all")
    expect(page.locator(".empty h2")).to_have_text("No series fits")


def test_many_series_are_chosen_and_monitored_at_once(visit: Callable[..., Page], house: Server) -> None:
    page = visit("/?q=script")
    for box in page.locator(".card-check input").all():
        box.check()
    page.click("[data-action=monitor-selected]")
    expect(page.locator(".toast-text").first).to_contain_text("monitored now")
    assert house.get("/api/anime/hostile-0")["monitored"] is True


def test_a_season_is_queued_and_a_removed_series_comes_back(visit: Callable[..., Page], house: Server) -> None:
    house.post("/api/queue/stop")
    page = visit(f"/series/{DEMO[0]}")
    page.locator(".episode-check input").nth(0).check()
    page.locator(".episode-check input").nth(2).click(modifiers=["Shift"])
    expect(page.locator(".episode.selected")).to_have_count(3)
    page.click("[data-action=queue-selected]")
    expect(page.locator(".episode .state-queued")).to_have_count(3)
    page.click("[data-action=remove]")
    page.click("[data-confirm-yes]")
    page.click(".toast-card >> text=Undo")
    expect(page.locator(f'.card-item[data-key="{DEMO[0]}"]')).to_be_visible()


def test_search_adds_a_series(visit: Callable[..., Page], house: Server) -> None:
    page = visit("/search")
    page.fill("[name=q]", "Kupferherz")
    page.keyboard.press("Enter")
    page.click('.hit [data-action="add"]')
    page.fill("#add-folder", "Kupferherz (2023)")
    page.click("#add-dialog button.btn-primary")
    expect(page.locator(".toast-text").first).to_contain_text("is in your library now")
    assert house.get("/api/anime/kupferherz")["folder"] == "Kupferherz (2023)"


def test_settings_are_checked_while_typed_saved_and_guarded(visit: Callable[..., Page], house: Server) -> None:
    page = visit("/settings/download")
    page.fill("#download-concurrency", "99")
    expect(page.locator("#download-concurrency-error")).to_be_visible()
    page.click(".rail-link[data-page=queue]")
    expect(page.locator("#confirm-title")).to_have_text("Leave without saving?")
    page.click("[data-confirm-no]")
    page.fill("#download-concurrency", "2")
    expect(page.locator("#download-concurrency-error")).to_be_hidden()
    page.click(".save-bar button.btn-primary")
    expect(page.locator(".toast-text").first).to_have_text("Settings saved.")
    assert house.get("/api/config/")["download"]["concurrency"] == 2


def test_the_template_shows_the_name_that_it_gives(visit: Callable[..., Page], watch: Watch) -> None:
    watch.expect("422")
    page = visit("/settings/library")
    page.fill("[data-template]", "{series} {season}x{episode:03}")
    expect(page.locator("[data-template-preview]")).to_contain_text("Season 01/Steinwacht 1x002.mkv")
    page.fill("[data-template]", "{nonsense}")
    expect(page.locator("[data-template-preview]")).to_contain_text("{nonsense}")
    page.click("button[type=reset]")


def test_a_key_is_made_shown_once_and_revoked(visit: Callable[..., Page]) -> None:
    page = visit("/settings/access")
    page.fill("#key-name", "Skript")
    page.click("[data-key-form] button")
    expect(page.locator("[data-key-text]")).to_have_value(re.compile(r"^\S{20,}$"))
    expect(page.locator("[data-keys]")).to_contain_text(re.compile(r"Skript.*never", re.DOTALL))
    expect(page.locator("[data-keys]")).not_to_contain_text("There is no key.")
    page.click("[data-action=revoke-key]")
    page.click("[data-confirm-yes]")
    expect(page.locator("[data-keys]")).to_contain_text("There is no key.")
    expect(page.locator("[data-key-id]")).to_have_count(0)


def test_everything_is_backed_up_checked_and_the_file_deleted_by_keyboard(
    visit: Callable[..., Page], house: Server
) -> None:
    page = visit("/settings/backup")
    page.locator("[data-action=make-whole]").press("Enter")
    row = page.locator("[data-whole-name]").first
    expect(row).to_be_visible(timeout=60_000)
    row.locator("[data-action=verify-whole]").press("Enter")
    expect(page.locator("[data-whole-state]")).to_contain_text("sound", timeout=60_000)
    row.locator("[data-action=restore-whole]").press("Enter")
    expect(page.locator("#confirm")).to_contain_text("sign in again")
    page.keyboard.press("Escape")
    row.locator("[data-action=delete-whole]").press("Enter")
    page.click("[data-confirm-yes]")
    expect(page.locator("[data-whole-name]")).to_have_count(0)
    assert house.get("/api/backups") == []


def test_a_backup_is_made_and_restored_after_seeing_what_changes(visit: Callable[..., Page], house: Server) -> None:
    page = visit("/settings/backups")
    before = page.locator("[data-backup]").count()
    page.click("[data-action=make-backup]")
    expect(page.locator("[data-backup]")).to_have_count(before + 1)
    house.configure(download={"retry_limit": 7})
    page.locator("[data-action=restore-backup]").first.click()
    expect(page.locator("[data-confirm-body]")).to_contain_text("download.retry_limit")
    page.click("[data-confirm-no]")


def test_the_language_switches_and_stays(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.click(".rail-foot [data-action=language]")
    expect(page.locator("h1")).to_have_text("Bibliothek")
    page.goto("/queue")
    expect(page.locator("h1")).to_have_text("Warteschlange")


def test_every_page_is_reached_on_a_phone(visit: Callable[..., Page]) -> None:
    page = visit("/", viewport=PHONE)
    for name, title in (("search", "Search and add"), ("queue", "Queue"), ("scan", "Scan"), ("settings", "Library")):
        page.click(f".rail-link[data-page={name}]")
        expect(page.locator("h1")).to_have_text(title)
    page.wait_for_selector("html[data-live=online]")
    page.click("[data-action=palette]")
    page.click(".palette-item >> text=System")
    expect(page.locator("h1")).to_have_text("System")
