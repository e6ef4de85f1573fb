"""``flask sentinel``: the consistency check."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from register.authz import Actor
from register.cli.base import refusals_told, runtime, writing
from register.jobs.sentinel import sweep
from register.services import sentinel
from register.vocab import QuestionDeed

group = AppGroup("sentinel", help="Check whether what the register holds agrees with itself.")
# What a check does, in the words of the command.
TOLD = {
    QuestionDeed.ASK: "asked",
    QuestionDeed.REOPEN: "reopened",
    QuestionDeed.REVISE: "brought up to date",
    QuestionDeed.SETTLE: "settled",
}


@group.command("run")
@refusals_told
def run() -> None:
    """Look at every case, incident and AI system, and ask the ministries about what does not agree."""
    by = Actor.system("flask sentinel run")
    outcome = sweep(runtime(), by, lambda _looked: None)
    with writing() as session:
        sentinel.conclude(session, outcome.tally, outcome.looked, by=by)
    click.echo(f"looked at: {outcome.looked}")
    click.echo("questions " + ", ".join(f"{word}: {outcome.tally[deed]}" for deed, word in TOLD.items()))
