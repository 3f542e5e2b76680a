"""episodes know that they are announced or part of another one, series what of their catalogue page could not be
read
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("episode") as batch:
        batch.add_column(sa.Column("announced", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("part_of", sa.String(length=20), nullable=True))
    with op.batch_alter_table("anime_series") as batch:
        batch.add_column(sa.Column("page_notes", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("anime_series") as batch:
        batch.drop_column("page_notes")
    with op.batch_alter_table("episode") as batch:
        batch.drop_column("part_of")
        batch.drop_column("announced")
