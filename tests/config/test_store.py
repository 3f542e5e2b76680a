"""The configuration file survives whatever happens to it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from aniworld.config.store import MANUAL_LIMIT, ConfigStore
from aniworld.core.errors import Conflict, InvalidInput, NotFound


@pytest.fixture
def store(tmp_path: Path) -> ConfigStore:
    return ConfigStore(tmp_path / "instance")


def test_what_is_saved_is_loaded_and_only_the_owner_may_read_it(store: ConfigStore) -> None:
    store.save({"ui": {"theme": "dark"}, "title": "Größe ✓"})
    assert store.load() == {"ui": {"theme": "dark"}, "title": "Größe ✓"}
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    store.save({})
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_saving_leaves_no_temporary_file_and_a_failed_one_keeps_the_old(store: ConfigStore) -> None:
    store.save({"a": 1})
    with pytest.raises(TypeError):
        store.save({"a": object()})
    assert store.load() == {"a": 1}
    assert [path.name for path in store.path.parent.iterdir() if path.is_file()] == ["config.json"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"a": ' + b"[" * 100_000, b" " * 1_100_000 + b"{}"]
)
def test_a_broken_file_is_kept_aside_and_nothing_of_it_is_in_force(store: ConfigStore, content: bytes) -> None:
    store.path.write_bytes(content)
    assert store.load() is None
    (aside,) = store.path.parent.glob("config.json.broken-*")
    assert aside.read_bytes() == content
    assert not store.path.exists()


def test_a_folder_or_a_pipe_in_the_place_of_the_file_stops_nobody(store: ConfigStore) -> None:
    os.mkfifo(store.path)
    assert store.load() is None


def test_backups_are_named_by_time_and_kind_newest_first(store: ConfigStore) -> None:
    names = [store.backup({"n": number}, kind).name for number, kind in enumerate(("auto", "manual", "before-restore"))]
    listed = store.backups()
    assert [one.name for one in listed] == names[::-1]
    assert [one.kind for one in listed] == ["before-restore", "manual", "auto"]
    assert all(one.size_bytes > 0 for one in listed)
    assert store.read_backup(names[0]) == {"n": 0}
    assert stat.S_IMODE(store.backup_path(names[0]).stat().st_mode) == 0o600


def test_twenty_automatic_backups_are_kept_and_every_manual_one(store: ConfigStore) -> None:
    manual = store.backup({}, "manual")
    last = [store.backup({"n": number}, "auto") for number in range(25)][-1]
    names = [one.name for one in store.backups()]
    assert len(names) == 21
    assert {manual.name, last.name} <= set(names)


def test_a_clock_that_was_set_back_costs_no_new_backup(store: ConfigStore) -> None:
    for _ in range(20):
        store.backup({}, "auto")
    for path in (store.path.parent / "backups").iterdir():
        path.rename(path.with_name("config-2999" + path.name[len("config-2999") :]))
    made = store.backup({"n": 1}, "auto")
    assert store.read_backup(made.name) == {"n": 1} and len(store.backups()) == 20


def test_manual_backups_do_not_fill_the_disk(store: ConfigStore) -> None:
    for _ in range(MANUAL_LIMIT):
        store.backup({}, "manual")
    with pytest.raises(Conflict, match="delete some"):
        store.backup({}, "manual")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../config.json",
        "..%2fconfig.json",
        "config.json",
        "config-20250101-000000-auto-00000000.json/..",
        "config-20250101-000000-auto-00000000.json\x00",
        "config-20250101-000000-root-00000000.json",
        "x" * 100_000,
        None,
        7,
    ],
)
def test_only_our_own_names_are_backups(store: ConfigStore, name: object) -> None:
    store.save({})
    for act in (store.backup_path, store.read_backup, store.delete_backup):
        with pytest.raises(NotFound):
            act(name)  # type: ignore[arg-type]
    assert store.path.exists()


def test_a_link_in_the_place_of_a_backup_is_not_followed(store: ConfigStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    link = store.path.parent / "backups" / "config-20250101-000000-auto-00000000.json"
    link.symlink_to(secret)
    assert store.backups() == []
    with pytest.raises(NotFound):
        store.read_backup(link.name)


def test_a_backup_that_was_blown_up_is_refused(store: ConfigStore) -> None:
    name = store.backup({}, "manual").name
    store.backup_path(name).write_text(json.dumps({"x": "y" * 2_000_000}))
    with pytest.raises(InvalidInput):
        store.read_backup(name)
