"""Planning reminders, so that each person hears of each matter once; reading them, and wanting to hear less."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register import audit, workdays
from register.authz import Actor
from register.db import table_of
from register.errors import Invalid, NotNow, Say, Stale, say
from register.formspec.reminders import ReminderPlan, Stage, sides
from register.formspec.risk import RiskTerms
from register.models import Reminder, ReminderStop, Round, RoundReminder, User
from register.queries.reminder_subjects import Asked, packed
from register.queries.reminders import Entry, due, gather, stage_in
from register.states import ROUND_SETTLED
from register.vocab import ReminderEvent, ReminderState

# What the address in a mail is signed for that stops what the mail tells (formats.tokens).
STOP_LINK = "stop reminders"
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
# Rows of one statement: SQLite takes some 32,000 values.
TOGETHER = 500


@dataclass(frozen=True)
class Planned:
    """What planning added: to each person, by id, what they are newly told, and how many words were passed over.

    The rows belong to the running transaction: whatever else carries them to a person (a mail for each person and day)
    is written in the same one.
    """

    told: Mapping[int, Sequence[Reminder]] = field(default_factory=dict)
    passed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How much it was."""
        return {"told": sum(map(len, self.told.values())), "people": len(self.told), "superseded": self.passed}


def plan(session: Session, stages: ReminderPlan, terms: RiskTerms, today: dt.date) -> Planned:
    """Tell everybody what is due on ``today``; planning again, or by two at once, adds nothing.

    On a day on which offices are closed nothing is planned: it is told on the next business day.
    """
    if not workdays.is_business_day(today):
        return Planned()
    wanted = due(gather(Asked(session, today, terms), stages), today)
    told = _add(session, wanted.told, ReminderState.TOLD)
    passed = _add(session, wanted.passed, ReminderState.SUPERSEDED)
    by_person: dict[int, list[Reminder]] = defaultdict(list)
    order = {event: place for place, event in enumerate(ReminderEvent)}
    for row in sorted(told, key=lambda one: (one.user_id, order[one.event], one.day, one.id)):
        by_person[row.user_id].append(row)
    return Planned(dict(by_person), len(passed))


def _add(session: Session, entries: Sequence[Entry], state: ReminderState) -> list[Reminder]:
    """Add the rows that nobody has added yet, and return those."""
    insert, now = _INSERT[session.get_bind().dialect.name], session.info["clock"].now()
    added: list[Reminder] = []
    for some in _batches(entries):
        rows = [_values(one, state, now) for one in some]
        statement = insert(Reminder).values(rows).on_conflict_do_nothing(index_elements=["key"])
        added += session.scalars(statement.returning(Reminder))
    return added


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    # In the order of their keys: two planners at once then never wait for each other in a circle.
    ordered = sorted(entries, key=lambda one: one.key)
    return (ordered[start : start + TOGETHER] for start in range(0, len(ordered), TOGETHER))


def _values(entry: Entry, state: ReminderState, now: dt.datetime) -> dict[str, Any]:
    subject = entry.subject
    page = subject.page_for(entry.person.role.value)
    return {
        "public_id": uuid.uuid4(),
        "key": entry.key,
        "user_id": entry.person.id,
        "ministry_id": subject.ministry_id,
        "round_id": subject.round_id,
        "event": subject.event,
        "stage": entry.stage.code,
        "tone": entry.stage.tone,
        "subject": subject.key,
        "anchor": subject.anchor,
        "day": entry.day,
        "internal": subject.internal,
        "params": packed(subject.params),
        "endpoint": page.endpoint,
        "args": dict(page.args),
        "state": state,
        "planned_at": now,
        "read_at": None,
    }


def mark_read(session: Session, reminder: Reminder) -> None:
    """Note that the person has read a reminder; the first time counts."""
    reminder.read_at = reminder.read_at or session.info["clock"].now()


def mark_all_read(session: Session, *, by: Actor) -> int:
    """Note that a person has read all that they were told; return how many were new."""
    own = (Reminder.user_id == by.user_id, Reminder.state == ReminderState.TOLD, Reminder.read_at.is_(None))
    done = session.execute(update(Reminder).where(*own).values(read_at=session.info["clock"].now()))
    return int(done.rowcount)  # type: ignore[attr-defined]


