"""The settings and their backups in the database, for processes on several machines; docs/decisions/0094."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.config.store import KEPT, MANUAL_LIMIT, Backup, Mark, Overtaken, dump, new_backup_name
from aniworld.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from aniworld.models import Database, SettingsBackup, StoredSettings, utcnow

_ROW = 1


class SharedSettings:
    """The same promises as ``config.store.ConfigStore``. Nobody waits for a lock: who changes what is no longer so
    hears it (Overtaken), and no change is lost."""

    def __init__(self, database: Database, tell: Callable[[], None] = lambda: None) -> None:
        """``tell()`` after each change by this process."""
        self._database = database
        self._tell = tell

    def take_over(self, earlier: Mapping[str, Any] | None) -> None:
        """At the very first start: what a file said before is what everyone has from now on."""
        if earlier is not None and self.mark() is None:
            with self._quicker():
                self.exchange(None, earlier, None)

    @contextmanager
    def locked(self) -> Iterator[None]:
        yield

    def mark(self) -> Mark:
        with self._database.reading() as session:
            version = session.scalar(select(StoredSettings.version))
        return (version,) if version else None  # 0: a row that only holds the mark of the secret

    def load(self) -> dict[str, Any] | None:
        with self._database.reading() as session:
            row = session.get(StoredSettings, _ROW)
            return dict(row.content) if row is not None and row.version and isinstance(row.content, dict) else None

    def exchange(self, mark: Mark, data: Mapping[str, Any], kept: tuple[Mapping[str, Any], str] | None) -> Mark:
        """Raises Overtaken when the settings no longer have ``mark``, Conflict at 200 manual backups."""
        version = mark[0] if mark else 0
        try:
            with self._database.writing() as session:
                self._have_row(session)
                now = {"content": dict(data), "version": version + 1, "updated_at": utcnow()}
                mine = StoredSettings.id == _ROW, StoredSettings.version == version
                if session.execute(update(StoredSettings).where(*mine).values(**now)).rowcount != 1:  # type: ignore[attr-defined]
                    raise Overtaken
                if kept is not None:
                    self._keep(session, *kept)
        except IntegrityError as error:  # two first starts at the same moment
            raise Overtaken from error
        self._tell()
        return (version + 1,)

    def is_set_aside(self) -> bool:
        """A row is never put aside."""
        return False

    # ── backups ─────────────────────────────────────────────────────────────

    def backups(self) -> list[Backup]:
        """Newest first."""
        with self._database.reading() as session:
            columns = SettingsBackup.name, SettingsBackup.created_at, SettingsBackup.size_bytes, SettingsBackup.kind
            return [Backup(*row) for row in session.execute(select(*columns).order_by(SettingsBackup.id.desc()))]

    def backup(self, data: Mapping[str, Any], kind: str) -> Backup:
        """Keeps ``data``; of kinds that come by themselves the last 20 stay. Raises Conflict at 200 manual ones."""
        with self._database.writing() as session:
            row = self._keep(session, data, kind)
            return Backup(row.name, row.created_at, row.size_bytes, row.kind)

    def read_backup(self, name: str) -> dict[str, Any]:
        """Raises NotFound, InvalidInput."""
        with self._database.reading() as session:
            row = session.scalar(select(SettingsBackup).where(SettingsBackup.name == str(name)))
            if row is None:
                raise NotFound("There is no backup of this name.")
            if not isinstance(row.content, dict):
                raise InvalidInput("This backup holds no settings; delete it.")
            return dict(row.content)

    def backup_content(self, name: str) -> bytes:
        """Raises NotFound."""
        return dump(self.read_backup(name))

    def delete_backup(self, name: str) -> None:
        """Raises NotFound."""
        with self._database.writing() as session:
            gone = session.execute(delete(SettingsBackup).where(SettingsBackup.name == str(name)))
            if not gone.rowcount:  # type: ignore[attr-defined]
                raise NotFound("There is no backup of this name.")

    # ── the secret ──────────────────────────────────────────────────────────

    def check_secret(self, mark: str) -> None:
        """The first process says which secret this cluster signs with. Raises Unavailable for one with another."""
        with self._quicker(), self._database.writing() as session:
            row = self._have_row(session)
            row.secret_mark = row.secret_mark or mark
        with self._database.reading() as session:
            known = session.scalar(select(StoredSettings.secret_mark))
        if known != mark:
            raise Unavailable(
                "This process signs with another secret than the others of its cluster. Give every process the same "
                "ANIWORLD_SECRET_KEY (or the same file secret_key in its instance folder). If the secret was changed "
                "on purpose, run once with the new one: python -m aniworld config accept-secret"
            )

    def accept_secret(self, mark: str) -> None:
        """From now on the cluster signs with this one; the others have to be started again with it."""
        with self._quicker(), self._database.writing() as session:
            self._have_row(session).secret_mark = mark

    # ── inside ──────────────────────────────────────────────────────────────

    def _have_row(self, session: Session) -> StoredSettings:
        """The one row, made at the first need; at version 0 it says nothing about settings."""
        row = session.get(StoredSettings, _ROW)
        if row is None:
            row = StoredSettings(id=_ROW, version=0)
            session.add(row)
            session.flush()
        return row

    def _keep(self, session: Session, data: Mapping[str, Any], kind: str) -> SettingsBackup:
        alike = SettingsBackup.kind == kind
        if kind == "manual":
            standing = session.scalar(select(func.count()).select_from(SettingsBackup).where(alike)) or 0
            if standing >= MANUAL_LIMIT:
                raise Conflict(f"There are {MANUAL_LIMIT} backups already; delete some that you no longer need.")
        row = SettingsBackup(
            name=new_backup_name(kind), kind=kind, created_at=utcnow(), size_bytes=len(dump(data)), content=dict(data)
        )
        session.add(row)
        session.flush()
        if kind in KEPT:
            newest = select(SettingsBackup.id).where(alike).order_by(SettingsBackup.id.desc())
            old = list(session.scalars(newest.offset(KEPT[kind]).limit(MANUAL_LIMIT)))
            session.execute(delete(SettingsBackup).where(SettingsBackup.id.in_(old)))
        return row

    @contextmanager
    def _quicker(self) -> Iterator[None]:
        """A block that another process may have done at the same moment, which is just as well."""
        try:
            yield
        except (IntegrityError, Overtaken):
            return
