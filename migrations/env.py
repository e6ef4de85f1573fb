"""Alembic's entry: runs the revisions on the connection that ``register.migrate`` hands over, in one transaction."""

from alembic import context

from register.models import Ministry

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Ministry.metadata,
    # Both databases take DDL inside a transaction: a killed upgrade leaves the old schema, never half of the new one.
    transactional_ddl=True,
)
with context.begin_transaction():
    if connection.dialect.name == "postgresql":
        # A migration that waits for a lock would make every request behind it wait too.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
    context.run_migrations()
