"""Let rounds be planned, answered, returned and corrected in the register itself."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None

UNIQUE = "uq_round_fiscal_year_number_rehearsal"
CONFIRMATION, SOURCE = "ck_submission_item_confirmation", "ck_lifecycle_event_source"
NEW_AUDITED = ("item_version", "remark", "submission_event")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
SOURCES = ("web", "import", "seed")
STATES = ("not_started", "in_progress", "in_review", "submitted", "returned", "accepted", "frozen")
CONFIRMATIONS = ("unconfirmed", "unchanged", "changed", "new", "ended", "reported")
DEEDS = (
    "fill", "declare_nil", "send", "decline", "approve", "ask", "reply", "extend", "return", "accept", "correct",
)  # fmt: skip

# What is added to a table that has rows: name, type, and what the rows that are there get (None: nothing).
ADDED = {
    "round": (
        ("rehearsal", sa.Boolean(), sa.false()),
        ("instructions", sa.Text(), ""),
        ("contact", sa.Text(), ""),
        ("version", sa.Integer(), "1"),
    ),
    "submission": (
        ("due_on", sa.Date(), None),
        ("granted", sa.Boolean(), sa.false()),
        ("late", sa.Boolean(), sa.false()),
        ("active_at", MOMENT, None),
        ("sent_by_id", sa.Integer(), None),
        ("sent_by", sa.Text(), ""),
        ("sent_at", MOMENT, None),
        ("sent_sha256", sa.String(length=64), ""),
        ("approved_by", sa.Text(), ""),
        ("approved_sha256", sa.String(length=64), ""),
        ("version", sa.Integer(), "1"),
    ),
    "submission_item": (
        ("confirmation", sa.String(length=32), "reported"),
        ("carried", JSON, "{}"),
        ("recheck", JSON, "{}"),
        ("mapping", JSON, "{}"),
        ("notes", JSON, "{}"),
        ("ended_on", sa.Date(), None),
        ("ended_reason", sa.Text(), ""),
        ("version", sa.Integer(), "1"),
    ),
}


def _term(name: str, words: Sequence[str]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _among(column: str, words: Sequence[str]) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({listed})"


def _watch(tables: Sequence[str]) -> None:
    """Set the marks of the audit; on SQLite they went with the table."""
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
    for table, columns in ADDED.items():
        with op.batch_alter_table(table) as batch:
            for name, kind, default in columns:
                batch.add_column(sa.Column(name, kind, nullable=default is None, server_default=default))
            if table == "round":
                batch.drop_constraint(op.f("uq_round_fiscal_year_number"), type_="unique")
                batch.create_unique_constraint(op.f(UNIQUE), ["fiscal_year", "number", "rehearsal"])
            if table == "submission_item":
                batch.create_check_constraint(op.f(CONFIRMATION), _among("confirmation", CONFIRMATIONS))
        with op.batch_alter_table(table) as batch:
            for name, _, default in columns:
                if default is not None:
                    batch.alter_column(name, server_default=None)
    _sources((*SOURCES, "round"))
    _tables()
    _watch([*NEW_AUDITED, *_made_anew()])


def _made_anew() -> list[str]:
    """Return the tables that SQLite made anew, so that their triggers went."""
    return [*ADDED, "lifecycle_event"] if op.get_bind().dialect.name == "sqlite" else []


def _sources(words: Sequence[str]) -> None:
    with op.batch_alter_table("lifecycle_event") as batch:
        batch.drop_constraint(op.f(SOURCE), type_="check")
        batch.create_check_constraint(op.f(SOURCE), _among("source", words))


def _tables() -> None:
    op.create_table(
        "submission_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("deed", _term("deed", DEEDS), nullable=False),
        sa.Column("to_state", _term("to_state", STATES), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
    )
    op.create_index("ix_submission_event_ministry_id", "submission_event", ["ministry_id"])
    op.create_index("ix_submission_event_submission_id", "submission_event", ["submission_id"])
    op.create_table(
        "item_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("states", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.Column("replaced_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["item_id"], ["submission_item.id"]),
        sa.UniqueConstraint("item_id", "number"),
    )
    op.create_index("ix_item_version_ministry_id", "item_version", ["ministry_id"])
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("field_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("kind", _term("kind", ("question", "finding")), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.ForeignKeyConstraint(["item_id"], ["submission_item.id"]),
        sa.ForeignKeyConstraint(["parent_id"], ["remark.id"]),
    )
    for column in ("ministry_id", "submission_id", "item_id"):
        op.create_index(f"ix_remark_{column}", "remark", [column])
    op.create_table(
        "answer_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["item_id"], ["submission_item.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.UniqueConstraint("item_id", "section", "user_id"),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
    )
    op.create_index("ix_upload_ministry_id", "upload", ["ministry_id"])
    op.create_index("ix_upload_submission", "upload", ["submission_id", "id"])


def downgrade() -> None:
    for table in ("upload", "answer_draft", "remark", "item_version", "submission_event"):
        op.drop_table(table)
    _sources(SOURCES)
    for table, columns in ADDED.items():
        with op.batch_alter_table(table) as batch:
            if table == "round":
                batch.drop_constraint(op.f(UNIQUE), type_="unique")
                batch.create_unique_constraint(op.f("uq_round_fiscal_year_number"), ["fiscal_year", "number"])
            if table == "submission_item":
                batch.drop_constraint(op.f(CONFIRMATION), type_="check")
            for name, _, _ in columns:
                batch.drop_column(name)
    _watch(_made_anew())
