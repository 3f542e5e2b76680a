"""a worker's row tells how far its clock is off the database's"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("worker_seen") as batch:
        batch.add_column(sa.Column("clock_ahead_s", sa.Float(53), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("worker_seen") as batch:
        batch.drop_column("clock_ahead_s")
