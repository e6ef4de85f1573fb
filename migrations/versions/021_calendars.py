"""Let people have their deadlines in a calendar of their own."""

import sqlalchemy as sa
from alembic import op

revision = "021"
down_revision = "020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


def _watch(table: str) -> None:
    """Set the marks of the audit."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f'CREATE TRIGGER mark_change AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION mark_change()"
        )
        return
    for deed, row in ROWS.items():
        op.execute(
            f'CREATE TRIGGER mark_{table}_{deed} AFTER {deed.upper()} ON "{table}" BEGIN '
            f"INSERT INTO change_mark (table_name, pk, op) VALUES ('{table}', CAST({row}.id AS TEXT), '{deed}'); "
            "END"
        )


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"]),
    )
    op.create_index("ix_calendar_feed_own", "calendar_feed", ["user_id", "revoked_at"])
    _watch("calendar_feed")


def downgrade() -> None:
    op.drop_table("calendar_feed")
