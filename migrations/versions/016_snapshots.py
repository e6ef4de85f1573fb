"""Let a snapshot be of anything, signed, superseded and disposed of; keep whom a copy was handed to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "016"
down_revision = "015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
TERMS = {
    "kind": ("report", "edition", "register", "case", "incident", "receipt", "annex", "agenda", "pack"),
    "state": ("issued", "waiting", "signed", "disposed"),
    "variant": ("public", "closed"),
}
# The columns with what they hold in the rows that there are; without a default afterwards.
COLUMNS = (
    ("kind", sa.String(32), "report"),
    ("state", sa.String(32), "issued"),
    ("variant", sa.String(32), "closed"),
    ("internal", sa.Boolean(), sa.false()),
    ("series", sa.Text(), ""),
    ("subject", JSON, "{}"),
    ("title", sa.Text(), ""),
    ("ministry_id", sa.Integer(), None),
    ("edition_id", sa.Integer(), None),
    ("as_of", MOMENT, None),
    ("volume", sa.Integer(), "1"),
    ("volumes", sa.Integer(), "1"),
    ("unsigned_sha256", sa.String(64), ""),
    ("unsigned_size", sa.Integer(), "0"),
    ("audit_root", sa.String(64), ""),
    ("signed_at", MOMENT, None),
    ("supersedes_id", sa.Integer(), None),
    ("retain_until", sa.Date(), None),
    ("disposed_at", MOMENT, None),
)
POINTS = {"ministry_id": "ministry", "edition_id": "edition", "supersedes_id": "snapshot"}
INDEXES = {
    "ix_snapshot_made": ["made_at", "id"],
    "ix_snapshot_series": ["series", "id"],
    **{f"ix_snapshot_{name}": [name] for name in (*POINTS, "sha256", "unsigned_sha256")},
}
COPY_INDEXES = ("snapshot_id", "sha256", "unsigned_sha256")


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


def _made_anew() -> list[str]:
    # SQLite makes a table anew and leaves its triggers behind.
    return ["snapshot"] if op.get_bind().dialect.name == "sqlite" else []


def upgrade() -> None:
    with op.batch_alter_table("snapshot") as batch:
        for name, kind, default in COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=default is None, server_default=default))
        batch.alter_column("round_id", existing_type=sa.Integer(), nullable=True)
        for name, words in TERMS.items():
            listed = ", ".join(f"'{word}'" for word in words)
            batch.create_check_constraint(op.f(f"ck_snapshot_{name}"), f"{name} IN ({listed})")
        for name, table in POINTS.items():
            batch.create_foreign_key(op.f(f"fk_snapshot_{name}"), table, [name], ["id"])
        batch.create_unique_constraint(op.f("uq_snapshot_file_name"), ["file_name"])
    with op.batch_alter_table("snapshot") as batch:
        for name, _, default in COLUMNS:
            if default is not None:
                batch.alter_column(name, server_default=None)
    for name, columns in INDEXES.items():
        op.create_index(name, "snapshot", columns)
    op.create_table(
        "snapshot_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("handed_to", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("unsigned_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshot.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
    )
    for name in COPY_INDEXES:
        op.create_index(f"ix_snapshot_copy_{name}", "snapshot_copy", [name])
    _watch(["snapshot_copy", *_made_anew()])


def downgrade() -> None:
    op.drop_table("snapshot_copy")
    for name in INDEXES:
        op.drop_index(name, "snapshot")
    with op.batch_alter_table("snapshot") as batch:
        batch.drop_constraint(op.f("uq_snapshot_file_name"), type_="unique")
        for name in POINTS:
            batch.drop_constraint(op.f(f"fk_snapshot_{name}"), type_="foreignkey")
        for name in TERMS:
            batch.drop_constraint(op.f(f"ck_snapshot_{name}"), type_="check")
        batch.alter_column("round_id", existing_type=sa.Integer(), nullable=False)
        for name, _, _ in COLUMNS:
            batch.drop_column(name)
    _watch(_made_anew())