def choose(session: Session, stopped: Collection[ReminderEvent], *, stages: ReminderPlan, by: Actor) -> None:
    """Let a person hear nothing of the events ``stopped``, as far as these may be stopped."""
    _one_at_a_time(session, by.user_id)
    wanted = set(stopped) & set(stages.stoppable)
    rows = {one.event: one for one in session.scalars(select(ReminderStop).where(ReminderStop.user_id == by.user_id))}
    for event in rows.keys() - wanted:
        session.delete(rows[event])
    for event in sorted(wanted - rows.keys()):
        session.add(ReminderStop(user_id=by.user_id, event=event))
    if wanted != rows.keys():
        audit.record(session, audit.Event.REMINDERS_CHOSEN, None, by=by)


def speak(session: Session, language: str, *, by: Actor) -> None:
    """Send a person's mail, and name the days of their calendars, in ``language`` (ja or en) from now on."""
    user = session.get_one(User, by.user_id)
    if user.language != language:
        user.language = language
        audit.record(session, audit.Event.USER_LANGUAGE, user, by=by)


def stop(session: Session, user: User, events: Collection[ReminderEvent], *, stages: ReminderPlan) -> None:
    """Let a person hear no more of ``events`` than they must, beside what they have stopped already."""
    _one_at_a_time(session, user.id)
    rows = session.scalars(select(ReminderStop.event).where(ReminderStop.user_id == user.id))
    choose(session, {*rows, *events}, stages=stages, by=Actor.of(user))


def _one_at_a_time(session: Session, user_id: int | None) -> None:
    """Let no other request choose for the same person at the same time: a mail program may press twice."""
    rows = table_of(User)
    session.execute(select(rows.c.id).where(rows.c.id == user_id).with_for_update())


def as_it_is(session: Session, round: Round, stages: ReminderPlan) -> dict[str, tuple[int, bool]]:
    """Return the offset of every stage of a round, and whether it is told at all."""
    rows = session.scalars(select(RoundReminder).where(RoundReminder.round_id == round.id))
    edits = {(one.round_id, one.stage): (one.offset, one.enabled) for one in rows}
    return {stage.code: stage_in(stage, edits, round.id) for stage in stages.of_rounds}


def revise(
    session: Session,
    round: Round,
    wanted: Mapping[str, tuple[int, bool]],
    *,
    seen: Mapping[str, tuple[int, bool]],
    stages: ReminderPlan,
    by: Actor,
) -> None:
    """Have the reminders of a round on other days, or not at all.

    ``seen`` is what the person had before them. Raise ``Invalid`` by the field of the form, ``Stale`` and ``NotNow``.
    """
    if round.state in ROUND_SETTLED:
        raise NotNow(say("確定した回の督促の予定は変えられません。"))
    problems = {f"offset_{one.code}": why for one in stages.of_rounds if (why := _problem(one, wanted[one.code][0]))}
    if problems:
        raise Invalid(problems)
    now = as_it_is(session, round, stages)
    if now != seen:
        raise Stale(say("ほかの人が先に保存しました。最新の内容を確認してください。"), now, 0)
    rows = {row.stage: row for row in session.scalars(select(RoundReminder).where(RoundReminder.round_id == round.id))}
    for stage in stages.of_rounds:
        row = rows.get(stage.code)
        if wanted[stage.code] == (stage.offset, True):
            if row is not None:
                session.delete(row)
            continue
        if row is None:
            row = RoundReminder(round_id=round.id, stage=stage.code)
            session.add(row)
        row.offset, row.enabled = wanted[stage.code]
    if wanted != now:
        audit.record(session, audit.Event.ROUND_REMINDERS_SET, round, by=by)


def _problem(stage: Stage, offset: int) -> Say | None:
    first, last = sides(stage.event, stage.tone)
    if first <= offset <= last:
        return None
    least, most = sorted((abs(first), abs(last)))
    return say("%(first)dから%(last)dまでの日数を入力してください。", first=least, last=most)
