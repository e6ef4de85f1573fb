"""``flask reminders``: what would be told if nothing changes."""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import AppGroup

from register.authz import Actor
from register.cli.base import reading, refusals_told, runtime
from register.queries import reminder_pages as queries

DAYS = 42

group = AppGroup("reminders", help="Reminders (お知らせ) of what waits.")


@group.command("foretell")
@click.option("--days", type=click.IntRange(0, 366), default=DAYS, show_default=True, help="How many days ahead.")
@click.option("--round", "code", help="Only of this round, for example 2025-2.")
@refusals_told
def foretell(days: int, code: str | None) -> None:
    """Print who would be told what on which day if nothing changes; nothing is written."""
    run, by = runtime(), Actor.system("flask reminders foretell")
    today = run.clock.today()
    with reading() as session:
        codes = queries.codes(session)
        if code is not None and code not in codes.values():
            raise click.BadParameter(f"{code} is no round", param_hint="--round")
        entries = queries.foretold(session, by, run.reminders, run.risk, (today, today + dt.timedelta(days=days)))
        chosen = [one for one in entries if code is None or codes.get(one.subject.round_id or 0) == code]
        for day in queries.by_day(chosen, codes):
            click.echo(f"{day.on}  {day.people} people")
            for line in day.lines:
                mark = " (expected)" if line.expected else ""
                click.echo(f"  {line.stage.code} {line.round}{mark}: {line.stage.event.ja}。{line.why}")
                for ministry, names in line.people.items():
                    click.echo(f"    {ministry.ja if ministry else '-'}: {'、'.join(names)}")
