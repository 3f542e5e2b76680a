"""ConfigService: what is in force, and how it changes."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aniworld
from aniworld.config.environment import Environment
from aniworld.config.settings import MASK, Settings
from aniworld.config.store import ConfigStore
from aniworld.core.errors import InvalidInput, NotFound
from aniworld.services.settings.service import ConfigService

Make = Callable[..., ConfigService]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(**environment: Any) -> ConfigService:
        instance = tmp_path / "instance"
        return ConfigService(ConfigStore(instance), Environment(instance=instance, **environment))

    return made


@pytest.fixture
def config(make: Make) -> ConfigService:
    return make()


def test_a_change_is_in_force_told_and_kept(config: ConfigService, make: Make) -> None:
    told: list[tuple[int, int]] = []
    unsubscribe = config.subscribe(lambda old, new: told.append((old.download.concurrency, new.download.concurrency)))
    assert config.update({"download": {"concurrency": 5}})["download"]["concurrency"] == 5
    assert config.current.download.concurrency == 5
    assert make().current.download.concurrency == 5
    unsubscribe()
    config.update({"download": {"concurrency": 6}})
    assert told == [(3, 5)]


def test_a_listener_that_fails_keeps_nothing_from_the_others(config: ConfigService) -> None:
    told: list[str] = []
    config.subscribe(lambda old, new: 1 / 0)  # type: ignore[arg-type,return-value]
    config.subscribe(lambda old, new: told.append(new.ui.theme))
    config.update({"ui": {"theme": "dark"}})
    assert told == ["dark"]


def test_a_change_keeps_a_backup_of_what_was_and_none_when_nothing_changed(config: ConfigService) -> None:
    config.update({"ui": {"theme": "dark"}})
    config.update({"ui": {"theme": "light"}})
    config.update({"ui": {"theme": "light"}})
    assert [one.kind for one in config.backups()] == ["auto", "auto"]
    assert config.read_backup(config.backups()[0].name)["ui"]["theme"] == "dark"


def test_a_wrong_part_changes_nothing_at_all(config: ConfigService) -> None:
    with pytest.raises(InvalidInput) as refused:
        config.update({"ui": {"theme": "dark"}, "download": {"concurrency": 99}})
    assert list(refused.value.fields) == ["download.concurrency"]
    assert config.current == Settings()
    assert config.backups() == []


def test_validating_changes_nothing(config: ConfigService, tmp_path: Path) -> None:
    assert config.validate({"library": {"root": str(tmp_path / "new" / "library")}}) == {}
    assert not (tmp_path / "new").exists()
    assert config.validate({"ui": {"theme": "pink"}}) == {"ui.theme": ["Must be one of: auto, light, dark."]}
    assert config.validate([]) != {}


def test_secrets_are_hidden_and_a_mask_sent_back_keeps_them(config: ConfigService) -> None:
    urls = ["discord://one/canary", "ntfy://two"]
    config.update({"notifications": {"urls": urls}, "media_server": {"token": "canary-token"}})
    shown = config.masked()
    assert "canary" not in json.dumps(shown)
    assert shown["media_server"]["token"] == MASK
    config.update(shown)
    assert config.current.media_server.token == "canary-token"
    config.update({"notifications": {"urls": [*shown["notifications"]["urls"], "ntfy://three"]}})
    assert config.current.notifications.urls == (*urls, "ntfy://three")
    config.update({"notifications": {"urls": MASK}})
    assert len(config.current.notifications.urls) == 3
    with pytest.raises(InvalidInput, match="hidden entries"):
        config.update({"notifications": {"urls": [MASK]}})
    config.update({"notifications": {"urls": []}, "media_server": {"token": ""}})
    assert config.masked()["media_server"]["token"] == ""


def test_a_backup_leaves_the_process_without_its_secrets_but_brings_them_back(config: ConfigService) -> None:
    config.update({"media_server": {"token": "canary-token"}})
    name = config.backup().name
    config.update({"media_server": {"token": "another"}, "ui": {"theme": "dark"}})
    assert "canary-token" not in json.dumps(config.read_backup(name))
    restored = config.restore(name)
    assert restored["ui"]["theme"] == "auto"
    assert config.current.media_server.token == "canary-token"
    assert config.backups()[0].kind == "before-restore"
    assert config.read_backup(config.backups()[0].name)["ui"]["theme"] == "dark"


def test_a_backup_that_is_no_configuration_is_not_restored(config: ConfigService) -> None:
    name = config.backup().name
    config._store.backup_path(name).write_text('{"download": {"exec": "rm -rf"}}')
    with pytest.raises(InvalidInput):
        config.restore(name)
    with pytest.raises(NotFound):
        config.restore("../config.json")
    assert config.current == Settings()


def test_the_environments_catalogue_goes_over_the_stored_one_and_is_never_stored(make: Make, tmp_path: Path) -> None:
    config = make(catalogue_url="http://127.0.0.1:8080")
    assert config.current.catalogue.base_url == "http://127.0.0.1:8080"
    config.update(config.masked() | {"ui": {"theme": "dark"}})
    stored = json.loads((tmp_path / "instance" / "config.json").read_text())
    assert stored["catalogue"]["base_url"] == "https://aniworld.to"


def test_the_environments_library_counts_on_first_start_only(make: Make, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert make(library=str(first)).current.library.root == str(first)
    assert first.is_dir()
    assert make(library=str(second)).current.library.root == str(first)


def test_the_library_may_not_touch_our_own_or_the_systems_folders(config: ConfigService, tmp_path: Path) -> None:
    package = Path(aniworld.__file__).parent
    link = tmp_path / "innocent"
    link.symlink_to("/etc")
    hostile = [
        "/",
        "/etc",
        "/etc/anime",
        "/usr/share",
        "/proc/self",
        "/dev/shm",
        "relative",
        "../x",
        "",
        str(tmp_path),
        str(tmp_path / "instance"),
        str(tmp_path / "instance" / "library"),
        str(package),
        str(package / "web" / "static"),
        str(package.parent),
        str(link),
        str(link / "x"),
        f"{tmp_path}/a/../instance",
        "/anime\nx",
        "/" + "x" * 5000,
    ]
    refused = [root for root in hostile if root and "library.root" in config.validate({"library": {"root": root}})]
    assert refused == [root for root in hostile if root]
    with pytest.raises(InvalidInput):
        config.update({"library": {"root": "/etc/anime"}})
    assert not Path("/etc/anime").exists()


def test_a_file_cannot_be_the_library(config: ConfigService, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "library.root" in config.validate({"library": {"root": str(tmp_path / "file")}})
    assert "library.root" in config.validate({"library": {"root": str(tmp_path / "file" / "below")}})


def test_a_library_that_is_not_mounted_does_not_keep_other_settings_from_changing(
    config: ConfigService, tmp_path: Path
) -> None:
    root = tmp_path / "usb"
    config.update({"library": {"root": str(root)}})
    root.rmdir()
    config.update(config.masked() | {"ui": {"theme": "dark"}})
    assert not root.exists()


def test_one_value_that_is_not_understood_falls_back_alone(config: ConfigService, make: Make, tmp_path: Path) -> None:
    config.update({"ui": {"theme": "dark"}, "download": {"concurrency": 4}})
    path = tmp_path / "instance" / "config.json"
    path.write_text(path.read_text().replace('"concurrency": 4', '"concurrency": "many"'))
    again = make()
    assert (again.current.ui.theme, again.current.download.concurrency) == ("dark", 3)
    assert any("many" in path.read_text() for path in (tmp_path / "instance" / "backups").iterdir())


def test_a_value_that_is_not_understood_is_forgotten_once_it_is_set_right(make: Make, tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "config.json").write_text('{"ui": {"theme": "pink"}}')
    config = make()
    assert config.misunderstood == ("ui.theme",)
    config.update({"ui": {"theme": "dark"}})
    assert config.misunderstood == ()


def test_many_starts_with_one_mistake_keep_one_copy_of_it(config: ConfigService, make: Make, tmp_path: Path) -> None:
    config.update({"ui": {"theme": "dark"}})
    config.update({"ui": {"theme": "light"}})
    stored = config.stored
    (tmp_path / "instance" / "config.json").write_text(json.dumps(stored | {"ui": {"theme": "pink"}}))
    before = config.backups()
    for _ in range(25):
        make()
    assert len(config.backups()) == len(before) + 1 and before[-1] in config.backups()


def test_notification_addresses_are_of_known_kinds(config: ConfigService) -> None:
    for url in ("file:///etc/passwd", "exec://rm", "no address", "javascript:alert(1)"):
        assert "notifications.urls.0" in config.validate({"notifications": {"urls": [url]}})


def test_changes_at_once_are_all_kept(config: ConfigService) -> None:
    parts = [{"download": {"concurrency": 7}}, {"ui": {"theme": "dark"}}, {"logging": {"level": "DEBUG"}}]
    threads = [threading.Thread(target=config.update, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = config.current
    assert (now.download.concurrency, now.ui.theme, now.logging.level) == (7, "dark", "DEBUG")


def _change_elsewhere(instance: Path) -> None:
    ConfigService(ConfigStore(instance), Environment(instance=instance)).update({"ui": {"theme": "dark"}})


def test_a_change_by_another_program_is_noticed_and_not_lost(config: ConfigService, tmp_path: Path) -> None:
    told: list[str] = []
    config.subscribe(lambda old, new: told.append(new.ui.theme))
    other = multiprocessing.get_context("spawn").Process(target=_change_elsewhere, args=(tmp_path / "instance",))
    other.start()
    other.join()
    config.update({"download": {"concurrency": 9}})
    assert (config.current.ui.theme, config.current.download.concurrency) == ("dark", 9)
    assert told[0] == "dark"


ASKED_BESIDE = """
from gevent import monkey; monkey.patch_all()
import sys, threading, time
from pathlib import Path
from aniworld.config.environment import Environment
from aniworld.config.store import ConfigStore
from aniworld.core.offload import offload, on_native_thread
from aniworld.services.settings.service import LOOK_EVERY_S, ConfigService
instance = Path(sys.argv[1])
config, other = (ConfigService(ConfigStore(instance), Environment(instance=instance)) for _ in range(2))
heard = []
config.subscribe(lambda old, new: heard.append(on_native_thread()))
other.update({"ui": {"theme": "dark"}})
time.sleep(LOOK_EVERY_S + 0.1)
themes = offload(lambda: config.current.ui.theme), config.current.ui.theme
print(*themes, heard)
"""


def test_nobody_hears_of_a_change_on_a_native_thread(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", ASKED_BESIDE, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.split("\n")[0] == "auto dark [False]", run.stderr


def test_folders_for_links_are_checked_like_the_library_and_stay_while_their_disk_is_away(
    make: Make, tmp_path: Path
) -> None:
    config = make()
    (tmp_path / "file").touch()
    wrong = [
        "/",
        "/etc",
        "/proc/self",
        str(tmp_path / "instance"),
        str(tmp_path),
        "relative",
        "",
        str(tmp_path / "file"),
        str(tmp_path / "gone"),
        "a\nb",
    ]
    for one in wrong:
        found = config.validate({"library": {"link_roots": [one]}})
        assert any(name.startswith("library.link_roots") for name in found), one
        with pytest.raises(InvalidInput):
            config.update({"library": {"link_roots": [one]}})
    assert config.current.library.link_roots == ()
    second = tmp_path / "second disk"
    second.mkdir()
    config.update({"library": {"link_roots": [str(second)]}})
    second.rmdir()
    config.update({"library": {"link_roots": [str(second)], "recycle_days": 3}})
    assert config.current.library.link_roots == (str(second),)
