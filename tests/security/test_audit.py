"""The audit log: what is kept, what is never kept, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from aniworld.models import AuditEntry, Database
from aniworld.services.access import audit_log as audit_module
from aniworld.services.access.audit_log import KINDS, AuditService, Origin, hint
from aniworld.web.i18n.labels import AUDIT_NAMES
from tests.running import PASSWORD, ROOT, Server
from tests.services.access.test_auth import Clock


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    yield server
    server.stop()


def told(server: Server, kind: str) -> list[dict[str, str]]:
    return server.get("/api/auth/audit", params={"kind": kind})


def test_what_an_owner_does_is_found_in_the_log_without_any_value(running: Server) -> None:
    assert requests.post(running.url + "/api/auth/login", json={"password": "canary-wrong"}).status_code == 401
    token = requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}).json()["access_token"]
    requests.post(running.url + "/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    running.configure(media_server={"token": "canary-token"}, ui={"theme": "dark"})
    running.configure(ui={"theme": "dark"})
    made = running.post("/api/auth/keys", {"name": "Sonarr", "scope": "read"}, 201)
    for _ in range(3):
        assert requests.get(running.url + "/api/queue/status", headers={"X-Api-Key": made["key"]}).status_code == 200
    running.call("DELETE", f"/api/auth/keys/{made['id']}")
    backup = running.post("/api/config/backups", status=201)["name"]
    running.call("DELETE", f"/api/config/backups/{backup}")
    running.call("DELETE", "/api/queue/failed")

    assert told(running, "sign_in_failed")[0] | {"at": ""} == {
        "at": "",
        "kind": "sign_in_failed",
        "address": "127.0.0.1",
        "who": "",
        "detail": "wrong_password",
    }
    assert told(running, "signed_in")[0]["detail"].startswith("python-requests")
    assert told(running, "signed_out")
    assert [one["detail"] for one in told(running, "settings_changed")] == ["media_server.token, ui.theme"]
    assert [one["detail"] for one in told(running, "key_created")] == ["Sonarr (read)"]
    assert [one["detail"] for one in told(running, "key_used")] == ["Sonarr"]
    assert [one["detail"] for one in told(running, "key_revoked")] == ["Sonarr"]
    assert [one["detail"] for one in told(running, "backup_deleted")] == [backup]
    assert told(running, "history_cleared")
    changed = {"current": "canary-wrong", "new": "canary-new"}
    assert running.call("POST", "/api/auth/password", changed).status_code == 401
    assert told(running, "proof_failed")[0]["detail"] == "wrong_password"
    whole = running.call("GET", "/api/auth/audit", params={"page_size": 500}).text
    for secret in ("canary", made["key"], token, PASSWORD, running.token):
        assert secret not in whole


@pytest.mark.slow
def test_what_the_owner_does_on_the_machine_itself_is_in_it_too(fresh: Server) -> None:
    """The command line has no address and no session; names of settings are kept, never values."""
    key = fresh.post("/api/auth/keys", {"name": "x", "scope": "full"}, 201)["key"]
    for words in (
        ("config", "set", "media_server.token", "canary-cli"),
        ("config", "set", "ui.theme", "dark"),
        ("config", "set", "ui.theme", "dark"),
        ("queue", "clear", "failed"),
        ("recycle", "empty", "--yes"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "aniworld", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **fresh.environment},
        )
        assert done.returncode == 0 or words[0] == "recycle", done.stderr
    found = [one for one in fresh.get("/api/auth/audit") if not one["address"]]
    changed = sorted(one["detail"] for one in found if one["kind"] == "settings_changed")
    assert changed == ["media_server.token", "ui.theme"]
    assert "history_cleared" in {one["kind"] for one in found}
    assert not [one for one in found if "canary" in one["detail"] or key in one["detail"]]


@pytest.mark.slow
def test_all_other_sessions_end_at_once_and_this_one_stays(fresh: Server) -> None:
    others = [
        requests.post(fresh.url + "/api/auth/login", json={"password": PASSWORD}).json()["access_token"]
        for _ in range(3)
    ]
    assert len(fresh.get("/api/auth/sessions")) == 4
    assert fresh.call("DELETE", "/api/auth/sessions").json() == {"removed": 3}
    for token in others:
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(fresh.url + "/api/queue/status", headers=headers).status_code == 401
    assert [one["current"] for one in fresh.get("/api/auth/sessions")] == [True]
    assert told(fresh, "sessions_ended")[0]["detail"] == "3"
    made = fresh.post("/api/auth/keys", {"name": "x", "scope": "full"}, 201)["key"]
    read = fresh.post("/api/auth/keys", {"name": "y", "scope": "read"}, 201)["key"]
    ended = requests.delete(fresh.url + "/api/auth/sessions", headers={"X-Api-Key": read})
    assert ended.status_code == 403
    ended = requests.delete(fresh.url + "/api/auth/sessions", headers={"X-Api-Key": made})
    assert (ended.status_code, ended.json()) == (200, {"removed": 1})
    fresh.sign_in()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?kind=signed_in",
        "?kind=made+up",
        "?kind=%3Cscript%3E",
        "?page=0",
        "?page=-9",
        "?page=x",
        "?page=" + "9" * 30,
        "?page=2&page=3",
        "?kind=signed_in&page=99",
    ],
)
def test_the_page_of_the_log_stands_whatever_the_address_says(running: Server, query: str) -> None:
    agent = {"User-Agent": "<script>alert(1)</script>\u202e".encode()}
    requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}, headers=agent)
    answer = running.call("GET", "/settings/audit" + query)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text and "made up" not in answer.text
    if query == "?kind=signed_in":
        assert "&lt;script&gt;" in answer.text and "python-requests" in answer.text
        assert "Sign-in failed</td>" not in answer.text


@pytest.mark.slow
def test_the_page_goes_back_by_fifties(fresh: Server) -> None:
    for number in range(60):
        fresh.post("/api/auth/keys", {"name": f"key {number}", "scope": "read"}, 201)
    first, second = (fresh.call("GET", f"/settings/audit?kind=key_created&page={page}").text for page in (1, 2))
    assert "key 59 (read)" in first and "key 9 (read)" not in first and 'rel="next"' in first
    assert "key 9 (read)" in second and 'rel="prev"' in second and 'rel="next"' not in second
    assert "kind=key_created" in first


def test_the_log_comes_in_pages_newest_first_and_is_for_the_owner(running: Server) -> None:
    answer = running.call("GET", "/api/auth/audit", params={"page_size": 2})
    assert len(answer.json()) <= 2
    assert '"page_size":2' in answer.headers["X-Pagination"]
    moments = [one["at"] for one in running.get("/api/auth/audit")]
    assert moments == sorted(moments, reverse=True)
    assert requests.get(running.url + "/api/auth/audit").status_code == 401
    assert running.call("GET", "/api/auth/audit", params={"kind": "made up"}).status_code == 422
    assert running.call("GET", "/api/auth/audit", params={"page_size": 100_000}).status_code == 422


def test_entries_go_after_their_days_and_beyond_their_number(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    audit = AuditService(database, days=lambda: 30, clock=clock)
    audit.record("signed_in", "old")
    clock.forward(days=29)
    for number in range(5):
        audit.record("signed_in", str(number))
    audit.purge()
    assert audit.entries()[1].total == 6
    clock.forward(days=2)
    audit.purge()
    assert [one.detail for one in audit.entries()[0]] == ["4", "3", "2", "1", "0"]
    monkeypatch.setattr(audit_module, "ENTRIES_LIMIT", 2)
    audit.purge()
    assert [one.detail for one in audit.entries()[0]] == ["4", "3"]


def test_hostile_details_stay_one_plain_bounded_line(database: Database) -> None:
    audit = AuditService(database)
    audit.record("signed_in", "x\r\n\x1b[31m\u202e" + "y" * 2000, origin=Origin("z" * 500, "w" * 500))
    (entry,), _ = audit.entries()
    assert entry.detail.isprintable() and len(entry.detail) == 500
    assert (len(entry.address), len(entry.who)) == (64, 40)
    assert hint("0123456789abcdef" * 2) == "012345…"


def test_a_log_that_cannot_be_written_keeps_nobody_out(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with database.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE audit_entry")
    AuditService(database).record("signed_in")
    assert "could not be written" in caplog.text


def test_many_at_once_are_all_kept(database: Database) -> None:
    audit = AuditService(database)
    crowd = [threading.Thread(target=audit.record, args=("signed_in", str(n))) for n in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert audit.entries()[1].total == 12


def test_every_kind_fits_its_column_and_has_words() -> None:
    assert set(KINDS) == set(AUDIT_NAMES)
    assert max(map(len, KINDS)) <= AuditEntry.__table__.c.kind.type.length
