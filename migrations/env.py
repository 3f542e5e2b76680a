"""Alembic's environment, for Flask-Migrate's commands and for second databases.

Takes the connection that it is handed (models/upgrade.py), else one of the application's database.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Column, Connection, Double, Float, inspect, select
from sqlalchemy.exc import DBAPIError

from aniworld.core.errors import AlreadyRunning, AniworldError
from aniworld.models import Lease, WorkerSeen, db
from aniworld.models.clock import database_now
from aniworld.models.upgrade import migrating, newest_revision, patient_engine
from aniworld.services.cluster.worker_registry import SILENT
from aniworld.workers.instance_lock import InstanceLock

WITH_EXPRESSIONS = {
    index.name
    for table in db.metadata.tables.values()
    for index in table.indexes
    if not all(isinstance(one, Column) for one in index.expressions)
}


def number_revision(migration_context, revision, directives) -> None:
    """``0013`` after ``0012``; no script where nothing changed."""
    for script in list(directives):
        if getattr(context.config.cmd_opts, "autogenerate", False) and script.upgrade_ops.is_empty():
            directives.remove(script)
            click.echo("Nothing changed; no script was written.")
        else:
            script.rev_id = f"{int(newest_revision()) + 1:04}"


def is_compared(thing, name, kind, reflected, compared_with) -> bool:
    """Not an index with an expression, such as ``priority DESC``: SQLite and MariaDB do not report it as one."""
    return not (kind == "index" and name in WITH_EXPRESSIONS)


def is_other_type(migration_context, inspected_column, column, inspected_type, wanted_type) -> bool | None:
    """MySQL and MariaDB call a ``Float(53)`` DOUBLE. None: Alembic compares."""
    if isinstance(inspected_type, Double) and isinstance(wanted_type, Float) and wanted_type.precision == 53:
        return False
    return None


def configure(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=is_other_type,
        include_object=is_compared,
        process_revision_directives=number_revision,
    )


def run(connection: Connection) -> None:
    configure(connection)
    with context.begin_transaction():
        context.run_migrations()


def command_name() -> str | None:
    """``upgrade``, ``downgrade``, ``stamp`` …; None where no command line asked for the scripts."""
    command = click.get_current_context(silent=True)
    return None if command is None else command.info_name


@contextmanager
def without_programs(connection: Connection) -> Iterator[None]:
    """Keeps servers of this instance from starting. Raises CommandError while a server or worker uses the database: it
    would continue with tables and columns that are gone.
    """
    lock = InstanceLock(Path(current_app.instance_path))
    try:
        lock.take()
    except AlreadyRunning as error:
        raise CommandError("A server runs on this instance; stop it first.") from error
    try:
        check_no_other_machine(connection)
        yield
    finally:
        lock.release()


def check_no_other_machine(connection: Connection) -> None:
    known, now = inspect(connection).get_table_names(), database_now(connection)
    workers, leases = WorkerSeen.__table__.c, Lease.__table__.c
    running = []
    if "worker_seen" in known:
        running += connection.scalars(select(workers.name).where(workers.seen_at > now - SILENT))
    if "lease" in known:
        running += connection.scalars(select(leases.holder).where(leases.until > now, leases.holder != ""))
    connection.rollback()
    if running:
        raise CommandError(f"These programs use the database: {', '.join(sorted(set(running)))}. Stop them first.")


def copies_folder() -> Path:
    """Where a SQLite file is copied to: ``-x copies=FOLDER``, else the instance's backups."""
    given = context.get_x_argument(as_dictionary=True).get("copies")
    return Path(given) if given else Path(current_app.instance_path) / "backups"


def change(connection: Connection) -> None:
    """Upgrade, downgrade, stamp."""
    is_upgrade = command_name() not in ("downgrade", "stamp")
    is_newest = context.get_context().get_current_revision() == newest_revision()
    connection.rollback()
    copies = None if is_upgrade and is_newest else copies_folder()
    with nullcontext() if is_upgrade else without_programs(connection), migrating(connection, copies):
        run(connection)
    if command_name() in ("upgrade", "downgrade", "stamp"):
        click.echo(f"The database is at revision {context.get_context().get_current_revision() or 'base'}.")


def run_for_the_application() -> None:
    if context.is_offline_mode():
        raise CommandError("--sql is not supported: the scripts read the rows of the database that they change.")
    try:
        with patient_engine(db.engine) as engine, engine.connect() as connection:
            configure(connection)
            only_looks = context.get_context().opts.get("dont_mutate")  # current, check, migrate
            run(connection) if only_looks else change(connection)
    except AniworldError as error:
        raise CommandError(str(error)) from error
    except DBAPIError as error:
        raise CommandError(f"The database cannot be used: {' '.join(str(error.orig).split())}") from error


given_connection = context.config.attributes.get("connection")
if given_connection is not None:
    run(given_connection)
else:
    run_for_the_application()
