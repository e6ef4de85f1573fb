"""The ledger of reminders: who will be told of what on which day, computed from what is open and nothing else.

``gather`` reads in a fixed number of statements; everything after it is computing, and asks no clock.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import or_, select

from register import workdays
from register.formspec.reminders import ReminderPlan, Stage
from register.models import Reminder, ReminderStop, Round, RoundReminder, User
from register.queries.reminder_events import subjects
from register.queries.reminder_subjects import Asked, Subject, stage_day
from register.states import ROUND_RUNNING
from register.vocab import MINISTRY_ROLES, ReminderAudience, ReminderEvent, ReminderState, ReminderTone, Role

# What should have been told longer ago is no news, and is not recorded as passed over either.
BACK = dt.timedelta(days=31)
# Rows that may still say that something was told; those of running rounds are known however old they are.
KNOWN = dt.timedelta(days=92)
# One matter of one person: of its reminders only the newest counts.
Thread = tuple[ReminderEvent, str, dt.date, int]
ROLES = {Role(audience.value): audience for audience in ReminderAudience if audience is not ReminderAudience.PERSON}


@dataclass(frozen=True)
class Person:
    """Somebody who can be told something."""

    id: int
    name: str
    role: Role
    ministry_id: int | None


@dataclass(frozen=True)
class Entry:
    """That a person is to hear of a subject: ``day`` is the stage's own, ``told_on`` when they will hear of it."""

    day: dt.date
    stage: Stage
    subject: Subject
    person: Person
    occurrence: int
    order: int
    told_on: dt.date

    @property
    def thread(self) -> Thread:
        return (*self.subject.matter, self.person.id)

    @property
    def key(self) -> str:
        """What makes it this one for ever; not the offset, so that nobody is told again when the plan is changed."""
        event, subject, anchor = self.subject.matter
        return f"{event.value}|{subject}|{anchor}|{self.stage.code}|{self.occurrence}|{self.person.id}"

    @property
    def age(self) -> tuple[dt.date, int]:
        """Its place among the words of one thread."""
        return self.day, self.order


@dataclass(frozen=True)
class Facts:
    """All that the ledger is computed from; ``edits``: the stages that a round has otherwise, as offset and on/off."""

    plan: ReminderPlan
    subjects: Sequence[Subject]
    people: Sequence[Person]
    stops: frozenset[tuple[int, ReminderEvent]] = frozenset()
    edits: Mapping[tuple[int, str], tuple[int, bool]] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    told: Mapping[Thread, dt.date] = field(default_factory=dict)

    @cached_property
    def staff(self) -> Mapping[tuple[ReminderAudience, int | None], tuple[Person, ...]]:
        """The people of each role, by their ministry."""
        found: dict[tuple[ReminderAudience, int | None], list[Person]] = defaultdict(list)
        for person in self.people:
            if person.role in ROLES:
                found[ROLES[person.role], person.ministry_id].append(person)
        return {key: tuple(people) for key, people in found.items()}


@dataclass(frozen=True)
class Due:
    """What is to be told on a day, and what came before it and is passed over."""

    told: Sequence[Entry]
    passed: Sequence[Entry]


def gather(asked: Asked, plan: ReminderPlan) -> Facts:
    """Read all that the ledger is computed from, in a fixed number of statements whatever there is."""
    session = asked.session
    columns: tuple[Any, ...] = (User.id, User.name, User.role, User.ministry_id)
    people = select(*columns).where(User.active.is_(True)).order_by("id")
    running = select(Round.id).where(Round.state.in_(ROUND_RUNNING))
    rows = select(
        Reminder.key, Reminder.event, Reminder.subject, Reminder.anchor, Reminder.user_id, Reminder.day, Reminder.state
    ).where(or_(Reminder.day >= asked.today - KNOWN, Reminder.round_id.in_(running)), *asked.own(Reminder.ministry_id))
    keys, told = set(), dict[Thread, dt.date]()
    for key, event, subject, anchor, user_id, day, state in session.execute(rows):
        keys.add(key)
        if state is ReminderState.TOLD:
            thread = (event, subject, anchor, user_id)
            told[thread] = max(day, told.get(thread, day))
    stops = session.execute(select(ReminderStop.user_id, ReminderStop.event))
    edits = session.scalars(select(RoundReminder))
    return Facts(
        plan,
        subjects(asked),
        [Person(*row) for row in session.execute(people)],
        frozenset((row[0], row[1]) for row in stops),
        {(one.round_id, one.stage): (one.offset, one.enabled) for one in edits},
        frozenset(keys),
        told,
    )


