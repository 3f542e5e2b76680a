"""A backup holds everything, comes back as it was, and nothing that calls itself one can do harm."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from aniworld.core.errors import AlreadyRunning, Conflict, DiskFull, InvalidInput, NotFound, Unavailable
from aniworld.models import AnimeSeries, DownloadQueueItem, MasterPassword, ScanRun, UserSession, db, utcnow
from aniworld.models.restore_lock import RestoreLock
from aniworld.services.backup import archive as backup_archive
from aniworld.services.backup import restore as backup_restoring
from aniworld.services.backup.create import Home, carried, create
from aniworld.services.backup.portable_rows import forms_of
from aniworld.services.backup.restore import restore, verify
from aniworld.services.backup.store import BackupShelf
from tests.services.houses import COVER, COVER_NAME, NAMES, furnish, furnish_queue, house, sums

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with house(tmp_path / "instance") as made:
        furnish(made)
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Home]:
    """Another machine's instance, just begun."""
    with house(tmp_path / "other") as made:
        yield made


def path_of(home: Home, name: str) -> Path:
    return BackupShelf(home.instance).path(name)


def test_what_comes_back_is_what_was_there(home: Home, empty: Home) -> None:
    file = path_of(home, create(home).name)
    before = sums(home.database)
    brought = restore(empty, file)
    after = sums(empty.database)
    assert after.pop("user_session") == (0, "0" * 32)
    for table in ("download_queue_item", "scan_run"):  # what was running waits again
        assert after.pop(table)[0] == before.pop(table)[0]
    assert after == {name: facts for name, facts in before.items() if name != "user_session"}, "the rest is the same"
    with empty.database.reading() as session:
        assert set(session.scalars(select(AnimeSeries.name))) == set(NAMES)
    assert empty.config.stored["notifications"]["urls"] == ["ntfy://a-secret-topic"]
    assert (empty.instance / "covers" / COVER_NAME).read_bytes() == COVER
    assert (empty.instance / "secret_key").read_bytes() == b"s" * 64
    assert {one.name for one in home.config.backups()} <= {one.name for one in empty.config.backups()}
    assert brought.warnings == () and path_of(empty, brought.before.name).exists()


def test_what_was_running_waits_again(home: Home) -> None:
    restore(home, path_of(home, create(home).name))
    with home.database.reading() as session:
        item = session.get_one(DownloadQueueItem, "runs")
        assert (item.status, item.worker, item.lease_until, item.progress) == ("pending", None, None, 33.3333333333)
        run = session.get_one(ScanRun, "scan-1")
        assert (run.status, run.turn) == ("failed", None)


def test_a_restore_can_be_taken_back(home: Home) -> None:
    old = path_of(home, create(home).name)
    with home.database.writing() as session:
        session.execute(delete(AnimeSeries))
        session.execute(update(MasterPassword).values(digest="$argon2id$new"))
    home.config.update({"download": {"concurrency": 2}})
    brought = restore(home, old)
    assert home.config.current.download.concurrency == 7
    restore(home, path_of(home, brought.before.name))
    with home.database.reading() as session:
        assert session.scalars(select(AnimeSeries)).all() == []
        assert session.get_one(MasterPassword, 1).digest == "$argon2id$new"
    assert home.config.current.download.concurrency == 2


def test_sessions_are_left_out_and_end(home: Home) -> None:
    file = path_of(home, create(home).name)
    with zipfile.ZipFile(file) as archive:
        assert not any("session" in name for name in archive.namelist())
    restore(home, file)
    with home.database.reading() as session:
        assert session.scalars(select(UserSession)).all() == []


