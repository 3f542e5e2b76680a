"""Checking a backup by restoring it on trial, and bringing one back: beside first, then in one transaction.

Loaded by the command line and by the server's child only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from aniworld.config.environment import Environment
from aniworld.config.schema import problems
from aniworld.config.settings import MASK
from aniworld.config.settings import secrets as secret_settings
from aniworld.config.store import write_private
from aniworld.core.errors import Conflict, DiskFull, InvalidInput, Unavailable
from aniworld.models import Database, DownloadQueueItem, ScanRun, db, utcnow
from aniworld.models.restore_lock import RestoreLock
from aniworld.models.upgrade import SCRIPTS, bring_up_to_date, migrate_to, newest_revision, revision_of
from aniworld.services.backup.archive import CONFIG, SECRET_KEY, Archive
from aniworld.services.backup.create import SESSIONS, Home, Progress, Tell, carried, check_files, made, unheard
from aniworld.services.backup.database_copy import check_quiet, replace_rows, writing
from aniworld.services.backup.portable_rows import Form, Tally, forms_of, insert, patient, snapshot
from aniworld.services.backup.store import BackupShelf
from aniworld.services.settings.views import BackupView

ROOM_FACTOR = 3  # a table's rows in a database with its indexes and its log, beside their text

STAGED = "staged.db"


@dataclass(frozen=True)
class Checked:
    """What a sound backup holds. ``tables``: name → rows."""

    name: str
    created_at: datetime
    kind: str
    version: str
    revision: str
    database: str
    secrets: bool
    size_bytes: int
    tables: Mapping[str, int]
    covers: int
    settings: int


@dataclass(frozen=True)
class Brought:
    """``before``: the backup of what was there. ``warnings``: sentences about what could not be taken over."""

    name: str
    before: BackupView
    rows: int
    warnings: tuple[str, ...] = field(default=())


def verify(home: Path, path: Path, tell: Tell = unheard) -> Checked:
    """Reads everything and restores it into a database that is thrown away; ``home`` is the instance folder.

    Raises InvalidInput with what is wrong, Unavailable for a backup of a newer program, DiskFull, AlreadyRunning.
    """
    with BackupShelf(home).working() as work, Archive(path) as archive:
        check_files(path, tell)
        stage(archive, work, tell).close()
        told = archive.manifest
        return Checked(
            path.name,
            told.created_at,
            told.kind,
            told.version,
            told.revision,
            told.database,
            told.secrets,
            path.stat().st_size,
            {name: facts.rows for name, facts in told.tables.items()},
            len(archive.names("covers")),
            len(archive.names("settings")),
        )


def restore(home: Home, path: Path, *, beside_server: bool = False, tell: Tell = unheard) -> Brought:
    """Puts what the backup holds in the place of what is there, after a backup of that. All sessions end.

    The database changes in one transaction, the settings at its end. A backup without secrets leaves password, keys and
    hidden settings as they are. ``beside_server``: the server has put its own work down and asks for it.

    Raises InvalidInput, Unavailable, DiskFull, AlreadyRunning; then nothing has changed.
    """
    shelf = BackupShelf(home.instance)
    with shelf.working() as work, Archive(path) as archive, RestoreLock(home.instance).held():
        with home.database.writing() as session:
            session.connection()  # commands that began to write before the lock was taken have ended
        secret_key = _new_secret(home, archive, beside_server)
        with closing(stage(archive, work, tell)) as staged:
            settings, warnings = _settings(home, archive)
            before = made(home, shelf, work, "before-restore", tell=tell)
            _add_files(home, archive)
            with _live(home.database, work) as connection:
                check_quiet(connection)
                _swap(connection, staged, archive, tell)
                if settings is not None and not home.shared:
                    home.config.bring_back(settings)
            if settings is not None and home.shared:  # a second writer on this database would have waited for the first
                home.config.bring_back(settings)
        if secret_key is not None:
            write_private(home.instance / SECRET_KEY, secret_key)
        return Brought(path.name, before, archive.manifest.rows, warnings)


def stage(archive: Archive, work: Path, tell: Tell = unheard) -> Database:
    """The backup's tables as a SQLite database in ``work``, at this program's revision; what was running waits again.

    Raises InvalidInput for rows that are none, Unavailable for a backup of a newer program, DiskFull.
    """
    told = archive.manifest
    _check_revision(told.revision)
    _check_room(work, told.total_bytes * ROOM_FACTOR)
    database = Database.at(f"sqlite:///{work / STAGED}")
    try:
        if told.revision == newest_revision():
            bring_up_to_date(database, work)
        else:
            migrate_to(database, told.revision)
        _load(archive, database, tell)
        if told.revision != newest_revision():
            migrate_to(database, newest_revision())
        _let_go(database)
    except DBAPIError as error:
        database.close()
        raise InvalidInput(f"The rows in this backup do not go together: {error.orig}.") from error
    except BaseException:
        database.close()
        raise
    return database


def set_newer_aside(environment: Environment) -> Path | None:
    """Where a SQLite database went that a newer program left here; None if this program knows the one that is there."""
    path = environment.instance / "aniworld.db"
    if environment.database_url or not path.is_file():
        return None
    with closing(Database.at(environment.sqlalchemy_url)) as database:
        revision = revision_of(database)
    if revision is None or revision <= newest_revision():
        return None
    aside = path.with_name(f"aniworld.db.revision-{revision}-{utcnow():%Y%m%d-%H%M%S}")
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside


def _check_revision(revision: str) -> None:
    newest = newest_revision()
    if revision > newest:
        raise Unavailable(
            f"This backup is of revision {revision}, newer than this program knows ({newest}); install the newer"
            " program first."
        )
    if not list((SCRIPTS / "versions").glob(f"{revision}_*.py")):
        raise InvalidInput(f"This backup is of revision {revision}, which never was.")


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFull(
            f"Restoring needs {needed // 1_000_000 + 1} MB beside the database, and {free // 1_000_000} MB are free;"
            " make room first."
        )


def _load(archive: Archive, database: Database, tell: Tell) -> None:
    forms = carried(_forms(database), secrets=archive.manifest.secrets)
    if {form.name for form in forms} != archive.manifest.tables.keys():
        raise InvalidInput("The tables in this backup are not those of its revision.")
    progress = Progress("load", archive.manifest.rows, tell)
    with writing(database) as connection:
        for form in forms:
            _load_table(connection, archive, form, progress)


def _load_table(connection: sa.Connection, archive: Archive, form: Form, progress: Progress) -> None:
    facts, tally = archive.manifest.tables[form.name], Tally()
    if facts.columns != form.columns:
        raise InvalidInput(f"The table {form.name} in this backup has other columns than at its revision.")

    def counted(line: bytes) -> dict[str, Any]:
        tally.add(line)
        if tally.rows > facts.rows:
            raise InvalidInput(f"The table {form.name} in this backup has more rows than its manifest says.")
        try:
            return form.row(line)
        except InvalidInput as error:
            raise InvalidInput(
                f"Line {tally.rows} of database/{form.name}.jsonl in this backup is damaged: {error} Nothing was "
                "restored; take another backup."
            ) from error

    insert(connection, form, map(counted, progress.counting(archive.lines(f"database/{form.name}.jsonl"))))
    if (tally.rows, tally.checksum) != (facts.rows, facts.checksum):
        raise InvalidInput(f"The rows of {form.name} in this backup are not those that its manifest counted.")


def _forms(database: Database) -> list[Form]:
    """The forms of a database that the scripts made, whatever its revision."""
    metadata = sa.MetaData()
    metadata.reflect(database.engine)
    newest = {form.name: form for form in forms_of(db.metadata)}
    return [newest.get(form.name, form) if _alike(newest.get(form.name), form) else form for form in forms_of(metadata)]


def _alike(known: Form | None, found: Form) -> bool:
    return known is not None and known.columns == found.columns


def _let_go(database: Database) -> None:
    """Nobody works on what was running when the backup was made."""
    with database.writing() as session:
        session.execute(sa.delete(DownloadQueueItem).where(DownloadQueueItem.cancelled))
        running = sa.update(DownloadQueueItem).where(DownloadQueueItem.status == "downloading")
        session.execute(running.values(status="pending", worker=None, lease_until=None, started_at=None))
        interrupted = sa.update(ScanRun).where(ScanRun.status == "running")
        session.execute(
            interrupted.values(status="failed", turn=None, completed_at=utcnow(), error="The scan was interrupted.")
        )


@contextmanager
def _live(database: Database, work: Path) -> Iterator[sa.Connection]:
    """One writing transaction on the database in use; a SQLite one has the staged one beside it, by that name."""
    if database.engine.dialect.name != "sqlite":
        with patient(database) as unhurried, writing(unhurried) as connection:
            yield connection
        return
    with database.engine.connect().execution_options(aniworld_write=True) as connection:
        plain = connection.connection.cursor()  # there is no transaction yet, in which nothing could be put beside
        plain.execute("ATTACH DATABASE ? AS staged", (str(work / STAGED),))
        try:
            with connection.begin():
                yield connection
        finally:
            plain.execute("DETACH DATABASE staged")


def _swap(connection: sa.Connection, staged: Database, archive: Archive, tell: Tell) -> None:
    """The staged rows in the place of those in use. Inside SQLite: others wait for its end, so it is to be short."""
    forms = forms_of(db.metadata)
    taken = carried(forms, secrets=archive.manifest.secrets)
    progress = Progress("swap", archive.manifest.rows, tell)
    if connection.dialect.name == "sqlite":
        _swap_inside(connection, taken)
    else:
        with snapshot(staged) as source:
            replace_rows(source, connection, taken, progress.counting)
    for form in forms:
        if form.name in SESSIONS:
            connection.execute(form.table.delete())
    tell("swap", archive.manifest.rows, archive.manifest.rows)


def _swap_inside(connection: sa.Connection, forms: list[Form]) -> None:
    for form in reversed(forms):
        connection.execute(form.table.delete())
    for form in forms:
        names = ", ".join(f'"{name}"' for name in form.columns)  # of our own tables, so no text from outside
        statement = f'INSERT INTO main."{form.name}" ({names}) SELECT {names} FROM staged."{form.name}"'  # noqa: S608
        connection.exec_driver_sql(statement)


def _new_secret(home: Home, archive: Archive, beside_server: bool) -> bytes | None:
    """The backup's secret key, if it is another one than ours."""
    theirs = archive.read(SECRET_KEY)
    path = home.instance / SECRET_KEY
    if theirs is None or (path.is_file() and path.read_bytes() == theirs):
        return None
    if len(theirs) < 32:
        raise InvalidInput("The secret key in this backup is too short to be one.")
    if beside_server:
        raise Conflict(
            "This backup comes from another installation, with another secret key; stop the server and restore it with:"
            " python -m aniworld backup restore"
        )
    return theirs


