"""series remember files whose numbers wait for the catalogue's counts"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("anime_series") as batch:
        batch.add_column(sa.Column("unplaced_files", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("anime_series") as batch:
        batch.drop_column("unplaced_files")