def test_files_are_their_owners_only(home: Home, tmp_path: Path) -> None:
    create(home, to=tmp_path / "out.zip")
    for path in (tmp_path / "out.zip", path_of(home, create(home).name)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(BackupShelf(home.instance).folder.stat().st_mode) == 0o700
    with pytest.raises(Conflict, match="there already"):
        create(home, to=tmp_path / "out.zip")


def test_a_backup_without_secrets_shows_none_and_leaves_those_here_alone(home: Home, empty: Home) -> None:
    file = path_of(home, create(home, secrets=False).name)
    with zipfile.ZipFile(file) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"a-secret-topic", b"argon2id", b"s" * 64, b"d" * 64):
        assert secret not in whole
    with empty.database.writing() as session:
        session.add(MasterPassword(id=1, digest="$argon2id$of-this-one"))
    empty.config.update({"notifications": {"urls": ["ntfy://our-own"]}})
    restore(empty, file)
    with empty.database.reading() as session:
        assert session.get_one(MasterPassword, 1).digest == "$argon2id$of-this-one"
    assert empty.config.stored["notifications"]["urls"] == ["ntfy://our-own"]
    assert empty.config.current.download.concurrency == 7
    verify(empty.instance, file)


def test_no_table_with_hashes_or_tokens_is_in_a_backup_without_secrets() -> None:
    """A new table of this kind belongs into ACCESS."""
    telling = ("digest", "secret", "token", "password")
    shown = [
        f"{form.name}.{column}" for form in carried(forms_of(db.metadata), secrets=False) for column in form.columns
    ]
    assert not [name for name in shown if any(word in name.partition(".")[2] for word in telling)]


def test_checking_says_what_is_in_it_and_changes_nothing(home: Home) -> None:
    file = path_of(home, create(home).name)
    before = sums(home.database)
    told = verify(home.instance, file)
    assert (told.kind, told.database, told.secrets, told.covers) == ("manual", "sqlite", True, 1)
    assert told.tables["anime_series"] == len(NAMES)
    assert sums(home.database) == before
    assert sorted(path.name for path in BackupShelf(home.instance).folder.iterdir()) == [".lock", file.name]


def test_of_those_made_by_themselves_only_the_newest_stay(home: Home) -> None:
    kept = [create(home, "auto", keep=2).name for _ in range(4)]
    manual = create(home).name
    assert {one.name for one in BackupShelf(home.instance).list()} == {manual, *kept[2:]}


def test_one_at_a_time(home: Home) -> None:
    with BackupShelf(home.instance).working(), pytest.raises(AlreadyRunning, match="wait for its end"):
        create(home)


def test_what_a_dead_process_left_lying_is_taken_away(home: Home) -> None:
    folder = BackupShelf(home.instance).folder
    (folder / ".work-0123456789abcdef").mkdir(parents=True)
    (folder / ".part-0123456789abcdef").write_text("half")
    (folder / "notes.txt").write_text("mine")
    name = create(home).name
    assert {path.name for path in folder.iterdir()} == {".lock", "notes.txt", name}


def test_names_that_are_none_of_ours_are_not_found(home: Home, tmp_path: Path) -> None:
    shelf, name = BackupShelf(home.instance), create(home).name
    (shelf.folder / name.replace("manual", "auto")).symlink_to(home.instance / "secret_key")
    for wrong in (
        "",
        "../" + name,
        name + "/",
        "config.json",
        name + "\n",
        "a" * 5000,
        name.replace("manual", "auto"),
        None,
    ):
        with pytest.raises(NotFound):
            shelf.path(wrong)  # type: ignore[arg-type]
    assert [one.name for one in shelf.list()] == [name]


def test_somebody_who_downloads_keeps_a_restore_away(home: Home) -> None:
    file = path_of(home, create(home).name)
    with home.database.writing() as session:
        session.execute(update(DownloadQueueItem).values(lease_until=utcnow() + timedelta(minutes=1)))
    before = sums(home.database)
    with pytest.raises(AlreadyRunning, match="still works on this database"):
        restore(home, file)
    assert sums(home.database) == before


def test_a_restore_that_fails_at_its_last_step_changes_nothing(home: Home) -> None:
    file = path_of(home, create(home).name)
    with home.database.writing() as session:
        session.execute(delete(AnimeSeries))
    before, settings = sums(home.database), home.config.stored
    (home.instance / ".config.lock").unlink()
    (home.instance / ".config.lock").mkdir()  # the settings cannot be changed
    with pytest.raises(OSError):
        restore(home, file)
    assert sums(home.database) == before and home.config.stored == settings


