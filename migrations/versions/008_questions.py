"""Let the consistency check ask ministries, and keep what they answer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "008"
down_revision = "007"
branch_labels = None
depends_on = None

AUDITED = ("question", "question_event")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
STATES = ("open", "claimed", "explained", "accepted", "fixed")
DEEDS = ("ask", "revise", "claim", "explain", "accept", "ask_back", "settle", "reopen")
ABOUT = ("use_case", "incident", "ai_system")


def _term(name: str, words: Sequence[str]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _watch(tables: Sequence[str]) -> None:
    """Set the marks of the audit."""
    for table in tables:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f'CREATE TRIGGER mark_change AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION mark_change()"
            )
            continue
        for deed, row in ROWS.items():
            op.execute(
                f'CREATE TRIGGER mark_{table}_{deed} AFTER {deed.upper()} ON "{table}" BEGIN '
                f"INSERT INTO change_mark (table_name, pk, op) VALUES ('{table}', CAST({row}.id AS TEXT), '{deed}'); "
                "END"
            )


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        *(sa.Column(f"{table}_id", sa.Integer(), nullable=True) for table in ABOUT),
        sa.Column("state", _term("state", STATES), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("rule", "subject"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        *(sa.ForeignKeyConstraint([f"{table}_id"], [f"{table}.id"]) for table in ABOUT),
    )
    for column in ("ministry_id", *(f"{table}_id" for table in ABOUT)):
        op.create_index(f"ix_question_{column}", "question", [column])
    op.create_index("ix_question_all_moved", "question", ["moved_at", "id", "state", "internal", "rule"])
    op.create_index("ix_question_own_moved", "question", ["ministry_id", "moved_at", "id", "state", "rule"])
    op.create_index("ix_question_state", "question", ["state", "ministry_id", "internal"])
    op.create_table(
        "question_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("deed", _term("deed", DEEDS), nullable=False),
        sa.Column("to_state", _term("to_state", STATES), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"]),
    )
    for column in ("ministry_id", "question_id"):
        op.create_index(f"ix_question_event_{column}", "question_event", [column])
    _watch(AUDITED)


def downgrade() -> None:
    for table in reversed(AUDITED):
        op.drop_table(table)
