"""Keep editions of reports, and what of a case is public."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "015"
down_revision = "014"
branch_labels = None
depends_on = None

AUDITED = ("disclosure", "edition")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
PARTS = ("case", "title", "purpose", "goal_text")
LEVELS = ("public", "partly", "closed")
GROUNDS = ("1", "1-2", "2", "3", "4", "5", "6")
DISCLOSURES = ("proposed", "decided", "declined")
EDITIONS = ("draft", "checked", "approved", "published", "superseded", "discarded")
# An edition in one of these states says for good what it says.
FINAL = "('published', 'superseded')"


def _term(name: str, words: Sequence[str]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _person(deed: str, *, required: bool = False) -> tuple[sa.Column, ...]:
    return sa.Column(f"{deed}_at", MOMENT, nullable=not required), _text(f"{deed}_by")


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


def _keep_published() -> None:
    """Refuse every change of what a published edition says."""
    final = f"(SELECT state FROM edition WHERE id = OLD.edition_id) IN {FINAL}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION keep_published() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {final} THEN RAISE EXCEPTION 'a published edition never changes'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER keep_published BEFORE UPDATE OR DELETE ON edition_text "
            "FOR EACH ROW EXECUTE FUNCTION keep_published()"
        )
        return
    for deed in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER keep_published_{deed} BEFORE {deed.upper()} ON edition_text WHEN {final} BEGIN "
            "SELECT RAISE(ABORT, 'a published edition never changes'); END"
        )


def upgrade() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("ministry_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("use_case_id", sa.Integer(), nullable=False),
        sa.Column("part", _term("part", PARTS), nullable=False),
        sa.Column("level", _term("level", LEVELS), nullable=False),
        sa.Column("ground", _term("ground", GROUNDS), nullable=True),
        _text("public_text"),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("state", _term("state", DISCLOSURES), nullable=False),
        *_person("proposed", required=True),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        *_person("decided"),
        _text("word"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("use_case_id", "part"),
        sa.ForeignKeyConstraint(["ministry_id"], ["ministry.id"]),
        sa.ForeignKeyConstraint(["use_case_id"], ["use_case.id"]),
    )
    op.create_index("ix_disclosure_ministry_id", "disclosure", ["ministry_id"])
    op.create_index("ix_disclosure_state", "disclosure", ["state"])
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", _term("state", EDITIONS), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        _text("note"),
        sa.Column("examples", JSON, nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("answers_sha256", sa.String(length=64), nullable=False),
        sa.Column("hands", JSON, nullable=False),
        _text("author"),
        *_person("checked"),
        *_person("approved"),
        *_person("published"),
        _text("word"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("round_id", "number"),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"]),
        sa.ForeignKeyConstraint(["supersedes_id"], ["edition.id"]),
    )
    op.create_index("ix_edition_state", "edition", ["state"])
    op.create_table(
        "edition_text",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("variant", _term("variant", ("public", "closed")), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "variant", "language"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"]),
    )
    _watch(AUDITED)
    _keep_published()


def downgrade() -> None:
    op.drop_table("edition_text")
    op.drop_table("edition")
    op.drop_table("disclosure")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION keep_published()")
