"""The audit log: what is kept, what is never kept, and for how long."""

from __future__ import annotations

import threading

import pytest
import requests

from aniworld.models import AuditEntry, Database
from aniworld.services import audit as audit_module
from aniworld.services.audit import KINDS, AuditService, Origin, hint
from tests.running import PASSWORD, Server
from tests.services.test_auth import Clock


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
        "at": "", "kind": "sign_in_failed", "address": "127.0.0.1", "who": "", "detail": "wrong_password",
    }  # fmt: skip
    assert told(running, "signed_in")[0]["detail"].startswith("python-requests")
    assert told(running, "signed_out")
    assert [one["detail"] for one in told(running, "settings_changed")] == ["media_server.token, ui.theme"]
    assert [one["detail"] for one in told(running, "key_created")] == ["Sonarr (read)"]
    assert [one["detail"] for one in told(running, "key_used")] == ["Sonarr"]
    assert [one["detail"] for one in told(running, "key_revoked")] == ["Sonarr"]
    assert [one["detail"] for one in told(running, "backup_deleted")] == [backup]
    assert told(running, "history_cleared")
    whole = running.call("GET", "/api/auth/audit", params={"page_size": 500}).text
    for secret in ("canary", made["key"], token, PASSWORD, running.token):
        assert secret not in whole


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


def test_every_kind_fits_its_column() -> None:
    assert max(map(len, KINDS)) <= AuditEntry.__table__.c.kind.type.length
