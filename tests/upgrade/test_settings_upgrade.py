"""Settings of earlier versions come into force as this version needs them, and nothing of them is lost."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest

from aniworld.app import build_services
from aniworld.config.environment import Environment
from aniworld.config.store import ConfigStore
from aniworld.services.settings.service import ConfigService

FIXTURE = Path(__file__).parent / "fixtures/settings/config-0006.json"


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    shutil.copy(FIXTURE, folder / "config.json")
    return folder


def started(instance: Path, **environment: str) -> ConfigService:
    return ConfigService(ConfigStore(instance), Environment(instance=instance, **environment))


def test_a_dead_catalogue_address_is_replaced_at_start(instance: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        config = started(instance)
    written = json.loads((instance / "config.json").read_text("utf-8"))
    assert written["catalogue"]["base_url"] == config.current.catalogue.base_url == "https://serienstream.to"
    assert written["catalogue"]["mirrors"] == ["https://aniworld.to", "https://serienstream.to"]
    assert (config.current.download.concurrency, config.current.ui.theme) == (2, "dark")
    assert written["library"]["recycle_days"] == 30
    assert [record.message for record in caplog.records if "https://s.to" in record.message] == [
        "Addresses in the settings that no longer resolve were replaced: https://s.to by https://serienstream.to, "
        "https://www.s.to/ by https://serienstream.to. The earlier settings are kept."
    ]
    (snapshot,) = config.backups()
    assert snapshot.kind == "auto"
    assert json.loads(config.backup_content(snapshot.name))["catalogue"]["base_url"] == "https://s.to"
    caplog.clear()
    again = started(instance)
    assert again.replaced_addresses == () and len(again.backups()) == 1 and not caplog.records


@pytest.mark.parametrize(
    "address",
    ["https://s.to", "https://s.to/", "http://s.to", "https://www.s.to", "https://S.TO.", "https://s.to:443/"],
)
def test_every_way_to_write_the_dead_address_is_replaced(instance: Path, address: str) -> None:
    (instance / "config.json").write_text(json.dumps({"catalogue": {"base_url": address}}), "utf-8")
    assert started(instance).current.catalogue.base_url == "https://serienstream.to"


@pytest.mark.parametrize(
    "address",
    [
        "https://aniworld.to",
        "https://serienstream.cx",
        "http://186.2.175.5",
        "http://s.to:8080",
        "https://s.to/prefix",
        "https://s.to.example",
        "http://nas.lan/kat",
    ],
)
def test_other_addresses_stay_as_they_are(instance: Path, address: str) -> None:
    (instance / "config.json").write_text(json.dumps({"catalogue": {"base_url": address}}), "utf-8")
    config = started(instance)
    assert config.current.catalogue.base_url == address
    assert not config.backups() and config.replaced_addresses == ()


def test_the_environments_dead_address_is_replaced_and_not_stored(instance: Path) -> None:
    (instance / "config.json").write_text(json.dumps({"catalogue": {"base_url": "http://nas.lan"}}), "utf-8")
    config = started(instance, catalogue_url="https://s.to")
    assert config.current.catalogue.base_url == "https://serienstream.to"
    shown = config.masked()
    config.update({"catalogue": shown["catalogue"], "ui": {"theme": "light"}})
    assert json.loads((instance / "config.json").read_text("utf-8"))["catalogue"]["base_url"] == "http://nas.lan"


def test_settings_that_are_not_understood_are_left_and_the_live_address_counts(instance: Path) -> None:
    text = json.dumps({"catalogue": {"base_url": "https://s.to"}, "ui": {"theme": "plaid"}})
    (instance / "config.json").write_text(text, "utf-8")
    config = started(instance)
    assert config.current.catalogue.base_url == "https://serienstream.to"
    assert config.misunderstood == ("ui.theme",)
    assert (instance / "config.json").read_text("utf-8") == text


def test_a_restored_snapshot_brings_no_dead_address_back(instance: Path) -> None:
    config = started(instance)
    (snapshot,) = config.backups()
    config.restore(snapshot.name)
    assert config.current.catalogue.base_url == "https://serienstream.to"


def test_health_notes_what_was_replaced(instance: Path) -> None:
    services = build_services(Environment(instance=instance))
    found = [one for one in services.system.health.checks() if one.name == "catalogue_address"]
    assert [one.level for one in found] == ["notice", "notice"]
    assert "https://s.to" in found[0].message and "https://serienstream.to" in found[0].message
    services.close()
