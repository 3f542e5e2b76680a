"""episodes know their air date, kind, part, subtitles and the catalogue entry that their file came for"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("episode") as batch:
        batch.add_column(sa.Column("air_date", sa.Date(), nullable=True))
        batch.add_column(sa.Column("kind", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("part", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("subtitles", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("file_title", sa.String(length=1000), nullable=True))
        batch.add_column(sa.Column("file_link", sa.String(length=2000), nullable=True))
    with op.batch_alter_table("anime_series") as batch:
        batch.add_column(sa.Column("renumbering", sa.JSON(), nullable=True))
    op.create_index("ix_download_queue_item_totals", "download_queue_item", ["status", "downloaded_bytes"])
    _remember_present_files()


def _remember_present_files() -> None:
    """Files that are there already were matched to the entry that the catalogue lists today."""
    episode = sa.table(
        "episode",
        sa.column("file"),
        sa.column("title"),
        sa.column("title_en"),
        sa.column("link"),
        sa.column("file_title"),
        sa.column("file_link"),
    )
    title = sa.case((episode.c.title != "", episode.c.title), else_=episode.c.title_en)
    op.execute(episode.update().where(episode.c.file.is_not(None)).values(file_title=title, file_link=episode.c.link))


def downgrade() -> None:
    op.drop_index("ix_download_queue_item_totals", "download_queue_item")
    with op.batch_alter_table("anime_series") as batch:
        batch.drop_column("renumbering")
    with op.batch_alter_table("episode") as batch:
        for name in ("file_link", "file_title", "subtitles", "part", "kind", "air_date"):
            batch.drop_column(name)