def test_a_library_folder_that_cannot_be_one_here_is_left_out_with_a_sentence(home: Home, empty: Home) -> None:
    file = forged(home, config={"library": {"root": "/etc"}, "download": {"concurrency": 999, "connections": 4}})
    brought = restore(empty, file)
    assert empty.config.current.library.root == ""
    assert empty.config.current.download.connections == 4
    assert len(brought.warnings) == 2 and "/etc" in brought.warnings[1]


def test_another_installations_key_is_not_put_under_a_running_server(home: Home, empty: Home) -> None:
    (empty.instance / "secret_key").write_bytes(b"t" * 64)
    with pytest.raises(Conflict, match="stop the server"):
        restore(empty, path_of(home, create(home).name), beside_server=True)
    assert (empty.instance / "secret_key").read_bytes() == b"t" * 64


def test_a_backup_of_a_newer_program_is_refused_in_words(home: Home) -> None:
    with pytest.raises(Unavailable, match="newer than this program knows"):
        verify(home.instance, forged(home, manifest={"revision": "9999"}))
    with pytest.raises(InvalidInput, match="newer Aniworld"):
        verify(home.instance, forged(home, manifest={"format": 2}))


def test_there_must_be_room_to_restore(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_restoring, "ROOM_FACTOR", 10**12)
    with pytest.raises(DiskFull, match="make room"):
        verify(home.instance, path_of(home, create(home).name))


# ── files that only call themselves backups (A24) ───────────────────────────────────────────────────────────────────


def forged(
    home: Home,
    *,
    manifest: dict[str, Any] | None = None,
    config: Any = None,
    rows: dict[str, bytes] | None = None,
    change: Callable[[dict[str, Any], dict[str, bytes]], None] | None = None,
) -> Path:
    """A true backup, taken apart, changed, and put together with sizes and hashes that fit."""
    import hashlib

    source = path_of(home, create(home).name)
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts.pop("manifest.json")) | (manifest or {})
    if config is not None:
        parts["config.json"] = json.dumps(config).encode()
    parts |= {f"database/{name}.jsonl": content for name, content in (rows or {}).items()}
    if change:
        change(told, parts)
    told["files"] = {
        name: {"bytes": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in parts.items()
    }
    target = source.with_name("aniworld-20260101-000000-manual-0badc0de.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, "manifest.json": json.dumps(told).encode()}.items():
            archive.writestr(name, content)
    return target


def refused(home: Home, file: Path, match: str = ".") -> None:
    before = sums(home.database), sorted(os.listdir(home.instance))
    for wish in (lambda: verify(home.instance, file), lambda: restore(home, file)):
        with pytest.raises(InvalidInput, match=match):
            wish()
    assert (sums(home.database), sorted(os.listdir(home.instance))) == before


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "covers/../../x",
        "covers\\..\\x.png",
        "C:/x",
        "logs/aniworld.log",
        "database/../x.jsonl",
        "covers/" + "a" * 64 + ".php",
        "settings/config.json",
        "config.json/",
        "database/sqlite_master.jsonl\n",
        "aniworld.db",
    ],
)
def test_a24_only_known_names_are_taken(home: Home, name: str) -> None:
    refused(home, forged(home, change=lambda told, parts: parts.update({name: b"x"})), "belongs to no backup|tables")


