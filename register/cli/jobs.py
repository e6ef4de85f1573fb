"""``flask jobs``: the runner of slow work and of the chores."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from typing import Any

import click
from flask.cli import AppGroup

from register.cli.base import refusals_told, runtime
from register.clock import TOKYO, FixedClock
from register.db import Database
from register.errors import NotNow, say
from register.jobs.runner import Runner, serve
from register.queries import chores
from register.runtime import Runtime

group = AppGroup("jobs", help="Do the slow work that people asked for, and the chores whose time has come.")


@group.command("run")
def run() -> None:
    """Do queued jobs and due chores until SIGTERM; several may run, one works and the others stand by."""
    serve(runtime())


@group.command("once")
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="Do the chores that were due at this time (ISO 8601; in Japan where it names no zone), and no jobs.",
)
@refusals_told
def once(moment: str | None) -> None:
    """Do the jobs that wait and the chores that are due now, and end; exits with 1 when another runner works."""
    own = runtime()
    at = _as_of(own, _time(moment)) if moment else own
    with Bar() as bar:
        runner = Runner(own, told=bar.told)
        try:
            done = _jobs_and_chores(runner, None if moment is None else at)
        finally:
            runner.close()
            if at is not own:
                at.database.engine.dispose()
    if done is None:
        click.echo("another runner is working; it does the queued jobs", err=True)
        raise SystemExit(1)
    click.echo("{} jobs, {} chores".format(*done))


def _jobs_and_chores(runner: Runner, at: Runtime | None) -> tuple[int, int] | None:
    if not runner.lead():
        return None
    jobs = runner.tick() if at is None else 0
    due = [runner.due(chore, at) for chore in runner.chores if at is None or chore.replayed]
    return None if jobs is None or None in due else (jobs, sum(count or 0 for count in due))


def _as_of(run: Runtime, moment: dt.datetime) -> Runtime:
    """Return a runtime whose clock stands at ``moment``; refuse one at which nothing can safely be done any more.

    What was done later would be found undone, and a time to come would dispose of what is still to be kept: it is for a
    demo alone.
    """
    with run.database.reading() as session:
        last = chores.last_begun(session)
    if last is not None and moment < last:
        told = f"{last.astimezone(TOKYO):%Y-%m-%d %H:%M:%S}"
        raise NotNow(
            say("指定した日時より後（%(moment)s、日本時間）に、定期の処理を行った記録があります。", moment=told)
        )
    if moment > run.clock.now() and not run.settings.demo:
        raise NotNow(say("指定した日時はまだ来ていません。先の日時を指定できるのは、デモだけです。"))
    clock = FixedClock(moment)
    return replace(run, clock=clock, database=Database(run.settings.database_url, clock))


def _time(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
        local = moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)
        return local.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("ISO 8601, for example 2025-11-14T08:30", param_hint="--at") from None


class Bar:
    """Shows how far long work is, where somebody looks at a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._name = ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def told(self, name: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of the work called ``name`` are done."""
        if not sys.stderr.isatty() or not total:
            return
        if self._bar is None or (name, total) != (self._name, self._bar.length):
            self._end()
            self._name = name
            self._bar = click.progressbar(length=total, label=name, file=sys.stderr)
            self._bar.render_progress()
        self._bar.update(done - self._bar.pos)
        if done >= total:
            self._end()

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None
