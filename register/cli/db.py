"""``flask db``: the schema of the database."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from register import migrate
from register.cli.base import refusals_told, runtime

group = AppGroup("db", help="Create, upgrade and inspect the database's schema.")


@group.command("upgrade")
@click.argument("revision", default="head")
@refusals_told
def upgrade(revision: str) -> None:
    """Bring the database to REVISION (default: the newest); creates an empty one."""
    run = runtime()
    migrate.upgrade(run.database.engine, run.settings.migrations_dir, revision)
    click.echo(f"database at revision {migrate.current(run.database.engine)}")


@group.command("downgrade")
@click.argument("revision")
@click.confirmation_option(prompt="Tables and their content may be lost. Go on?")
@refusals_told
def downgrade(revision: str) -> None:
    """Take the database back to REVISION; `base` empties it."""
    run = runtime()
    migrate.downgrade(run.database.engine, run.settings.migrations_dir, revision)
    click.echo(f"database at revision {migrate.current(run.database.engine)}")


@group.command("current")
@refusals_told
def current() -> None:
    """Print the database's revision and the newest one; exits with 1 when they differ."""
    run = runtime()
    have, want = migrate.current(run.database.engine), migrate.newest(run.settings.migrations_dir)
    click.echo(f"database {have}, newest {want}")
    raise SystemExit(0 if have == want else 1)
