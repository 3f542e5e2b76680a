"""The calendar's address: a password of its own by HTTP Basic, which opens nothing else; never a secret in an
address.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
import requests
from icalendar import Calendar

from tests.running import Server

FEED = "/api/calendar.ics"


@pytest.fixture(scope="module")
def password(running: Server) -> Iterator[str]:
    return running.post("/api/calendar/access", None, 201)["password"]


def ask(server: Server, path: str = FEED, **more: object) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.get(server.url + path, timeout=30, allow_redirects=False, **more)  # type: ignore[arg-type]


def test_a_calendar_program_reads_with_its_password(running: Server, password: str) -> None:
    answer = ask(running, auth=("calendar", password))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert Calendar.from_ical(answer.content)["X-WR-CALNAME"] == "Aniworld"
    again = ask(running, auth=("calendar", password), headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "no-cache" in answer.headers["Cache-Control"] and "Set-Cookie" not in answer.headers
    assert running.get("/api/calendar/access")["last_used"]
    assert running.call("GET", FEED).status_code == 200, "the owner's token reads it as well"


def test_nobody_else_reads_it_and_a_program_is_asked_for_its_password(running: Server, password: str) -> None:
    malformed = ("Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Basic " + "A" * 5000)
    wrongs = [{"auth": ("calendar", "wrong")}, {"auth": ("", password)}, {"auth": ("aniworld", password)}, {}]
    wrongs += [{"headers": {"Authorization": value}} for value in (*malformed, f"Bearer {password}")]
    wrongs += [{"headers": {"X-Api-Key": password}}]
    for wrong in wrongs:
        answer = ask(running, **wrong)
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json"), wrong
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm="), wrong


def test_no_secret_in_an_address_opens_anything(running: Server, password: str) -> None:
    for path in (f"{FEED}?token={password}", f"{FEED}?password={password}", f"/api/calendar/{password}.ics"):
        assert ask(running, path).status_code == 401, path
    assert password not in running.log.read_text()


def test_the_password_opens_the_calendar_and_nothing_else(running: Server, password: str) -> None:
    for path in ("/api/anime/", "/api/anime/calendar", "/api/queue/status", "/api/config/", "/api/calendar/access"):
        assert ask(running, path, auth=("calendar", password)).status_code == 401, path
    assert ask(running, "/", auth=("calendar", password)).status_code == 302
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = requests.request(method, running.url + FEED, auth=("calendar", password), timeout=30)
        assert answer.status_code in (401, 405), method
    assert (
        requests.delete(f"{running.url}/api/calendar/access", auth=("calendar", password), timeout=30).status_code
        == 401
    )


def test_a_key_that_may_only_read_cannot_make_or_revoke_the_password(running: Server) -> None:
    key = running.post("/api/auth/keys", {"name": "reader", "scope": "read"}, 201)["key"]
    for method in ("POST", "DELETE"):
        answer = requests.request(method, f"{running.url}/api/calendar/access", headers={"X-Api-Key": key}, timeout=30)
        assert answer.status_code == 403
    shown = requests.get(f"{running.url}/api/calendar/access", headers={"X-Api-Key": key}, timeout=30).json()
    assert (shown["active"], shown["password"]) == (True, None)


def test_a_revoked_password_is_good_no_more(running: Server, password: str) -> None:
    assert running.call("DELETE", "/api/calendar/access").status_code == 204
    assert running.call("DELETE", "/api/calendar/access").status_code == 404
    assert ask(running, auth=("calendar", password)).status_code == 401
    newer = running.post("/api/calendar/access", None, 201)["password"]
    assert ask(running, auth=("calendar", newer)).status_code == 200
