"""Find the messages that something remains to do with by their time, and no more by their state.

A step then writes no index anew on PostgreSQL, and finds the few that are open among all that were ever sent.
"""

import sqlalchemy as sa
from alembic import op

revision = "023"
down_revision = "022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("next_at IS NOT NULL")
ENDED = "state IN ('sent', 'superseded')"


def upgrade() -> None:
    op.drop_index("ix_message_queue", "message")
    with op.batch_alter_table("message") as batch:
        batch.alter_column("next_at", existing_type=MOMENT, nullable=True)
    op.execute(f"UPDATE message SET next_at = NULL WHERE {ENDED}")
    with op.batch_alter_table("message") as batch:
        batch.create_check_constraint("open", f"(next_at IS NULL) = ({ENDED})")
    op.create_index("ix_message_open", "message", ["next_at", "id"], postgresql_where=OPEN, sqlite_where=OPEN)
    if op.get_bind().dialect.name == "postgresql":
        # Room beside each row for what the next step makes of it.
        op.execute("ALTER TABLE message SET (fillfactor = 70)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE message RESET (fillfactor)")
    op.drop_index("ix_message_open", "message")
    with op.batch_alter_table("message") as batch:
        batch.drop_constraint("open", type_="check")
    op.execute("UPDATE message SET next_at = queued_at WHERE next_at IS NULL")
    with op.batch_alter_table("message") as batch:
        batch.alter_column("next_at", existing_type=MOMENT, nullable=False)
    op.create_index("ix_message_queue", "message", ["state", "next_at", "id"])
