"""``flask snapshots``: checking a file, signing what waits, ending what is over, the keys of the demo."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import true

from register import audit
from register.authz import Actor
from register.cli.base import reading, refusals_told, runtime, writing
from register.documents.checking import Outcome, check
from register.jobs import keeping
from register.models import Snapshot

group = AppGroup("snapshots", help="Check snapshots and look after them.")
BY = Actor.system("flask snapshots verify")
WORDS = {Outcome.GOOD: "OK", Outcome.BAD: "NG", Outcome.TOLD: "--"}


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@refusals_told
def verify(file: Path) -> None:
    """Check FILE against the register, one sentence per check; exit with 1 when something speaks against it."""
    with reading() as session:
        found = check(runtime(), session, file.read_bytes(), true())
        for one in found.findings:
            for number, sentence in enumerate(one.sentences):
                click.echo(f"{WORDS[one.outcome] if number == 0 else '  '} {one.asked}: {sentence}")
        row_id = found.snapshot.id if found.snapshot else None
    with writing() as session:
        row = session.get_one(Snapshot, row_id) if row_id else None
        audit.record(session, audit.Event.SNAPSHOT_CHECKED, row, by=BY, sha256=found.sha256, good=found.good)
    if not found.good:
        raise SystemExit(1)


@group.command("sign")
@refusals_told
def sign() -> None:
    """Sign the snapshots that wait for their signature; the runner tries every few minutes by itself."""
    click.echo(f"{keeping.sign_waiting(runtime())} signed")


@group.command("dispose")
@click.option("--dry-run", is_flag=True, help="Only name what would go.")
@refusals_told
def dispose(dry_run: bool) -> None:
    """Take away the files of snapshots whose term is over (config/retention.toml); the runner does it every day."""
    run = runtime()
    if dry_run:
        for name in keeping.over(run, run.clock.today()):
            click.echo(name)
        return
    click.echo(f"{keeping.dispose(run, run.clock.today())} disposed of")
