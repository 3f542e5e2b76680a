"""completed queue items say what they lack, such as subtitles"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("download_queue_item") as batch:
        batch.add_column(sa.Column("notice", sa.Text(), nullable=True))
    seen = sa.table("seen_folder", sa.column("mtime_ns"))
    op.execute(seen.update().values(mtime_ns=0))  # the next scan reads every folder once: for subtitle files


def downgrade() -> None:
    with op.batch_alter_table("download_queue_item") as batch:
        batch.drop_column("notice")
