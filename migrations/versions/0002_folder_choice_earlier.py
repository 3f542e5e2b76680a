"""a folder's match knows where the series looked before"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("folder_match") as batch:
        batch.add_column(sa.Column("earlier", sa.String(length=255), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("folder_match") as batch:
        batch.drop_column("earlier")
