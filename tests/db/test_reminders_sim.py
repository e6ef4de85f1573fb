"""Thirty days of a round of 25 ministries with ten people each: the ledger foretold is what was told and mailed."""

from __future__ import annotations

import base64
import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from register import workdays
from register.authz import Actor
from register.clock import TOKYO, FixedClock
from register.jobs import outbox, reminders
from register.models import Message, Ministry, Reminder, Submission, User
from register.queries.reminder_pages import foretold
from register.runtime import Runtime
from register.services import chores
from register.states import SCHEDULE
from register.vocab import ChoreName, MessageState, ReminderState
from tests.support.databases import Build
from tests.support.lived_round import (
    DEEDS,
    EACH,
    MINISTRIES,
    OPENS,
    PLANNED,
    QUIET,
    SECRETARIAT,
    Desk,
    Over,
    act,
    approvers,
    open_round,
    running,
    scheduled,
)
from tests.support.outbox import HOST
from tests.support.postbox import Alone, Postbox, listening, mailing, nothing

DAYS = 30
LAST = OPENS + dt.timedelta(days=DAYS - 1)
SEED = 7
BY = Actor.system("tests")
# Before the day's planning, between it and the mail, and after both.
EARLY, PLANNING, BETWEEN, MAILING, LATER = (dt.time(7), dt.time(8, 30), dt.time(8, 31), dt.time(8, 45), dt.time(14))
LINK = re.compile(rf"https://{re.escape(HOST)}/inbox/([0-9a-f-]{{36}})")
# That a person hears of a matter on a day; the key names the person, the matter and the stage.
Word = tuple[dt.date, str]


@pytest.fixture
def content() -> Build:
    return scheduled


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    with listening() as found:
        yield found


@pytest.fixture
def life(database_url: str, tmp_path: Path, clock: FixedClock, postbox: tuple[Postbox, int]) -> Iterator[Life]:
    """The round on the day on which it is only planned."""
    clock.moment = dt.datetime.combine(PLANNED, EARLY, TOKYO)
    with mailing(database_url, tmp_path, clock, postbox[1]) as run:
        yield Life(run, clock, postbox[0])


