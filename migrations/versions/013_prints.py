"""Keep published reports as they were printed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "013"
down_revision = "012"
branch_labels = None
depends_on = None

TABLE = "round_print"
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"]),
    )
    op.create_index("ix_round_print_round_id", TABLE, ["round_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f'CREATE TRIGGER mark_change AFTER INSERT OR UPDATE OR DELETE ON "{TABLE}" '
            "FOR EACH ROW EXECUTE FUNCTION mark_change()"
        )
        return
    for deed, row in ROWS.items():
        op.execute(
            f'CREATE TRIGGER mark_{TABLE}_{deed} AFTER {deed.upper()} ON "{TABLE}" BEGIN '
            f"INSERT INTO change_mark (table_name, pk, op) VALUES ('{TABLE}', CAST({row}.id AS TEXT), '{deed}'); "
            "END"
        )


def downgrade() -> None:
    op.drop_table(TABLE)