def ledger(facts: Facts, first: dt.date, last: dt.date) -> list[Entry]:
    """Return what will be told from ``first`` to ``last`` if nothing changes, by day; ``first`` is today or later.

    What was missed before ``first`` is told on the first business day from then on. What waits for somebody's deed
    (``expected``) is in it, as if that were done in time.
    """
    begins = workdays.on_or_after(first)
    if begins > last:
        return []
    now = due(facts, begins, expected=True).told
    later = _newest(_scheduled(facts, begins + workdays.DAY, last))
    # Of what comes on a day, what was told already on a later one is passed over.
    new = [one for one in later if one.key not in facts.keys and one.day > facts.told.get(one.thread, dt.date.min)]
    return sorted([*now, *new], key=lambda one: (one.told_on, one.subject.event.value, one.order, one.key))


def due(facts: Facts, today: dt.date, *, expected: bool = False) -> Due:
    """Return what is to be told on ``today``, a business day: of each thread the newest word, once.

    Earlier words that nobody heard are passed over, and so is everything older than what was told already.
    """
    threads: dict[Thread, list[Entry]] = defaultdict(list)
    for one in _scheduled(facts, today - BACK, today):
        if expected or not one.subject.expected:
            threads[one.thread].append(_on(one, today))
    told, passed = list[Entry](), list[Entry]()
    for thread, entries in threads.items():
        newest = max(entries, key=lambda one: one.age)
        fresh = newest.key not in facts.keys and newest.day > facts.told.get(thread, dt.date.min)
        told += [newest] if fresh else []
        passed += [one for one in entries if one.key not in facts.keys and not (fresh and one is newest)]
    return Due(told, passed)


def stage_in(stage: Stage, edits: Mapping[tuple[int, str], tuple[int, bool]], round_id: int | None) -> tuple[int, bool]:
    """Return the offset of a stage and whether it is told at all, as a round has it."""
    return edits.get((round_id or 0, stage.code), (stage.offset, True))


@lru_cache(maxsize=8192)
def occurrences(
    anchor: dt.date, offset: int, tone: ReminderTone, repeat: int, first: dt.date, last: dt.date
) -> tuple[tuple[int, dt.date], ...]:
    """Return the days of a stage from ``first`` to ``last``, each with how often it came before."""
    number, day, found = 0, stage_day(anchor, offset, tone), []
    while day <= last:
        if day >= first:
            found.append((number, day))
        if not repeat:
            break
        number, day = number + 1, workdays.add(day, repeat)
    return tuple(found)


def audience(facts: Facts, subject: Subject, stage: Stage) -> Iterable[Person]:
    """Return the people whom a stage of a subject addresses, as they are now: who has left hears nothing more."""
    wanted = stage.audience if subject.roles is None else stage.audience & subject.roles
    named = [one for one in facts.people if one.id in subject.people] if ReminderAudience.PERSON in wanted else []
    for role in sorted(wanted - {ReminderAudience.PERSON}):
        place = None if role is ReminderAudience.SECRETARIAT else subject.ministry_id
        named += facts.staff.get((role, place), ())
    return {one.id: one for one in named if _knows(one, subject)}.values()


def _knows(person: Person, subject: Subject) -> bool:
    """Tell whether a person may know of the subject, and do what it asks for."""
    inside = person.role in MINISTRY_ROLES and person.ministry_id == subject.ministry_id
    return person.id not in subject.without and (inside or (person.role not in MINISTRY_ROLES and not subject.internal))


def _scheduled(facts: Facts, first: dt.date, last: dt.date) -> Iterator[Entry]:
    """Yield every word of the plan from ``first`` to ``last``, told or not."""
    for subject in facts.subjects:
        until = min(last, subject.until or last)
        for order, stage in enumerate(facts.plan.by_event[subject.event]):
            offset, enabled = stage_in(stage, facts.edits, subject.round_id)
            days = occurrences(subject.anchor, offset, stage.tone, stage.repeat, first, until) if enabled else ()
            if not days:
                continue
            for person in audience(facts, subject, stage):
                if not (stage.stop and (person.id, subject.event) in facts.stops):
                    yield from (Entry(day, stage, subject, person, number, order, day) for number, day in days)


def _newest(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Return of each thread and day the newest word."""
    found: dict[tuple[Thread, dt.date], Entry] = {}
    for one in entries:
        place = (one.thread, one.day)
        if place not in found or one.age > found[place].age:
            found[place] = one
    return found.values()


def _on(entry: Entry, day: dt.date) -> Entry:
    return replace(entry, told_on=day)
