"""Alembic's environment, for Flask-Migrate's commands and for second databases.

Takes the connection that it is handed (models/upgrade.py), else one of the application's database.
"""

from pathlib import Path

import click
from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Column, Connection, Double, Float, inspect, select

from aniworld.core.errors import AniworldError
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


def is_downgrade() -> bool:
    command = click.get_current_context(silent=True)
    return command is not None and command.info_name == "downgrade"


def check_no_program_runs(connection: Connection) -> None:
    """Raises CommandError: a server or worker would continue with tables and columns that are gone."""
    if InstanceLock.is_held(Path(current_app.instance_path)):
        raise CommandError("A server runs on this instance; stop it first, then downgrade.")
    known, now = inspect(connection).get_table_names(), database_now(connection)
    workers, leases = WorkerSeen.__table__.c, Lease.__table__.c
    running = []
    if "worker_seen" in known:
        running += connection.scalars(select(workers.name).where(workers.seen_at > now - SILENT))
    if "lease" in known:
        running += connection.scalars(select(leases.holder).where(leases.until > now, leases.holder != ""))
    connection.rollback()
    if running:
        names = ", ".join(sorted(set(running)))
        raise CommandError(f"These programs use the database: {names}. Stop them first, then downgrade.")


def copies_folder() -> Path:
    """Where a SQLite file is copied to: ``-x copies=FOLDER``, else the instance's backups."""
    given = context.get_x_argument(as_dictionary=True).get("copies")
    return Path(given) if given else Path(current_app.instance_path) / "backups"


def run_for_the_application() -> None:
    with patient_engine(db.engine) as engine, engine.connect() as connection:
        configure(connection)
        if context.get_context().opts.get("dont_mutate"):  # current, check, migrate: they only look
            run(connection)
            return
        if is_downgrade():
            check_no_program_runs(connection)
        try:
            with migrating(connection, copies_folder()):
                run(connection)
        except AniworldError as error:
            raise CommandError(str(error)) from error


handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    run_for_the_application()
