"""series have several folders, seasons and episodes are monitored, imports keep runs and candidates

Each step looks first whether it was taken already: MariaDB keeps what it did of a migration that was killed.
"""

import hashlib
import os

import sqlalchemy as sa
from alembic import op

from aniworld.core.errors import Unavailable
from aniworld.models.base import UtcDateTime, utcnow

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EPISODE_COLUMNS = (
    sa.Column("monitored", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("languages_on_disk", sa.JSON(), nullable=True),
    sa.Column("file_height", sa.Integer(), nullable=True),
)
FOLDER_MATCH = sa.table(
    "folder_match",
    *map(sa.column, ("folder", "key", "earlier")),
    *(sa.column(name, UtcDateTime()) for name in ("created_at", "updated_at")),
)
CANDIDATE = sa.table(
    "import_candidate",
    *map(sa.column, ("id", "folder", "state", "reason", "files", "episodes", "series_key", "earlier_folder")),
    *(sa.column(name, sa.JSON()) for name in ("languages", "candidates")),
    *(sa.column(name, UtcDateTime()) for name in ("created_at", "updated_at")),
)
SERIES = sa.table("anime_series", *map(sa.column, ("id", "key", "name", "folder")))
SERIES_FOLDER = sa.table(
    "series_folder",
    *map(sa.column, ("series_id", "folder", "is_primary")),
    *(sa.column(name, UtcDateTime()) for name in ("created_at", "updated_at")),
)


def upgrade() -> None:
    _add_episode_columns()
    for name, make in {
        "series_folder": _make_series_folder,
        "series_season": _make_series_season,
        "import_run": _make_import_run,
        "import_candidate": _make_import_candidate,
    }.items():
        if not _has_table(name):
            make()
    _fill_series_folder()
    _fill_languages_on_disk()
    if _has_table("folder_match"):
        _keep_decisions()
        op.drop_table("folder_match")
    seen = sa.table("seen_folder", sa.column("mtime_ns"))
    op.execute(seen.update().values(mtime_ns=0))  # the next scan reads every folder once: for heights in file names


def _has_table(name: str) -> bool:
    return sa.inspect(op.get_bind()).has_table(name)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _add_episode_columns() -> None:
    missing = [column for column in EPISODE_COLUMNS if column.name not in _columns("episode")]
    if missing:
        with op.batch_alter_table("episode") as batch:
            for column in missing:
                batch.add_column(column.copy())


def _timestamps() -> tuple[sa.Column, ...]:
    return tuple(sa.Column(name, UtcDateTime(), nullable=False) for name in ("created_at", "updated_at"))


def _of_series(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_series_id_anime_series"
    return sa.ForeignKeyConstraint(["series_id"], ["anime_series.id"], name=name, ondelete="CASCADE")


def _make_series_folder() -> None:
    op.create_table(
        "series_folder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=False),
        sa.Column("season", sa.Integer(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        *_timestamps(),
        _of_series("series_folder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_folder")),
        sa.UniqueConstraint("series_id", "folder", name=op.f("uq_series_folder_series_id_folder")),
        sa.Index("ix_series_folder_folder", "folder"),
    )


def _make_series_season() -> None:
    op.create_table(
        "series_season",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("monitored", sa.Boolean(), nullable=False, server_default=sa.true()),
        *_timestamps(),
        _of_series("series_season"),
        sa.PrimaryKeyConstraint("series_id", "season", name=op.f("pk_series_season")),
    )


def _make_import_run() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("folder_ids", sa.JSON(), nullable=True),
        sa.Column("added", sa.JSON(), nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=True),
        sa.Column("active", sa.Integer(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("active", name=op.f("uq_import_run_active")),
        sa.Index("ix_import_run_started_at", "started_at"),
    )


def _make_import_candidate() -> None:
    op.create_table(
        "import_candidate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("episodes", sa.Integer(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("series_key", sa.String(length=255), nullable=True),
        sa.Column("link", sa.String(length=2000), nullable=True),
        sa.Column("mode", sa.String(length=20), nullable=True),
        sa.Column("earlier_folder", sa.String(length=255), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("matched_at", UtcDateTime(), nullable=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_candidate")),
        sa.UniqueConstraint("folder", name=op.f("uq_import_candidate_folder")),
        sa.Index("ix_import_candidate_state", "state", "folder"),
    )


def _fill_series_folder() -> None:
    now = sa.literal(utcnow(), UtcDateTime())
    filled = sa.select(SERIES_FOLDER.c.series_id).where(SERIES_FOLDER.c.series_id == SERIES.c.id)
    rows = sa.select(SERIES.c.id, SERIES.c.folder, sa.true(), now, now).where(SERIES.c.folder != "", ~filled.exists())
    names = ["series_id", "folder", "is_primary", "created_at", "updated_at"]
    op.execute(SERIES_FOLDER.insert().from_select(names, rows))


def _fill_languages_on_disk() -> None:
    """A file is in the language that is known of it; the next scan knows no more than that."""
    episode = sa.table("episode", *map(sa.column, ("file", "file_language")), sa.column("languages_on_disk", sa.JSON()))
    known = episode.c.file.is_not(None), episode.c.file_language.is_not(None)
    languages = op.get_bind().scalars(sa.select(episode.c.file_language).where(*known).distinct()).all()
    for language in languages:
        mine = episode.update().where(*known, episode.c.file_language == language)
        op.execute(mine.values(languages_on_disk=[language]))


def _keep_decisions() -> None:
    """Folders that a person gave to a series are chosen, those that a person told to ignore are ignored."""
    connection = op.get_bind()
    kept = set(connection.scalars(sa.select(CANDIDATE.c.folder)))
    rows = [
        {
            "id": hashlib.sha256(os.fsencode(match.folder)).hexdigest()[:32],
            "folder": match.folder,
            "state": "ignored" if match.key is None else "chosen",
            "reason": None if match.key is None else "chosen",
            "files": 0,
            "episodes": 0,
            "languages": [],
            "candidates": [],
            "series_key": match.key,
            "earlier_folder": match.earlier,
            "created_at": match.created_at,
            "updated_at": match.updated_at,
        }
        for match in connection.execute(sa.select(FOLDER_MATCH))
        if match.folder not in kept
    ]
    if rows:
        connection.execute(CANDIDATE.insert(), rows)


def downgrade() -> None:
    _refuse_further_folders()
    if not _has_table("folder_match"):
        op.create_table(
            "folder_match",
            sa.Column("folder", sa.String(length=255), nullable=False),
            sa.Column("key", sa.String(length=255), nullable=True),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.Column("updated_at", UtcDateTime(), nullable=False),
            sa.Column("earlier", sa.String(length=255), nullable=True),
            sa.PrimaryKeyConstraint("folder", name=op.f("pk_folder_match")),
        )
    if _has_table("import_candidate"):
        _give_decisions_back()
    for name in ("import_candidate", "import_run", "series_season", "series_folder"):
        if _has_table(name):
            op.drop_table(name)
    present = [column.name for column in EPISODE_COLUMNS if column.name in _columns("episode")]
    if present:
        with op.batch_alter_table("episode") as batch:
            for name in present:
                batch.drop_column(name)


def _refuse_further_folders() -> None:
    if not _has_table("series_folder"):
        return
    query = (
        sa.select(SERIES.c.name, SERIES.c.key)
        .join(SERIES_FOLDER, SERIES_FOLDER.c.series_id == SERIES.c.id)
        .group_by(SERIES.c.id, SERIES.c.name, SERIES.c.key)
        .having(sa.func.count() > 1)
        .order_by(SERIES.c.key)
    )
    several = op.get_bind().execute(query).all()
    if several:
        names = ", ".join(f"{row.name} ({row.key})" for row in several[:5])
        more = f" and {len(several) - 5} more" if len(several) > 5 else ""
        raise Unavailable(
            f"The database cannot go back: these series have several folders, and earlier versions know only one:"
            f" {names}{more}. Merge their folders into one first, or restore the copy made before the upgrade."
        )


def _give_decisions_back() -> None:
    connection = op.get_bind()
    kept = set(connection.scalars(sa.select(FOLDER_MATCH.c.folder)))
    decided = CANDIDATE.c.series_key.is_not(None) & CANDIDATE.c.state.in_(["chosen", "imported"])
    query = sa.select(CANDIDATE).where(decided | (CANDIDATE.c.state == "ignored"))
    rows = [
        {
            "folder": one.folder,
            "key": None if one.state == "ignored" else one.series_key,
            "earlier": one.earlier_folder,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
        }
        for one in connection.execute(query)
        if one.folder not in kept
    ]
    if rows:
        connection.execute(FOLDER_MATCH.insert(), rows)