class Life:
    """A round that is lived through, with what was foretold of it and what became of that."""

    def __init__(self, run: Runtime, clock: FixedClock, box: Postbox) -> None:
        self.run, self.clock, self.box = run, clock, box
        self.chance = random.Random(SEED)
        with run.database.reading() as session:
            self.ministries = {one.id: one.key for one in session.scalars(select(Ministry))}
            returns = session.scalars(select(Submission).where(Submission.round_id == running(session).id))
            self.submissions = {self.ministries[one.ministry_id]: one.id for one in returns}
        # What is foretold of each ministry's matters since its last deed, and what was on the first day.
        self.ahead = self.foretell()
        self.first = dict(self.ahead)
        self.over: list[Over] = []
        self.counts = Counter[str]()
        self.names = Counter[str]()
        # What the mails said, and the names that they carried.
        self.mailed: set[Word] = set()
        self.message_ids: list[str] = []

    def at(self, day: dt.date, hour: dt.time, seconds: int = 0) -> None:
        self.clock.moment = dt.datetime.combine(day, hour, TOKYO) + dt.timedelta(seconds=seconds)

    def foretell(self) -> dict[str, set[Word]]:
        """Return what the pages foretell now, by the ministry that it is about."""
        days = (self.clock.today(), LAST)
        with self.run.database.reading() as session:
            entries = foretold(session, BY, self.run.reminders, self.run.risk, days)
        assert {one.subject.expected for one in entries} <= {self.clock.today() < OPENS}
        found = {key: set[Word]() for key in self.ministries.values()}
        for one in entries:
            found[self.ministries[one.subject.ministry_id or 0]].add((one.told_on, one.key))
        assert sum(map(len, found.values())) == len(entries)
        return found

    def look_again(self, touched: Mapping[str, list[Over]]) -> None:
        """Foretell anew: where nothing was done it is the same as ever, elsewhere what is over is gone."""
        now = self.foretell()
        for key, words in now.items():
            if key not in touched:
                assert words == self.ahead[key]
            assert not [word for word in words for over in touched.get(key, ()) if over.holds(word[1])]
            self.counts["cancelled"] += len(self.ahead[key] - words)
        self.ahead = now

    def deeds(self, day: dt.date, hour: dt.time) -> list[Over]:
        """Let a few ministries do something, then look at what is foretold of them; return what is over."""
        share = 0.12 if workdays.is_business_day(day) else 0.04
        acting = [key for key in self.ministries.values() if key not in QUIET and self.chance.random() < share]
        if not acting:
            return []
        touched: dict[str, list[Over]] = {}
        with self.run.database.writing() as session:
            for key in acting:
                # Each at a second of the day of its own: it is by this that two requests for approval are told apart.
                self.at(day, hour, self.names.total())
                name, touched[key] = act(Desk(session, key, self.chance, self.run.reminders))
                self.names[name] += 1
                session.flush()
        self.look_again(touched)
        over = [one for some in touched.values() for one in some]
        self.over += [one for one in over if one.lasts]
        return over

    def plan(self) -> Mapping[str, int]:
        """Plan the day as the runner does; the pages know by its row that it is done."""
        name, database = ChoreName.REMINDERS, self.run.database
        with database.writing() as session:
            begun = chores.begin(session, name, SCHEDULE[name].slot(self.clock.now()), Alone.number)
        assert begun is not None
        counts = reminders.make(self.run, Alone(), nothing)
        with database.writing() as session:
            chores.finish(session, begun, counts)
        return counts

    def wait(self) -> None:
        """Let the days pass on which the round is only planned, and open it: all is foretold, and nothing is told."""
        for number in range((OPENS - PLANNED).days):
            day = PLANNED + dt.timedelta(days=number)
            self.at(day, PLANNING)
            self.look_again({})
            assert self.plan()["told"] == 0
            assert outbox.make(self.run, Alone(), nothing) == {}
        self.at(OPENS, EARLY)
        with self.run.database.writing() as session:
            open_round(session)
        self.look_again({})

    def live(self, day: dt.date) -> None:
        """Live through one day: what is foretold in the morning is told, and mailed where it is not over by then."""
        self.deeds(day, EARLY)
        self.at(day, PLANNING)
        self.look_again({})
        words = {word for some in self.ahead.values() for word in some if word[0] == day}
        assert workdays.is_business_day(day) or not words
        counts = self.plan()
        told = self.told(day)
        assert set(told.values()) == words
        assert counts["told"] == len(told) == len(words)
        self.ahead = {key: some - words for key, some in self.ahead.items()}
        assert not [key for _, key in words for over in self.over if over.holds(key)]
        between = self.deeds(day, BETWEEN)
        self.at(day, MAILING)
        self.box.mails.clear()
        ended = outbox.make(self.run, Alone(), nothing)
        wanted = {word for word in words if not any(over.holds(word[1]) for over in between)}
        assert self.mails(day, told) == wanted
        assert set(ended) <= {"sent", "superseded"}
        assert ended.get("sent", 0) == len(self.box.mails)
        assert ended.get("superseded", 0) == counts["people"] - len(self.box.mails)
        assert outbox.make(self.run, Alone(), nothing) == {}
        self.counts.update(foretold=len(words), told=len(told), lapsed=len(words - wanted), mails=len(self.box.mails))
        self.deeds(day, LATER)

    def told(self, day: dt.date) -> dict[str, Word]:
        """Return what was told on ``day``, by the address of its page; each word stands in one row."""
        rows = select(Reminder.public_id, Reminder.key).where(
            Reminder.state == ReminderState.TOLD, Reminder.planned_at == self.clock.moment
        )
        with self.run.database.reading() as session:
            return {str(public_id): (day, key) for public_id, key in session.execute(rows)}

    def mails(self, day: dt.date, told: Mapping[str, Word]) -> set[Word]:
        """Return what the mails of ``day`` say: one to each person, of nothing but what that person is told."""
        with self.run.database.reading() as session:
            ids = {email: number for number, email in session.execute(select(User.id, User.email))}
        said, people = list[Word](), list[str]()
        for mail in self.box.mails:
            assert mail["Date"].datetime.astimezone(TOKYO).date() == day
            people.append(mail["To"])
            self.message_ids.append(mail["Message-ID"])
            words = [told[link] for link in links(mail)]
            assert {int(key.rsplit("|", 1)[1]) for _, key in words} == {ids[people[-1]]}
            said += words
        assert len(people) == len(set(people))
        assert len(said) == len(set(said))
        self.mailed |= set(said)
        return set(said)

    def figures(self) -> str:
        """Return how much it was, in words."""
        counts, people = self.counts, MINISTRIES * EACH
        return (
            f"{MINISTRIES} ministries, {people} people and {SECRETARIAT} of the secretariat, {DAYS} days, "
            f"{self.names.total()} deeds of {len(self.names)} kinds: foretold {counts['foretold']}, told {counts['told']}, "
            f"mails {counts['mails']}, cancelled before the day {counts['cancelled']} and before the mail "
            f"{counts['lapsed']}, duplicates 0"
        )


