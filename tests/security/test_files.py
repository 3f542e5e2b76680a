"""What lies on the disk is the owner's alone, whatever the mask that the server was started with."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import PASSWORD, Server

SECRETS = ("config.json", "secret_key", "aniworld.db")


@contextmanager
def mask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(instance: Path) -> list[str]:
    """Folders and secrets that anybody else could read, write or enter."""
    known = [
        instance,
        *(instance / name for name in SECRETS),
        instance / "backups",
        *(instance / "backups").iterdir(),
        *instance.glob("aniworld.db-*"),
        instance / "logs",
        *(instance / "logs").iterdir(),
    ]
    return [path.name for path in known if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.mark.slow
@pytest.mark.parametrize("value", [0o000, 0o077])
def test_secrets_are_closed_when_they_are_made_and_when_they_are_written_anew(tmp_path: Path, value: int) -> None:
    instance = tmp_path / "instance"
    with mask(value):
        server = Server(instance, ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    try:
        server.configure(media_server={"token": "canary-1"}, ui={"theme": "dark"})
        backup = server.post("/api/config/backups", status=201)["name"]
        server.configure(ui={"theme": "light"})
        server.call("POST", f"/api/config/backups/{backup}/restore")
        assert {name for name in SECRETS if (instance / name).is_file()} == set(SECRETS)
        assert open_to_others(instance) == []
        for name in SECRETS:
            (instance / name).chmod(0o644)
        server.configure(ui={"theme": "light"})
        assert stat.S_IMODE((instance / "config.json").stat().st_mode) == 0o600
    finally:
        server.stop()
    instance.chmod(0o755)
    with mask(value):
        server.start()
    try:
        assert open_to_others(instance) == []
    finally:
        server.stop()


@pytest.mark.slow
def test_a_stolen_database_holds_no_secret_that_opens_anything(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    try:
        key = server.post("/api/auth/keys", {"name": "x", "scope": "full"}, 201)["key"]
        totp = server.post("/api/auth/totp", {"password": PASSWORD}, 201)["secret"]
        token = server.token
    finally:
        server.stop()
    with sqlite3.connect(server.instance / "aniworld.db") as database:
        whole = "\n".join(database.iterdump())
    assert "$argon2id$" in whole
    assert not [secret for secret in (PASSWORD, key, totp, token) if secret in whole]
