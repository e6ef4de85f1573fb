"""Post the day's reminders to other systems."""

import sqlalchemy as sa
from alembic import op

revision = "022"
down_revision = "021"
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
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"]),
    )
    op.create_index("ix_webhook_ministry_id", "webhook", ["ministry_id"])
    _watch("webhook")


def downgrade() -> None:
    op.drop_table("webhook")