def links(mail: EmailMessage) -> list[str]:
    """Return which rows a mail leads to; its text, its page and the number in its subject agree."""
    text, page = (base64.b64decode(part.get_payload()).decode() for part in mail.iter_parts())
    found = LINK.findall(text)
    assert LINK.findall(page) == found
    assert re.findall(r"\d+", mail["Subject"]) == [str(len(found))]
    return found


def test_what_the_ledger_foretold_is_what_was_sent(
    life: Life, database_kind: str, record_property: Callable[[str, object], None]
) -> None:
    life.wait()
    for number in range(DAYS):
        life.live(OPENS + dt.timedelta(days=number))
    assert set(life.names) == {deed.__name__ for deed in DEEDS}
    once(life)
    nobody_acted(life)
    record_property("figures", f"reminders, {database_kind}: {life.figures()}")


def once(life: Life) -> None:
    """Check what is stored in the end: every row and every mail is one of those that were looked at, and is there once."""
    with life.run.database.reading() as session:
        told = session.scalars(select(Reminder.key).where(Reminder.state == ReminderState.TOLD)).all()
        rows = session.execute(select(Message.message_id, Message.user_id, Message.day, Message.state)).all()
    assert len(set(told)) == len(told) == life.counts["told"]
    assert {row.state for row in rows} <= {MessageState.SENT, MessageState.SUPERSEDED}
    sent = [row for row in rows if row.state is MessageState.SENT]
    assert sorted(row.message_id for row in sent) == sorted(life.message_ids)
    assert len({row.message_id for row in rows}) == len({(row.user_id, row.day) for row in rows}) == len(rows)
    assert all(workdays.is_business_day(row.day) for row in rows)


def nobody_acted(life: Life) -> None:
    """Check the ministries that did nothing: on the first day it was known what each would hear in all the days."""
    about = {f"|submission:{number}|": key for key, number in life.submissions.items() if key in QUIET}
    for mark, key in about.items():
        heard = {word for word in life.mailed if mark in word[1]}
        assert heard == life.first[key]
        head = approvers(int(key[1:]))
        stages = Counter(word[1].split("|")[3] for word in heard)
        assert stages == expected(EACH - head, head)


def expected(reporters: int, heads: int) -> dict[str, int]:
    """Return by hand how often each stage comes in the 30 days to a ministry whose people do nothing."""
    everybody = reporters + heads
    return {
        "opened": everybody,
        "due_10": reporters,
        "due_5": everybody,
        "due_1": everybody,
        "due_today": everybody,
        # 21 and 27 November, 2 December; 25 and 28 November, 3 December; 26 November and 3 December.
        "overdue": 3 * reporters,
        "overdue_approver": 3 * heads,
        "overdue_secretariat": 2 * SECRETARIAT,
    }
