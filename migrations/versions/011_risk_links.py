"""Tie referrals to their judgment, let notices reach more ministries, and find incidents that fell silent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "011"
down_revision = "010"
branch_labels = None
depends_on = None

DEEDS = ("edit", "ask", "clear", "refuse", "issue", "close", "withdraw", "answer", "reopen", "confirm")
DEED = "ck_notice_event_deed"
JUDGMENT = "fk_referral_package_assessment_id"
STATE = "ix_incident_state"
ORDER = ["state", "ministry_id", "notify_due"]
# SQLite makes a table anew to change a constraint, and its triggers go with the old one.
MADE_ANEW = ("referral_package", "notice_event")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


def upgrade() -> None:
    with op.batch_alter_table("referral_package") as batch:
        batch.add_column(sa.Column("assessment_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f(JUDGMENT), "assessment", ["assessment_id"], ["id"])
        batch.create_index("ix_referral_package_assessment_id", ["assessment_id"])
    op.add_column("notice_recipient", sa.Column("due_on", sa.Date(), nullable=True))
    _deeds((*DEEDS[:5], "extend", *DEEDS[5:]))
    op.drop_index(STATE, "incident")
    op.create_index(STATE, "incident", [*ORDER, "grade", "heard_at", "notified_at"])
    _watch()


def downgrade() -> None:
    op.drop_index(STATE, "incident")
    op.create_index(STATE, "incident", ORDER)
    _deeds(DEEDS)
    op.drop_column("notice_recipient", "due_on")
    with op.batch_alter_table("referral_package") as batch:
        batch.drop_index("ix_referral_package_assessment_id")
        batch.drop_constraint(op.f(JUDGMENT), type_="foreignkey")
        batch.drop_column("assessment_id")
    _watch()


def _deeds(words: Sequence[str]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    with op.batch_alter_table("notice_event") as batch:
        batch.drop_constraint(op.f(DEED), type_="check")
        batch.create_check_constraint(op.f(DEED), f"deed IN ({listed})")


def _watch() -> None:
    """Set the marks of the audit on what SQLite made anew."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in MADE_ANEW:
        for deed, row in ROWS.items():
            op.execute(
                f'CREATE TRIGGER mark_{table}_{deed} AFTER {deed.upper()} ON "{table}" BEGIN '
                f"INSERT INTO change_mark (table_name, pk, op) VALUES ('{table}', CAST({row}.id AS TEXT), '{deed}'); "
                "END"
            )
