"""Let high-risk judgments (高リスク判定) be drafted, decided and superseded, with the flag that they set."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None

AUDITED = ("assessment", "assessment_event", "high_risk_flag")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
STATES = ("draft", "proposed", "decided", "superseded", "withdrawn")
DEEDS = ("edit", "propose", "send_back", "decide", "supersede", "withdraw")
RESULTS = ("not_high", "possible_high", "undetermined")


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
    _assessment()
    op.create_table(
        "assessment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("deed", _term("deed", DEEDS), nullable=False),
        sa.Column("to_state", _term("to_state", STATES), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"]),
    )
    op.create_index("ix_assessment_event_ministry_id", "assessment_event", ["ministry_id"])
    op.create_index("ix_assessment_event_assessment_id", "assessment_event", ["assessment_id"])
    op.create_table(
        "high_risk_flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("use_case_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("raised_by_id", sa.Integer(), nullable=False),
        sa.Column("lowered_by_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["use_case_id"], ["use_case.id"]),
        sa.ForeignKeyConstraint(["raised_by_id"], ["assessment.id"]),
        sa.ForeignKeyConstraint(["lowered_by_id"], ["assessment.id"]),
    )
    op.create_index("ix_high_risk_flag_ministry_id", "high_risk_flag", ["ministry_id"])
    op.create_index("ix_high_risk_flag_case", "high_risk_flag", ["use_case_id", "until"])
    _watch(AUDITED)


def _assessment() -> None:
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("use_case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form_version_id", sa.Integer(), nullable=False),
        sa.Column("state", _term("state", STATES), nullable=False),
        *(sa.Column(name, JSON, nullable=False) for name in ("causes", "answers", "reasons", "evidence")),
        sa.Column("suggested", _term("suggested", RESULTS), nullable=False),
        *(
            sa.Column(f"fact_{name}", sa.String(length=32), nullable=True)
            for name in ("user_scope", "confidentiality", "usage_type", "stage")
        ),
        sa.Column("fact_system_id", sa.Integer(), nullable=True),
        sa.Column("fact_model", sa.Text(), nullable=False),
        sa.Column("fact_incidents", sa.Integer(), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("decision", _term("decision", RESULTS), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("review_due", sa.Date(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("use_case_id", "number"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["use_case_id"], ["use_case.id"]),
        sa.ForeignKeyConstraint(["form_version_id"], ["form_version.id"]),
    )
    op.create_index("ix_assessment_ministry_id", "assessment", ["ministry_id"])
    op.create_index("ix_assessment_case_state", "assessment", ["use_case_id", "state"])
    op.create_index("ix_assessment_own_state", "assessment", ["ministry_id", "state", "review_due"])
    op.create_index("ix_assessment_decided", "assessment", ["decided_at", "id", "state"])
    # At most one judgment of a case is under way, and at most one holds.
    for name, states in (("open", "'draft', 'proposed'"), ("holds", "'decided'")):
        condition = sa.text(f"state IN ({states})")
        op.create_index(
            f"uq_assessment_case_{name}",
            "assessment",
            ["use_case_id"],
            unique=True,
            sqlite_where=condition,
            postgresql_where=condition,
        )


def downgrade() -> None:
    for table in reversed(AUDITED):
        op.drop_table(table)
