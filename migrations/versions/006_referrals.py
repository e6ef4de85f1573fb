"""Let use cases be referred to the Advisory Board (報告・相談): package, meeting, opinion, response."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

MOMENT = sa.DateTime(timezone=True)

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None

AUDITED = ("referral", "referral_package", "referral_condition", "referral_event")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
STATES = ("draft", "sent", "returned", "scheduled", "advised", "responded", "closed", "withdrawn")
DEEDS = ("edit", "send", "return", "schedule", "advise", "respond", "close", "withdraw")
PACKAGE = ("details", "purpose", "mitigation", "quality")
OPEN = sa.text("state NOT IN ('closed', 'withdrawn')")


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
        "referral_serial",
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ministry_id", "fiscal_year"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
    )
    _referral()
    _of_referral(
        "referral_package",
        sa.Column("number", sa.Integer(), nullable=False),
        *_package(),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.UniqueConstraint("referral_id", "number"),
    )
    _of_referral(
        "referral_condition",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.UniqueConstraint("referral_id", "number"),
    )
    _of_referral(
        "referral_event",
        sa.Column("deed", _term("deed", DEEDS), nullable=False),
        sa.Column("to_state", _term("to_state", STATES), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
    )
    _watch(AUDITED)


def _package() -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in PACKAGE]


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("referral_no", sa.Text(), nullable=False),
        sa.Column("use_case_id", sa.Integer(), nullable=False),
        sa.Column("state", _term("state", STATES), nullable=False),
        *_package(),
        sa.Column("publicity", _term("publicity", ("open", "partly", "closed")), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("meeting_on", sa.Date(), nullable=True),
        sa.Column("meeting_name", sa.Text(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("opinion_on", sa.Date(), nullable=True),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("responded_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("ministry_id", "referral_no"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["use_case_id"], ["use_case.id"]),
    )
    op.create_index("ix_referral_ministry_id", "referral", ["ministry_id"])
    op.create_index("ix_referral_use_case_id", "referral", ["use_case_id"])
    op.create_index(
        "uq_referral_open", "referral", ["use_case_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_referral_all_updated", "referral", ["updated_at", "id", "state", "sent_at"])
    op.create_index("ix_referral_own_updated", "referral", ["ministry_id", "updated_at", "id", "state"])
    op.create_index("ix_referral_meeting", "referral", ["meeting_on", "state"])
    op.create_index("ix_referral_state", "referral", ["state", "ministry_id", "meeting_on"])


def _of_referral(table: str, *columns: sa.Column | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
    )
    for column in ("ministry_id", "referral_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in (*reversed(AUDITED), "referral_serial"):
        op.drop_table(table)
