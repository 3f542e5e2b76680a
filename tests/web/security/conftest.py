"""An application with a password and its owner's proofs, in this process: a real database, no server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from aniworld.app import create_app
from aniworld.services.access.tokens import derived
from aniworld.services.container import Services
from tests.running import PASSWORD


@dataclass
class House:
    app: Flask
    services: Services
    browser: Any
    token: str

    @property
    def token_key(self) -> bytes:
        return derived(self.services.auth.secret, "token")

    def get(self, path: str = "/api/queue/status", **headers: str) -> TestResponse:
        """By a client without cookies."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client(use_cookies=False).get(path, headers=named)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    app = create_app(
        {"ANIWORLD_INSTANCE": tmp_path / "instance", "ANIWORLD_MASTER_PASSWORD": PASSWORD, "TESTING": True}
    )
    browser = app.test_client()
    token = browser.post("/api/auth/login", json={"password": PASSWORD}).json["access_token"]
    services: Services = app.extensions["aniworld"]
    yield House(app, services, browser, token)
    services.database.close()
