"""Let the database watch itself: marks of every audited change, and an audit that nobody rewrites."""

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None

AUDITED = (
    "ai_system",
    "form_version",
    "lifecycle_event",
    "ministry",
    "round",
    "snapshot",
    "submission",
    "submission_item",
    "use_case",
    "user",
)
ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
# An entry may never change; the clear text beside it may be purged by law, but not exchanged.
FORBIDDEN = {"audit_entry": ("update", "delete"), "audit_clear": ("update",)}
# A downgrade keeps the head beside the entries, so that a chain can be continued after the next upgrade.
FIRST_HEAD = """
INSERT INTO audit_head (id, seq, hash) SELECT 1, 0, :genesis WHERE NOT EXISTS (SELECT 1 FROM audit_head)
"""

POSTGRESQL_FUNCTIONS = """
CREATE FUNCTION mark_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row_id text;
BEGIN
  IF TG_OP = 'DELETE' THEN row_id := OLD.id; ELSE row_id := NEW.id; END IF;
  INSERT INTO change_mark (table_name, pk, op, txid)
  VALUES (TG_TABLE_NAME, row_id, lower(TG_OP), pg_current_xact_id()::text::bigint);
  RETURN NULL;
END $$;
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
"""


def upgrade() -> None:
    op.execute(sa.text(FIRST_HEAD).bindparams(genesis="0" * 64))
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgresql()
    else:
        _upgrade_sqlite()


def _upgrade_postgresql() -> None:
    op.execute(POSTGRESQL_FUNCTIONS)
    for table in AUDITED:
        op.execute(
            f'CREATE TRIGGER mark_change AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION mark_change()"
        )
    for table, deeds in FORBIDDEN.items():
        op.execute(
            f"CREATE TRIGGER refuse_change BEFORE {' OR '.join(deeds).upper()} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _upgrade_sqlite() -> None:
    for table in AUDITED:
        for deed, row in ROWS.items():
            op.execute(
                f'CREATE TRIGGER mark_{table}_{deed} AFTER {deed.upper()} ON "{table}" BEGIN '
                f"INSERT INTO change_mark (table_name, pk, op) VALUES ('{table}', CAST({row}.id AS TEXT), '{deed}'); "
                "END"
            )
    for table, deeds in FORBIDDEN.items():
        for deed in deeds:
            op.execute(
                f"CREATE TRIGGER refuse_{table}_{deed} BEFORE {deed.upper()} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in AUDITED:
        for name in ["mark_change"] if postgresql else [f"mark_{table}_{deed}" for deed in ROWS]:
            op.execute(f"DROP TRIGGER {name}" + (f' ON "{table}"' if postgresql else ""))
    for table, deeds in FORBIDDEN.items():
        names = ["refuse_change", "refuse_truncate"] if postgresql else [f"refuse_{table}_{deed}" for deed in deeds]
        for name in names:
            op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION mark_change(); DROP FUNCTION refuse_change()")
