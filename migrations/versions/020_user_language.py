"""Know in which language a person wants their mail."""

import sqlalchemy as sa
from alembic import op

revision = "020"
down_revision = "019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("language", sa.String(2), nullable=False, server_default="ja"))


def downgrade() -> None:
    op.drop_column("user", "language")
