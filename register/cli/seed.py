"""``flask seed``: the demo data."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from flask_security import hash_password

from register import seed as demo
from register.cli.base import reading, refusals_told, runtime, writing
from register.documents.language import speakers


@click.command("seed")
@click.option("--once", is_flag=True, help="Do nothing when the demo is already there.")
@with_appcontext
@refusals_told
def command(once: bool) -> None:
    """Load the demo data into an empty database and print the demo accounts."""
    run = runtime()
    with reading() as session:
        there = demo.is_seeded(session)
    password, accounts = demo.accounts(run.config_dir)
    if not (once and there):
        # Hashing takes its time; it is done before the write transaction opens.
        hashed = {entry["email"]: hash_password(password) for entry in accounts}
        with writing() as session:
            speak = speakers(run.settings.translations_dir)
            demo.seed(session, forms=run.forms, config_dir=run.config_dir, hashed=hashed, speak=speak)
    for entry in accounts:
        click.echo(f"  {entry['email']:28} {entry['role']:12} {entry.get('ministry', '')}")
    click.echo(f"  password: {password}")
