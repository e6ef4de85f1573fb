"""Let notices (注意喚起) be written, cleared, issued to ministries and answered case by case."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

MOMENT = sa.DateTime(timezone=True)

revision = "007"
down_revision = "006"
branch_labels = None
depends_on = None

AUDITED = ("notice", "notice_recipient", "notice_answer", "notice_event")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
STATES = ("draft", "asked", "cleared", "issued", "closed", "withdrawn")
DEEDS = (
    "edit", "ask", "clear", "refuse", "issue", "close", "withdraw", "answer", "reopen", "confirm",
)  # fmt: skip
AUDIENCES = ("all", "model", "vendor", "usage_type", "confidentiality")


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
        "notice_serial",
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_year"),
    )
    _notice()
    _recipient()
    _answer()
    _event()
    _watch(AUDITED)


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("notice_no", sa.Text(), nullable=True),
        sa.Column("state", _term("state", STATES), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "text", "action")),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("origin_ministry_id", sa.Integer(), nullable=True),
        sa.Column("audience_kind", _term("audience_kind", AUDIENCES), nullable=False),
        sa.Column("audience_value", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("cleared_at", MOMENT, nullable=True),
        sa.Column("cleared_by", sa.Text(), nullable=False),
        sa.Column("cleared_sha256", sa.String(length=64), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("notice_no"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"]),
        sa.ForeignKeyConstraint(["origin_ministry_id"], ["ministry.id"]),
    )
    _indexes("notice", "state", "incident_id", "origin_ministry_id")


def _recipient() -> None:
    op.create_table(
        "notice_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("state", _term("state", ("open", "drafted", "confirmed")), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("confirmed_sha256", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("notice_id", "ministry_id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
    )
    _indexes("notice_recipient", "ministry_id", "notice_id")


def _answer() -> None:
    op.create_table(
        "notice_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("use_case_id", sa.Integer(), nullable=True),
        sa.Column("reply", _term("reply", ("not_concerned", "done", "in_progress")), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recipient_id", "use_case_id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["recipient_id"], ["notice_recipient.id"]),
        sa.ForeignKeyConstraint(["use_case_id"], ["use_case.id"]),
    )
    _indexes("notice_answer", "ministry_id", "recipient_id", "use_case_id")


def _event() -> None:
    op.create_table(
        "notice_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=True),
        sa.Column("deed", _term("deed", DEEDS), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
    )
    _indexes("notice_event", "notice_id")


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in (*reversed(AUDITED), "notice_serial"):
        op.drop_table(table)
