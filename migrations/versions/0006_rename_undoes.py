"""a renaming knows which one it takes back"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rename_run") as batch:
        batch.add_column(sa.Column("undoes", sa.String(length=36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rename_run") as batch:
        batch.drop_column("undoes")
