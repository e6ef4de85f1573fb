"""Let incidents (リスクケース) be reported, followed and closed, and months without any be said."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

MOMENT = sa.DateTime(timezone=True)

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None

AUDITED = (
    "incident", "incident_case", "incident_event", "measure", "incident_reference", "incident_file", "nil_report",
)  # fmt: skip
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
STATES = (
    "draft", "reported", "received", "in_response", "measures_done", "closed", "dismissed", "withdrawn",
)  # fmt: skip
DEEDS = (
    "edit", "revise", "report", "receive", "dismiss", "notify", "complete", "close", "reopen", "withdraw", "comment",
)  # fmt: skip
PRECISIONS = ("exact", "estimate", "unknown")


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
        "incident_serial",
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ministry_id", "fiscal_year"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
    )
    _incident()
    _of_incident(
        "incident_case",
        sa.Column("use_case_id", sa.Integer(), nullable=False),
        sa.UniqueConstraint("incident_id", "use_case_id"),
        sa.ForeignKeyConstraint(["use_case_id"], ["use_case.id"]),
    )
    op.create_index("ix_incident_case_use_case_id", "incident_case", ["use_case_id"])
    _of_incident(
        "incident_event",
        sa.Column("deed", _term("deed", DEEDS), nullable=False),
        sa.Column("to_state", _term("to_state", STATES), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    _of_incident(
        "measure",
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.Column("verified_by_id", sa.Integer(), nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    _of_incident(
        "incident_reference",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
    )
    _of_incident(
        "incident_file",
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
    )
    op.create_table(
        "nil_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ministry_id", "month"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
    )
    op.create_index("ix_nil_report_ministry_id", "nil_report", ["ministry_id"])
    _watch(AUDITED)


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("incident_no", sa.Text(), nullable=False),
        sa.Column("kind", _term("kind", ("risk_case", "near_miss")), nullable=False),
        sa.Column("state", _term("state", STATES), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "summary", "categories", "unregistered")),
        sa.Column("grade", sa.String(length=32), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("occurred_precision", _term("occurred_precision", PRECISIONS), nullable=False),
        sa.Column("detected_on", sa.Date(), nullable=False),
        sa.Column("affected", sa.Text(), nullable=False),
        sa.Column("affected_count", sa.Integer(), nullable=True),
        sa.Column("affected_precision", _term("affected_precision", PRECISIONS), nullable=False),
        sa.Column("information", sa.String(length=32), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("containment", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("suspended_from", "suspended_to", "announced_on")),
        sa.Column("announcement", sa.Text(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("reporter_id", sa.Integer(), nullable=True),
        sa.Column("reporter", sa.Text(), nullable=False),
        *(
            sa.Column(name, MOMENT, nullable=True)
            for name in ("reported_at", "received_at", "notified_at", "closed_at")
        ),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("report_due", sa.Date(), nullable=False),
        sa.Column("notify_due", sa.Date(), nullable=False),
        sa.Column("report_late", sa.Boolean(), nullable=True),
        sa.Column("notify_late", sa.Boolean(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("ministry_id", "incident_no"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
    )
    op.create_index("ix_incident_ministry_id", "incident", ["ministry_id"])
    for order in ("detected", "updated"):
        column, last = f"{order}_{'on' if order == 'detected' else 'at'}", ("id", "state", "kind", "grade")
        op.create_index(f"ix_incident_all_{order}", "incident", [column, *last, "notified_at"])
        op.create_index(f"ix_incident_own_{order}", "incident", ["ministry_id", column, *last])
    op.create_index("ix_incident_state", "incident", ["state", "ministry_id", "notify_due"])


def _of_incident(table: str, *columns: sa.Column | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"]),
    )
    for column in ("ministry_id", "incident_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in (*reversed(AUDITED), "incident_serial"):
        op.drop_table(table)
