"""Keep who was told of what, who wants to hear no more of it, and what a round has otherwise."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "018"
down_revision = "017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
EVENTS = (
    "round_opened", "round_due", "returned", "return_question", "approval", "edition_approval", "disclosure_proposed",
    "disclosure_review", "incident_report", "incident_notify", "incident_silence", "assessment_review",
    "notice_unanswered", "question_open",
)  # fmt: skip
TONES = ("news", "before", "today", "late", "escalated")
STATES = ("told", "superseded")
INDEXES = {
    "ix_reminder_inbox": ["user_id", "state", "read_at", "id"],
    "ix_reminder_day": ["day", "id"],
    "ix_reminder_own_day": ["ministry_id", "day", "id"],
    "ix_reminder_round": ["round_id", "day"],
}


def _term(table: str, name: str, words: Sequence[str]) -> tuple[sa.Column, sa.CheckConstraint]:
    listed = ", ".join(f"'{word}'" for word in words)
    check = sa.CheckConstraint(f"{name} IN ({listed})", name=op.f(f"ck_{table}_{name}"))
    return sa.Column(name, sa.String(32), nullable=False), check


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
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=True),
        sa.Column("round_id", sa.Integer(), nullable=True),
        *_term("reminder", "event", EVENTS),
        sa.Column("stage", sa.String(32), nullable=False),
        *_term("reminder", "tone", TONES),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("anchor", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("args", JSON, nullable=False),
        *_term("reminder", "state", STATES),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("key"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"]),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "reminder", columns)
    op.create_table(
        "reminder_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        *_term("reminder_stop", "event", EVENTS),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "event"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
    )
    op.create_table(
        "round_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("offset_days", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("round_id", "stage"),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"]),
    )
    for table in ("reminder_stop", "round_reminder"):
        _watch(table)


def downgrade() -> None:
    op.drop_table("round_reminder")
    op.drop_table("reminder_stop")
    for name in INDEXES:
        op.drop_index(name, "reminder")
    op.drop_table("reminder")
