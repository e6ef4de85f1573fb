"""From the plan to the mail: queued with the planning, one a person and day, and only what is still open is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from register import workdays
from register.cli import jobs as command
from register.clock import TOKYO, FixedClock
from register.formats.tokens import opened
from register.jobs import outbox, reminders
from register.jobs.runner import Runner
from register.models import Message, Reminder, User
from register.runtime import Runtime
from register.services.outbox import Sender, message_id
from register.services.reminders import STOP_LINK
from register.vocab import MessageState, ReminderEvent, ReminderState
from tests.support.databases import Build
from tests.support.outbox import HOST
from tests.support.postbox import KEY, Alone, Postbox, listening, mailing, nothing
from tests.support.reviews import fill, hand_in
from tests.support.rounds import opened as opened_round


@pytest.fixture
def content() -> Build:
    return opened_round


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    with listening() as found:
        yield found


@pytest.fixture
def run(database_url: str, tmp_path: Path, clock: FixedClock, postbox: tuple[Postbox, int]) -> Iterator[Runtime]:
    """The runtime of a register that sends mail."""
    with mailing(database_url, tmp_path, clock, postbox[1]) as found:
        yield found


def plan(run: Runtime) -> Any:
    return reminders.make(run, Alone(), nothing)


def deliver(run: Runtime) -> Any:
    return outbox.make(run, Alone(), nothing)


def test_each_person_gets_one_mail_that_tells_why(run: Runtime, postbox: tuple[Postbox, int]) -> None:
    counts = plan(run)
    assert counts["mails"] == counts["people"] > 1
    assert deliver(run) == {"sent": counts["mails"]}
    mails = {mail["To"]: mail for mail in postbox[0].mails}
    assert len(mails) == counts["mails"]
    text = mails["reporter@example.go.jp"].get_body(("plain",)).get_content()
    with run.database.reading() as session:
        rows = session.scalars(select(Reminder).join(Reminder.user).where(User.name == "reporter")).all()
        rows = [row for row in rows if row.state is ReminderState.TOLD]
    assert all(f"https://{HOST}/inbox/{row.public_id}" in text for row in rows)
    assert "2025年度第3回" in text
    assert "提出がまだ済んでいないため" in text.replace("\n", "")


def test_nobody_else_can_name_a_mail(run: Runtime) -> None:
    plan(run)
    with run.database.reading() as session:
        rows = session.scalars(select(Message)).all()
    assert rows
    assert all(row.message_id == message_id(row.key, Sender(HOST, KEY)) for row in rows)


def test_what_is_planned_leaves_in_the_same_turn(run: Runtime, postbox: tuple[Postbox, int]) -> None:
    runner = Runner(run)
    assert command._jobs_and_chores(runner, None) is not None
    runner.close()
    with run.database.reading() as session:
        states = session.scalars(select(Message.state)).all()
    assert len(postbox[0].mails) == len(states) > 1
    assert set(states) == {MessageState.SENT}


def test_nobody_is_written_to_at_night(run: Runtime, clock: FixedClock) -> None:
    # A runner that was away at 8:30 and begins to work after midnight.
    clock.moment = dt.datetime(2025, 11, 11, 0, 10, tzinfo=TOKYO)
    assert plan(run) == {}
    clock.moment = dt.datetime(2025, 11, 11, 8, 30, tzinfo=TOKYO)
    assert plan(run)["mails"] > 0


def test_planning_again_queues_nothing(run: Runtime) -> None:
    plan(run)
    assert plan(run) == {"told": 0, "people": 0, "superseded": 0, "mails": 0, "posts": 0}
    assert deliver(run)["sent"] > 0
    assert deliver(run) == {}


def test_what_was_done_meanwhile_is_not_told(run: Runtime, postbox: tuple[Postbox, int]) -> None:
    plan(run)
    with run.database.writing() as session:
        fill(session)
        hand_in(session, "a")
    deliver(run)
    told = {mail["To"] for mail in postbox[0].mails}
    assert told == {"other@example.go.jp", "other-approver@example.go.jp"}
    with run.database.reading() as session:
        states = {row.address: row.state for row in session.scalars(select(Message))}
        assert states["reporter@example.go.jp"] is MessageState.SUPERSEDED
        # What they read in the register stays: it was true when it was told.
        assert session.scalars(select(Reminder).where(Reminder.state == ReminderState.TOLD)).all()


def test_mail_that_was_held_up_does_not_say_what_was_said_anew(
    run: Runtime, postbox: tuple[Postbox, int], clock: FixedClock
) -> None:
    # The business day before the deadline, and the deadline.
    for day in (14, 17):
        clock.moment = dt.datetime(2025, 11, day, 9, tzinfo=TOKYO)
        plan(run)
    deliver(run)
    told = [mail for mail in postbox[0].mails if mail["To"] == "reporter@example.go.jp"]
    texts = "".join(mail.get_body(("plain",)).get_content() for mail in told)
    assert texts.count("提出期限の日です") == 1
    assert "提出期限は" not in texts.replace("受付が始まりました。提出期限は", "")


def test_mail_can_be_stopped_where_the_reminder_can(run: Runtime, postbox: tuple[Postbox, int]) -> None:
    plan(run)
    deliver(run)
    mail = next(one for one in postbox[0].mails if one["To"] == "reporter@example.go.jp")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = mail["List-Unsubscribe"].strip("<>").rsplit("/", 1)[1]
    named = opened(KEY, STOP_LINK, token)
    assert set(named["events"]) == {"round_due", "round_opened"}
    assert "止められるお知らせを止める" in mail.get_body(("plain",)).get_content()


def test_mail_of_what_may_not_be_stopped_has_no_link(
    run: Runtime, postbox: tuple[Postbox, int], clock: FixedClock
) -> None:
    plan(run)
    deliver(run)
    postbox[0].mails.clear()
    # The last day before the deadline: earlier words of the same event may be stopped, these may not.
    clock.moment += workdays.add(clock.today(), 4) - clock.today()
    assert plan(run)["mails"] > 0
    deliver(run)
    with run.database.reading() as session:
        rows = session.scalars(select(Reminder).where(Reminder.day == clock.today())).all()
    assert {(row.event, row.stage) for row in rows} == {(ReminderEvent.ROUND_DUE, "due_1")}
    assert ReminderEvent.ROUND_DUE in run.reminders.stoppable
    for mail in postbox[0].mails:
        assert "List-Unsubscribe" not in mail
        assert "/reminders/stop/" not in mail.get_body(("plain",)).get_content()


def test_the_language_is_the_persons(run: Runtime, postbox: tuple[Postbox, int]) -> None:
    with run.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE \"user\" SET language = 'en' WHERE name = 'reporter'")
    plan(run)
    deliver(run)
    mail = next(one for one in postbox[0].mails if one["To"] == "reporter@example.go.jp")
    assert mail["Subject"].isascii()
    assert mail["Content-Language"] == "en"
    assert "has opened. The deadline is 17 November 2025" in mail.get_body(("plain",)).get_content()


def test_without_a_server_nothing_is_queued(run: Runtime) -> None:
    quiet = replace(run, settings=run.settings.model_copy(update={"mail_url": None}))  # type: ignore[attr-defined]
    assert plan(quiet)["mails"] == 0
    with run.database.reading() as session:
        assert session.scalars(select(Message)).all() == []
        assert session.scalars(select(Reminder)).all()
