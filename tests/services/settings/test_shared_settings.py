"""Settings in the database: what files promise, for processes that share nothing else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aniworld.config.environment import Environment
from aniworld.config.store import MANUAL_LIMIT, Overtaken
from aniworld.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from aniworld.models import Database
from aniworld.services.settings.database_store import SharedSettings
from aniworld.services.settings.service import ConfigService


@pytest.fixture
def store(database: Database) -> SharedSettings:
    return SharedSettings(database)


def process(store: SharedSettings, folder: Path, **environment: str) -> ConfigService:
    return ConfigService(store, Environment(instance=folder, **environment), look_when_asked=False)  # type: ignore[arg-type]


def test_at_first_there_is_nothing_and_then_what_was_written(store: SharedSettings) -> None:
    assert (store.mark(), store.load(), store.backups()) == (None, None, [])
    mark = store.exchange(None, {"ui": {"theme": "dark"}}, None)
    assert store.mark() == mark
    assert store.load() == {"ui": {"theme": "dark"}}


def test_whoever_looked_before_another_changed_something_changes_nothing(store: SharedSettings) -> None:
    mark = store.exchange(None, {"n": 1}, None)
    store.exchange(mark, {"n": 2}, None)
    for old in (mark, None):
        with pytest.raises(Overtaken):
            store.exchange(old, {"n": 3}, ({"n": 1}, "auto"))
    assert store.load() == {"n": 2}
    assert store.backups() == [], "a change that did not happen leaves no backup"


def test_a_file_of_before_is_taken_over_once(store: SharedSettings) -> None:
    store.take_over(None)
    assert store.mark() is None
    store.take_over({"n": 1})
    store.take_over({"n": 2})
    assert store.load() == {"n": 1}


def test_no_change_of_two_processes_is_lost(store: SharedSettings, tmp_path: Path) -> None:
    one, other = process(store, tmp_path), process(store, tmp_path)
    wishes = [(one, "concurrency"), (other, "connections"), (one, "retry_limit"), (other, "history_limit")]

    def change(config: ConfigService, name: str) -> None:
        for value in range(1, 6):
            config.update({"download": {name: value}})

    threads = [threading.Thread(target=change, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for config in (one, other):
        config.look()
        download = config.current.download
        assert [getattr(download, name) for _, name in wishes] == [5, 5, 5, 5]


def test_a_change_is_in_force_elsewhere_after_a_look_and_listeners_hear_it_once(
    store: SharedSettings, tmp_path: Path
) -> None:
    one, other = process(store, tmp_path), process(store, tmp_path)
    heard: list[str] = []
    other.subscribe(lambda old, new: heard.append(new.ui.theme))
    one.update({"ui": {"theme": "dark"}})
    assert other.current.ui.theme != "dark"
    for _ in range(3):
        other.look()
    assert heard == ["dark"]


def test_a_restore_by_one_process_is_seen_by_all_and_keeps_what_was(store: SharedSettings, tmp_path: Path) -> None:
    one, other = process(store, tmp_path), process(store, tmp_path)
    one.update({"ui": {"theme": "dark"}})
    kept = one.backup()
    other.update({"ui": {"theme": "light"}})
    one.restore(kept.name)
    other.look()
    assert other.current.ui.theme == "dark"
    assert [backup.kind for backup in other.backups()] == ["before-restore", "auto", "manual", "auto"]


def test_the_library_of_the_environment_counts_at_the_very_first_start_only(
    store: SharedSettings, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    assert process(store, tmp_path / "i", library=str(tmp_path / "first")).current.library.root.endswith("first")
    assert process(store, tmp_path / "i", library=str(tmp_path / "second")).current.library.root.endswith("first")


def test_twenty_automatic_backups_are_kept_and_manual_ones_do_not_fill_the_database(store: SharedSettings) -> None:
    for number in range(25):
        store.backup({"n": number}, "auto")
    assert [store.read_backup(one.name)["n"] for one in store.backups()] == list(range(24, 4, -1))
    for number in range(MANUAL_LIMIT):
        store.backup({"n": number}, "manual")
    with pytest.raises(Conflict):
        store.backup({}, "manual")


@pytest.mark.parametrize("name", ["", "../../config.json", "config-20260101-000000-auto-00000000.json", "' OR 1=1 --"])
def test_only_our_own_names_are_backups(store: SharedSettings, name: str) -> None:
    store.backup({"n": 1}, "manual")
    for act in (store.read_backup, store.backup_content, store.delete_backup):
        with pytest.raises(NotFound):
            act(name)


def test_settings_that_are_refused_change_nothing(store: SharedSettings, tmp_path: Path) -> None:
    config = process(store, tmp_path)
    with pytest.raises(InvalidInput):
        config.update({"download": {"concurrency": 0}})
    assert store.mark() is None


def test_a_process_with_another_secret_is_told_what_to_do(store: SharedSettings) -> None:
    store.check_secret("one")
    store.check_secret("one")
    assert store.mark() is None, "the mark of the secret is no settings"
    with pytest.raises(Unavailable, match="ANIWORLD_SECRET_KEY"):
        store.check_secret("other")
    store.accept_secret("other")
    store.check_secret("other")
