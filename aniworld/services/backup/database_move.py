"""Moving everything from one database to another of any kind: copied in one transaction, compared before it counts.

Loaded by the command line only. What is copied, and why sessions go along here and not into a backup:
docs/decisions/0102.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from aniworld.config.store import ConfigStore
from aniworld.core.errors import Conflict, DatabaseAway, InvalidInput, Unavailable
from aniworld.models import Database, StoredSettings, db, utcnow
from aniworld.models.engines import address_of
from aniworld.models.upgrade import bring_up_to_date, newest_revision, revision_of
from aniworld.services.backup.create import Progress, Tell, unheard
from aniworld.services.backup.database_copy import TableCopy, check_empty, check_quiet, compare, replace_rows, writing
from aniworld.services.backup.portable_rows import Form, counted, forms_of, patient, snapshot

OF_PROCESSES = frozenset({"lease", "worker_seen"})  # what runs now, and nowhere else


@dataclass(frozen=True)
class Moved:
    """``tables``: what was compared, after a copy. ``settings``: where they went, in a few words; empty when they
    stayed.

    ``copied``: False after a trial, when ``target_rows`` are those that stand there.
    """

    source: str
    target: str
    copied: bool
    tables: tuple[TableCopy, ...]
    settings: str = ""

    @property
    def equal(self) -> bool:
        return all(one.equal for one in self.tables)


class NotEqual(Conflict):
    """``outcome``: table by table. Nothing was kept."""

    def __init__(self, outcome: Moved) -> None:
        names = ", ".join(one.table for one in outcome.tables if not one.equal)
        super().__init__(f"The copy is not equal in: {names}. Nothing was changed; please report this.")
        self.outcome = outcome


def move(
    source: str, target: str, instance: Path, *, shared: bool = False, replace: bool = False, tell: Tell = unheard
) -> Moved:
    """Everything of the database at ``source`` in the one at ``target``, which is made where it is empty.

    ``shared``: the settings shall lie in the target, for several processes; ``config.json`` of ``instance`` goes there.
    From a database that holds settings to SQLite they become ``config.json`` again.

    Raises Conflict for a target that is not empty (without ``replace``), AlreadyRunning while anybody works on the
    source, Unavailable for databases that do not answer or are at another revision, NotEqual.
    """
    _check_two(source, target)
    _check_file(source)
    with _opened(source) as here, _opened(target) as there:
        _check_source(here)
        _revision(there)
        bring_up_to_date(there, instance / "backups")
        forms = _forms()
        with snapshot(here) as reading, writing(there) as connection:
            check_quiet(reading)
            check_quiet(connection)
            if not replace:
                check_empty(connection, [form for form in forms if form.name != "stored_settings"])
            progress = Progress("copy", sum(counted(reading, form) for form in forms), tell)
            replace_rows(reading, connection, forms, progress.counting)
            outcome = Moved(_shown(source), _shown(target), True, tuple(compare(reading, connection, forms)))
            if not outcome.equal:
                raise NotEqual(outcome)
            told = _settings_there(reading, connection, ConfigStore(instance)) if shared else ""
        if there.engine.dialect.name == "sqlite":
            told = _settings_back(there, ConfigStore(instance))
        return Moved(outcome.source, outcome.target, True, outcome.tables, told)


def look(source: str, target: str) -> Moved:
    """What would be copied, and what stands at the target; changes nothing. Raises what ``move`` would raise first."""
    _check_two(source, target)
    _check_file(source)
    forms = _forms()
    with _opened(source) as here:
        _check_source(here)
        with snapshot(here) as reading:
            check_quiet(reading)
            rows = {form.name: counted(reading, form) for form in forms}
    there = {} if _is_new_file(target) else _standing(target, forms)
    compared = ((name, count, there.get(name, 0)) for name, count in rows.items())
    return Moved(_shown(source), _shown(target), False, tuple(TableCopy(*one, one[1] == one[2]) for one in compared))


def _standing(target: str, forms: list[Form]) -> dict[str, int]:
    """How many rows each table has; nothing where the target is of another revision, or has no tables."""
    with _opened(target) as database:
        if _revision(database) != newest_revision():
            return {}
        with snapshot(database) as connection:
            return {form.name: counted(connection, form) for form in forms}


def _check_file(source: str) -> None:
    """Raises InvalidInput for a file that is not there: SQLite would make an empty one."""
    path = _file_of(source)
    if path is not None and not path.is_file():
        raise InvalidInput(f"There is no database at {path}; name the right one with --from.")


def _is_new_file(target: str) -> bool:
    path = _file_of(target)
    return path is not None and not path.exists() and path.parent.is_dir()


def _file_of(url: str) -> Path | None:
    name = address_of(url).database if url.startswith("sqlite") else None
    return Path(name) if name else None


def _check_two(source: str, target: str) -> None:
    if address_of(source) == address_of(target):
        raise InvalidInput("Source and target are the same database; name another one with --to.")


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    """The database, with time for whole tables, closed at the end of the block."""
    path = _file_of(url)
    if path is not None and path.parent.is_dir():
        path.touch(mode=0o600)  # SQLite gives its other files the mode of this one
    with closing(Database.at(url)) as database, patient(database) as unhurried:
        yield unhurried


def _check_source(database: Database) -> None:
    revision = _revision(database)
    if revision is None:
        raise InvalidInput("The source holds nothing of Aniworld; name its database with --from.")
    if revision != newest_revision():
        raise Unavailable(
            f"The source is at revision {revision}, and this program at {newest_revision()}; bring it up to date first:"
            " python -m aniworld db upgrade"
        )


def _revision(database: Database) -> str | None:
    try:
        return revision_of(database)
    except (sa.exc.OperationalError, DatabaseAway) as error:
        where = database.engine.url.render_as_string(hide_password=True)
        cause = error.orig if isinstance(error, sa.exc.OperationalError) else error.__cause__ or error
        raise Unavailable(f"The database {where} does not answer: {' '.join(str(cause).split())}") from error


def _forms() -> list[Form]:
    return [form for form in forms_of(db.metadata) if form.name not in OF_PROCESSES]


def _settings_there(reading: sa.Connection, writing_: sa.Connection, store: ConfigStore) -> str:
    """What the file says is what all processes have, unless the source had settings for them already."""
    if reading.scalar(sa.select(StoredSettings.version)):
        return "copied"
    content = store.load()
    if content is None:
        return ""
    writing_.execute(sa.delete(StoredSettings))
    now = utcnow()
    writing_.execute(
        sa.insert(StoredSettings).values(
            id=1, version=1, content=content, secret_mark="", created_at=now, updated_at=now
        )
    )
    return "config.json is in the database"


def _settings_back(database: Database, store: ConfigStore) -> str:
    """What all processes had is what the file says; what it said before is kept as a copy."""
    with database.reading() as session:
        row = session.get(StoredSettings, 1)
    if row is None or not row.version or not isinstance(row.content, Mapping):
        return ""
    earlier = store.load()
    if earlier is not None:
        store.backup(earlier, "before-restore")
    store.save(row.content)
    return "config.json says what the database said"


def _shown(url: str) -> str:
    return address_of(url).render_as_string(hide_password=True)
