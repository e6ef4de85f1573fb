"""The page of what the register does by itself, the button, and ``flask jobs once``."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from register.authz import Actor
from register.cli import jobs as command
from register.clock import FixedClock
from register.db import Database
from register.jobs.leader import leader_for
from register.jobs.runner import Runner
from register.models import JobRun
from register.services import jobs
from register.states import SCHEDULE
from register.vocab import ChoreName, RunState
from tests.support.chores import counting
from tests.support.client import Client
from tests.support.data import NOW

HOUR = dt.timedelta(hours=1)


def refused(_fence: object) -> None:
    """Fail for no known reason."""
    raise ValueError("a secret")


@pytest.fixture
def runner(app: Flask) -> Iterator[Runner]:
    """A runner that leads."""
    made = Runner(app.extensions["register"])
    made.lead()
    yield made
    made.close()


def once(app: Flask, *more: str) -> Result:
    """Run ``flask jobs once``."""
    return app.test_cli_runner().invoke(args=["jobs", "once", *more])


def told(result: Result) -> str:
    """Return what a command says in the end; the log of the chores stands before it."""
    return result.stdout.splitlines()[-1]


def slots(database: Database) -> dict[str, dt.datetime]:
    """Return for which moment each chore was done last."""
    with database.reading() as session:
        return {run.chore: run.slot for run in session.scalars(select(JobRun).order_by(JobRun.id))}


def test_the_page_tells_who_leads_and_what_was_done(client_of: Callable[[str], Client], app: Flask) -> None:
    page = client_of("auditor").get("/jobs").text
    assert "まだ一度も動いていません" in page
    assert "5分以上連絡がありません" in page
    assert page.count("まだ行っていません") == len(ChoreName)
    assert told(once(app)) == f"0 jobs, {len(ChoreName) - 2} chores"
    page = client_of("admin").get("/jobs").text
    assert "5分以上連絡がありません" not in page
    assert page.count("まだ行っていません") == 2
    assert "検証した監査記録の件数" in page
    assert "5分ごと（対象があるとき）" in page
    assert "もう一度行う" not in page
    assert told(once(app)) == "0 jobs, 0 chores"


def test_who_may_see_it_finds_it(client_of: Callable[[str], Client]) -> None:
    for name in ("secretariat", "auditor", "admin"):
        assert 'href="/jobs"' in client_of(name).get("/").text, name
    assert 'href="/jobs"' not in client_of("reporter").get("/").text
    assert client_of("approver").get("/jobs").status_code == 403


def test_a_chore_that_was_given_up_is_shown_and_tried_again(
    client_of: Callable[[str], Client], runner: Runner, database: Database, clock: FixedClock
) -> None:
    chore = counting(SCHEDULE[ChoreName.SENTINEL], refused, ChoreName.SENTINEL)
    runner.due(chore)
    page = client_of("secretariat").get("/jobs").text
    assert "失敗（再試行待ち）" in page
    assert "再試行：" in page
    for _ in range(7):
        clock.moment += HOUR
        runner.due(chore)
    page = client_of("auditor").get("/jobs").text
    assert "停止している処理が1件あります" in page
    assert "予期しない誤りが起きました" in page
    assert "secret" not in page
    assert "もう一度行う" not in page
    client = client_of("admin")
    with database.reading() as session:
        address = f"/jobs/runs/{session.scalars(select(JobRun.public_id)).one()}/again"
    assert client.submit("/jobs", button=address).status_code == 303
    runner.lead()
    assert runner.due(counting(SCHEDULE[ChoreName.SENTINEL], name=ChoreName.SENTINEL)) == 1
    with database.reading() as session:
        assert session.scalars(select(JobRun.state)).one() is RunState.DONE
    assert client.post(address).status_code in {400, 409}


def test_the_page_tells_of_jobs_that_were_asked_for_and_opens_only_ones_own(
    client_of: Callable[[str], Client], database: Database, actor: Callable[[str], Actor]
) -> None:
    with database.writing() as session:
        asked = [
            jobs.ask(session, kind="sentinel", key=name, params={}, by=actor(name))[0]
            for name in ("secretariat", "other")
        ]
        for job in asked:
            job.done, job.total = 1, 3
    page = client_of("secretariat").get("/jobs").text
    assert page.count("3件のうち1件") == 2
    assert f"/jobs/{asked[0].public_id}" in page
    assert f"/jobs/{asked[1].public_id}" not in page
    assert "other" in page


def test_a_replay_does_what_was_due_then(app: Flask, database: Database, clock: FixedClock) -> None:
    done = once(app, "--at", "2025-11-08T02:45")
    assert told(done) == "0 jobs, 5 chores"
    assert slots(database)[ChoreName.AUDIT] == dt.datetime(2025, 11, 7, 17, 30, tzinfo=dt.UTC)
    assert slots(database)[ChoreName.SENTINEL] == dt.datetime(2025, 11, 6, 18, 0, tzinfo=dt.UTC)
    assert told(once(app, "--at", "2025-11-07T18:00:00Z")) == "0 jobs, 1 chores"
    # The leader is told as it is, not as of then.
    assert app.test_client().get("/healthz").get_json()["runner"] is True


@pytest.mark.parametrize(
    ("moment", "code", "sentence"),
    [
        ("2025-11-10T09:59", 1, "指定した日時より後（2025-11-10 10:00:00、日本時間）"),
        ("2025-11-10T10:01", 1, "まだ来ていません"),
        ("tomorrow", 2, "ISO 8601"),
    ],
)
def test_a_replay_that_could_do_harm_is_refused(app: Flask, moment: str, code: int, sentence: str) -> None:
    assert once(app).exit_code == 0
    done = once(app, "--at", moment)
    assert (done.exit_code, done.stdout) == (code, "")
    assert sentence in done.stderr


def test_once_does_nothing_while_another_leads(app: Flask, database: Database, database_url: str) -> None:
    other = leader_for(database_url)
    assert other.lead()
    done = once(app)
    other.close()
    assert done.exit_code == 1
    assert "another runner" in done.stderr
    assert slots(database) == {}


def test_long_work_shows_a_bar_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for kind, shown in ((Terminal, True), (io.StringIO, False)):
        screen = kind()
        monkeypatch.setattr("sys.stderr", screen)
        with command.Bar() as bar:
            for done in range(4):
                bar.told("sentinel", done, 3)
        assert ("sentinel" in screen.getvalue() and "100%" in screen.getvalue()) is shown


def test_the_web_server_does_no_chores(app: Flask, client: Client, database: Database) -> None:
    client.get("/healthz")
    assert slots(database) == {}
    assert database.clock.now() == NOW
