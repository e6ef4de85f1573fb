"""``flask jobs``: the runner of slow work."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from register.cli.base import refusals_told, runtime
from register.jobs.runner import Runner, serve

group = AppGroup("jobs", help="Do the slow work that people asked for.")


@group.command("run")
def run() -> None:
    """Do queued jobs until SIGTERM; several may run, one works and the others stand by."""
    serve(runtime())


@group.command("once")
@refusals_told
def once() -> None:
    """Do the jobs that wait now and end; exits with 1 when another runner works."""
    runner = Runner(runtime())
    try:
        done = runner.tick()
    finally:
        runner.close()
    if done is None:
        click.echo("another runner is working; it does the queued jobs", err=True)
        raise SystemExit(1)
    click.echo(f"{done} jobs")