def _settings(home: Home, archive: Archive) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The settings that the backup brings, fit for this instance, and what was left out of them."""
    content = archive.read(CONFIG)
    if content is None:
        return None, ()
    told = _object(content)
    wrong = problems(told)
    warnings = [f"The setting {name} is not taken: {' '.join(texts)}" for name, texts in wrong.items()]
    bad = {tuple(name.split(".")[:2]) for name in wrong}
    settings = {
        section: {name: value for name, value in values.items() if (section, name) not in bad}
        for section, values in told.items()
        if isinstance(values, dict) and (section,) not in bad
    }
    stored = home.config.stored
    for section, name in secret_settings():
        if MASK in str(settings.get(section, {}).get(name, "")):
            settings[section][name] = stored[section][name]
    warnings += _keep_root(home, settings, stored) + _keep_links(home, settings, stored)
    return settings, tuple(warnings)


def _keep_links(home: Home, settings: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    """Folders for links that cannot be used here give way to the present ones, with a sentence."""
    wished = settings.get("library", {}).get("link_roots", [])
    errors = home.config.validate({"library": {"link_roots": wished}}) if wished else {}
    if not errors:
        return []
    settings["library"]["link_roots"] = stored["library"]["link_roots"]
    reason = " ".join(text for texts in errors.values() for text in texts)
    return [f"The folders for links of the backup are not used here: {reason}"]


def _keep_root(home: Home, settings: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    """A library folder that cannot be one here gives way to the present one, with a sentence."""
    wished = settings.get("library", {}).get("root", "")
    if not wished or wished == stored["library"]["root"]:
        return []
    errors = home.config.validate({"library": {"root": wished}})
    if not errors:
        return []
    settings["library"]["root"] = stored["library"]["root"]
    reason = " ".join(text for texts in errors.values() for text in texts)
    return [f"The library folder {wished} of the backup is not used here: {reason}"]


def _object(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InvalidInput("The settings in this backup are not understood.")
    return told


def _add_files(home: Home, archive: Archive) -> None:
    """Covers and the settings' copies that are not there; each has a name of its own, so none replaces another."""
    for folder, place in (("covers", home.instance / "covers"), ("settings", home.instance / "backups")):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in archive.names(folder):
            target = place / name.partition("/")[2]
            content = b"" if target.exists() or target.is_symlink() else archive.read(name) or b""
            if content and (folder != "covers" or hashlib.sha256(content).hexdigest() == target.stem):
                write_private(target, content)