def test_a24_a_table_that_does_not_exist_is_refused(home: Home) -> None:
    def add(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/sqlite_master.jsonl"] = b""
        told["tables"]["sqlite_master"] = {"rows": 0, "columns": {}, "checksum": "0" * 32}

    refused(home, forged(home, change=add), "not those of its revision")


def test_a24_links_and_twins_and_locked_files_are_refused(home: Home, tmp_path: Path) -> None:
    file = path_of(home, create(home).name)

    def with_entry(entry: zipfile.ZipInfo, content: bytes) -> Path:
        target = tmp_path / "made.zip"
        target.write_bytes(file.read_bytes())
        with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
            warnings.simplefilter("ignore")
            archive.writestr(entry, content)
        return target

    link = zipfile.ZipInfo(f"covers/{'0' * 64}.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(home, with_entry(link, b"/etc/passwd"), "link")
    refused(home, with_entry(zipfile.ZipInfo("config.json"), b"{}"), "twice")


def test_a24_a_bomb_is_refused_before_it_grows(home: Home, tmp_path: Path) -> None:
    file = forged(home, rows={"seen_folder": b"\n" * 200_000_000})
    assert file.stat().st_size < 2_000_000
    refused(home, file, "decompresses to more than it can hold")


def test_a24_stated_sizes_are_believed_by_nobody(home: Home, tmp_path: Path) -> None:
    file = path_of(home, create(home).name)
    content = bytearray(file.read_bytes())
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = (5).to_bytes(4, "little")  # the manifest's size in the zip's own list
    (tmp_path / "lies.zip").write_bytes(content)
    refused(home, tmp_path / "lies.zip")


def test_a24_more_files_than_any_backup_has(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = path_of(home, create(home).name)
    monkeypatch.setattr(backup_archive, "DIRECTORY_LIMIT", 100)
    refused(home, file, "too many files")
    monkeypatch.undo()
    monkeypatch.setattr(backup_archive, "ENTRIES_LIMIT", 3)
    refused(home, file, "too many files")


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b" + b"x" * 500, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_is_refused_in_one_sentence(home: Home, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.zip").write_bytes(content)
    refused(home, tmp_path / "none.zip", "no backup of Aniworld")


def test_folders_pipes_and_nothing_are_no_backups(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nothing"):
        refused(home, path)


def test_a_flipped_bit_is_found(home: Home, tmp_path: Path) -> None:
    whole = path_of(home, create(home).name).read_bytes()
    for place in range(40, len(whole) - 40, max(1, len(whole) // 25)):
        content = bytearray(whole)
        content[place] ^= 0x10
        (tmp_path / "flipped.zip").write_bytes(content)
        try:
            verify(home.instance, tmp_path / "flipped.zip")
        except InvalidInput:
            continue
        # what nobody reads (a date in the zip's list) may differ; then everything else is as it was
        with zipfile.ZipFile(tmp_path / "flipped.zip") as flipped:
            assert flipped.testzip() is None


SERIES = {"key": "x", "name": "x"}


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"{}",
        b"null",
        b"nonsense",
        b'{"id": 1, "at": 1, "kind": "x", "address": "", "who": "", "detail": ""}',
        b'{"id": 1, "at": "2026-01-01T00:00:00", "kind": "x", "address": "", "who": "", "detail": ""}',
        b'{"id": 1, "at": "0001-01-01T00:00:00+14:00", "kind": "x", "address": "", "who": "", "detail": ""}',
        b'{"id": 1, "at": "2026-01-01T00:00:00Z", "kind": "x", "address": "", "who": "", "detail": "\\ud800"}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
    ],
)
def test_rows_that_are_none_are_refused(home: Home, line: bytes) -> None:
    def put(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/audit_entry.jsonl"] = line + b"\n"
        told["tables"]["audit_entry"]["rows"] = 1

    refused(home, forged(home, change=put), "^Line 1 of database/audit_entry.jsonl .*take another backup")


def test_the_line_that_is_damaged_is_named_and_nothing_is_restored(home: Home) -> None:
    whole = b'{"id": %d, "at": "2026-01-01T00:00:00Z", "kind": "x", "address": "", "who": "", "detail": ""}\n'

    def put(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        columns = told["tables"]["audit_entry"]["columns"]
        sound = json.loads(whole % 1)
        assert set(columns) == set(sound), columns
        parts["database/audit_entry.jsonl"] = whole % 1 + whole % 2 + whole.replace(b"Z", b"") % 3 + whole % 4
        told["tables"]["audit_entry"]["rows"] = 4

    refused(home, forged(home, change=put), "^Line 3 of .*Nothing was restored")

    def cut(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/audit_entry.jsonl"] = whole % 1 + (whole % 2)[:-9]
        told["tables"]["audit_entry"]["rows"] = 2

    refused(home, forged(home, change=cut), "^Line 2 of .*cut off")


def test_rows_that_the_manifest_did_not_count_are_refused(home: Home) -> None:
    def twice(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/api_key.jsonl"] *= 2

    def none(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/api_key.jsonl"] = b""

    def cut(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/api_key.jsonl"] = parts["database/api_key.jsonl"][:-1]

    def twins(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["database/api_key.jsonl"] *= 2
        told["tables"]["api_key"]["rows"] = 2

    for change, match in (
        (twice, "more rows"),
        (none, "not those"),
        (cut, "^Line 1 of .*cut off"),
        (twins, "go together"),
    ):
        refused(home, forged(home, change=change), match)


@pytest.mark.parametrize(
    "manifest",
    [
        {"revision": "../1"},
        {"revision": 1},
        {"revision": "0000"},
        {"secrets": "yes"},
        {"tables": []},
        {"tables": {}},
        {"created_at": "soon"},
        {"program": "sonarr"},
        {"format": "1"},
        {"tables": {"x": {"rows": -1, "columns": {}, "checksum": ""}}},
    ],
)
def test_manifests_that_are_none_are_refused(home: Home, manifest: dict[str, Any]) -> None:
    refused(home, forged(home, manifest=manifest))


def test_settings_that_are_no_object_are_refused(home: Home) -> None:
    with pytest.raises(InvalidInput, match="settings in this backup"):
        restore(home, forged(home, config=[1]))


# ── large, and killed ───────────────────────────────────────────────────────────────────────────────────────────────

ROWS = int(os.environ.get("ANIWORLD_TEST_ROWS", "100000"))
MEASURED = """
import resource, sys
from pathlib import Path
from tests.services.houses import house
from aniworld.services.backup.create import create
from aniworld.services.backup.restore import restore, verify
from aniworld.services.backup.store import BackupShelf
with house(Path(sys.argv[1])) as home:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = BackupShelf(home.instance).path(create(home).name)
    restore(home, file)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_long_queue_goes_through_a_small_memory(tmp_path: Path) -> None:
    with house(tmp_path / "instance") as home:
        furnish_queue(home, ROWS)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "instance")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 40, "megabytes beyond the program itself"


def test_a_restore_holds_its_lock_until_its_end(tmp_path: Path) -> None:
    with house(tmp_path / "instance") as home:
        file = path_of(home, create(home).name)
        lock, refused = RestoreLock(home.instance), []

        def tell(phase: str, current: int, total: int) -> None:
            with pytest.raises(Conflict) as error:
                lock.check()
            refused.append(str(error.value))

        lock.check()
        restore(home, file, tell=tell)
        lock.check()
        assert refused and set(refused) == {"A backup is being restored; try again when it is done."}
        with lock.held(), pytest.raises(AlreadyRunning):
            restore(home, file)


RESTORING = """
import sys
from pathlib import Path
from tests.services.houses import house
from aniworld.services.backup.restore import restore
with house(Path(sys.argv[1])) as home:
    restore(home, Path(sys.argv[2]), tell=lambda phase, current, total: print(phase, current, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["load 0", "tables 0", "swap 0", "swap 2000"])
def test_kill_in_the_middle_of_a_restore_leaves_all_or_nothing(tmp_path: Path, phase: str) -> None:
    with house(tmp_path / "instance") as home:
        furnish_queue(home, 2_000)
        file = path_of(home, create(home).name)
        with home.database.writing() as session:
            session.execute(delete(DownloadQueueItem).where(DownloadQueueItem.episode > 10))
        before, settings = sums(home.database), home.config.stored
    child = subprocess.Popen(
        [sys.executable, "-c", RESTORING, str(home.instance), str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == phase:
            child.kill()
            break
    child.stdout.close()
    assert child.wait(20) == -9
    with house(tmp_path / "instance") as home:
        assert (sums(home.database), home.config.stored) == (before, settings)
        restore(home, file)
        assert sums(home.database)["download_queue_item"][0] == 2_000
