"""What the pages of reminders show: the ledger by day, one day by person, what was told, and a person's own."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from register import authz, workdays
from register.authz import Actor
from register.clock import TOKYO
from register.errors import Say
from register.formspec.reminder_words import WHY
from register.formspec.reminders import ReminderPlan, Stage
from register.formspec.risk import RiskTerms
from register.formspec.schema import Text
from register.models import JobRun, Ministry, Reminder, ReminderStop, Round, User
from register.queries import listing
from register.queries.listing import PER_PAGE, pages_of
from register.queries.reminder_events import SOURCES
from register.queries.reminder_subjects import Asked, Page, sentence, unpacked
from register.queries.reminders import Entry, Facts, gather, ledger
from register.states import ROUND_SETTLED
from register.vocab import MINISTRY_ROLES, ChoreName, ReminderEvent, ReminderState, ReminderTone, RunState

# How far ahead the ledger is shown.
WEEKS = dt.timedelta(days=42)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """What the ledger and the list of what was told are narrowed to, as the URL holds it."""

    filters = ("event", "round", "ministry")


@dataclass(frozen=True)
class Line:
    """That people hear of one event in one tone on a day: why, and who of them, by ministry (None: of none)."""

    stage: Stage
    round: str
    people: Mapping[Text | None, Sequence[str]]
    expected: bool

    @property
    def why(self) -> Say:
        return WHY[self.stage.event]

    @property
    def count(self) -> int:
        return sum(map(len, self.people.values()))


@dataclass(frozen=True)
class Day:
    """What is told on one day, and to how many people."""

    on: dt.date
    people: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Choices:
    """What the lists can be narrowed to: rounds that may still bring reminders by their code, ministries by key."""

    rounds: Mapping[str, Round]
    ministries: Mapping[str, Ministry]


@dataclass(frozen=True)
class Told:
    """One reminder as it is shown: what it says, why it came, and whether the matter is still open."""

    row: Reminder
    text: Say
    open: bool = True

    @property
    def why(self) -> Say:
        return WHY[self.row.event]


@dataclass(frozen=True)
class ToldPage:
    """One page of what was told, newest first; ``total`` counts all, ``unread`` those that nobody has read."""

    rows: Sequence[Told]
    total: int
    unread: int
    page: int

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class Own:
    """The entries of one person on a day: what each says and where it is done."""

    name: str
    ministry: Text | None
    entries: Sequence[tuple[Entry, Say, Page]]


def choices(session: Session, actor: Actor) -> Choices:
    """Return what ``actor`` can narrow the lists to."""
    rounds = authz.visible(select(Round).where(Round.state.not_in(ROUND_SETTLED)), Round, actor)
    bodies = select(Ministry).order_by(Ministry.sort_no, Ministry.id)
    if actor.role in MINISTRY_ROLES:
        bodies = bodies.where(Ministry.id == actor.ministry_id)
    found = session.scalars(rounds.order_by(Round.as_of.desc(), Round.id.desc()))
    return Choices({one.code: one for one in found}, {one.key: one for one in session.scalars(bodies)})


def codes(session: Session) -> dict[int, str]:
    """Return the code of every round by its id."""
    return {one.id: one.code for one in session.scalars(select(Round))}


def foretold(
    session: Session, actor: Actor, plan: ReminderPlan, terms: RiskTerms, days: tuple[dt.date, dt.date]
) -> list[Entry]:
    """Return what will be told between two days, the first being today or later, as far as ``actor`` may know.

    Once the chore has planned the first day, what is missed by then, such as an extension of the afternoon, is told on
    the next one.
    """
    first, last = days
    first += workdays.DAY * _planned(session, first)
    own = actor.ministry_id if actor.role in MINISTRY_ROLES else None
    facts = gather(Asked(session, first, terms, own), plan)
    return ledger(known(facts, actor), first, last)


def _planned(session: Session, day: dt.date) -> bool:
    begins = dt.datetime.combine(day, dt.time(), TOKYO)
    of_day = (JobRun.slot >= begins, JobRun.slot < begins + workdays.DAY)
    done = select(JobRun.id).where(JobRun.chore == ChoreName.REMINDERS, JobRun.state == RunState.DONE, *of_day)
    return session.scalar(done.limit(1)) is not None


def known(facts: Facts, actor: Actor) -> Facts:
    """Return the facts without what only a ministry knows, for whoever is of none; a command sees all of it."""
    if actor.role is None or actor.role in MINISTRY_ROLES:
        return facts
    return replace(facts, subjects=[one for one in facts.subjects if not one.internal])


def narrowed(entries: Iterable[Entry], state: ListState, offered: Choices) -> list[Entry]:
    """Return the entries that the filter leaves."""
    rounds, bodies, events = _wanted(state, offered)
    return [
        one
        for one in entries
        if (rounds is None or one.subject.round_id in rounds)
        and (bodies is None or one.subject.ministry_id in bodies)
        and (events is None or one.subject.event in events)
    ]


def by_day(entries: Iterable[Entry], rounds: Mapping[int, str]) -> list[Day]:
    """Return the ledger in words: each day with a line for each event and tone; ``rounds`` are codes by id."""
    days: dict[dt.date, dict[tuple[Any, ...], list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for one in entries:
        days[one.told_on][one.stage.code, one.subject.round_id, one.subject.expected].append(one)
    return [
        Day(
            day,
            len({one.person.id for some in lines.values() for one in some}),
            [_line(x, rounds) for x in lines.values()],
        )
        for day, lines in sorted(days.items())
    ]


def _line(entries: Sequence[Entry], rounds: Mapping[int, str]) -> Line:
    first, people = entries[0], defaultdict(dict)  # type: ignore[var-annotated]
    for one in entries:
        people[one.subject.params.get("ministry")][one.person.name] = None
    told = {ministry: list(names) for ministry, names in people.items()}
    return Line(first.stage, rounds.get(first.subject.round_id or 0, ""), told, first.subject.expected)


def by_person(entries: Iterable[Entry]) -> list[Own]:
    """Return the entries of one day by person, each with its words."""
    people: dict[int, list[Entry]] = defaultdict(list)
    for one in entries:
        people[one.person.id].append(one)
    return [
        Own(
            some[0].person.name,
            some[0].subject.params.get("ministry") if some[0].person.ministry_id else None,
            [(one, text_of(one), one.subject.page_for(one.person.role.value)) for one in some],
        )
        for some in people.values()
    ]


def text_of(entry: Entry) -> Say:
    """Return what an entry says."""
    return sentence(entry.subject.event, entry.stage.tone, entry.subject.params)


def told_page(session: Session, actor: Actor, state: ListState, offered: Choices) -> ToldPage:
    """Return what was told, or passed over, as far as ``actor`` may know."""
    rounds, bodies, events = _wanted(state, offered)
    conditions: list[ColumnElement[bool]] = [authz.sight(Reminder, actor)]
    conditions += [] if rounds is None else [Reminder.round_id.in_(rounds)]
    conditions += [] if bodies is None else [Reminder.ministry_id.in_(bodies)]
    conditions += [] if events is None else [Reminder.event.in_(events)]
    return _page(session, conditions, state.page, Reminder.day.desc())


def inbox(session: Session, actor: Actor, terms: RiskTerms, today: dt.date, page: int) -> ToldPage:
    """Return what a person was told, newest first, with what of it is still open."""
    own: list[ColumnElement[bool]] = [Reminder.user_id == actor.user_id, Reminder.state == ReminderState.TOLD]
    found = _page(session, own, page, Reminder.id.desc())
    own_ministry = actor.ministry_id if actor.role in MINISTRY_ROLES else None
    asked = Asked(session, today, terms, own_ministry)
    still = {one.matter for event in {told.row.event for told in found.rows} for one in SOURCES[event](asked)}
    rows = [replace(told, open=(told.row.event, told.row.subject, told.row.anchor) in still) for told in found.rows]
    return replace(found, rows=rows)


def person(session: Session, public_id: str) -> User | None:
    """Return the person with an id while they may sign in."""
    found = select(User).where(User.public_id == uuid.UUID(public_id), User.active.is_(True))
    return session.scalars(found).one_or_none()


def unread(session: Session, user_id: int) -> int:
    """Return how much of what a person was told they have not read; by an index alone."""
    own = (Reminder.user_id == user_id, Reminder.state == ReminderState.TOLD, Reminder.read_at.is_(None))
    return session.scalar(select(func.count()).select_from(Reminder).where(*own)) or 0


def stopped(session: Session, actor: Actor) -> Sequence[ReminderEvent]:
    """Return of what a person wants to hear no more than they must."""
    return session.scalars(select(ReminderStop.event).where(ReminderStop.user_id == actor.user_id)).all()


def _page(session: Session, conditions: Sequence[ColumnElement[bool]], page: int, order: Any) -> ToldPage:
    news = Reminder.read_at.is_(None) & (Reminder.state == ReminderState.TOLD)
    total, fresh = session.execute(
        select(func.count(), func.count().filter(news)).select_from(Reminder).where(*conditions)
    ).one()
    rows = select(Reminder).where(*conditions).order_by(order, Reminder.id.desc())
    rows = rows.options(joinedload(Reminder.user), joinedload(Reminder.ministry))
    page = min(page, pages_of(total))
    shown = session.scalars(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return ToldPage([Told(row, _said(row)) for row in shown], total, fresh, page)


def _said(row: Reminder) -> Say:
    return sentence(row.event, ReminderTone(row.tone), unpacked(row.params))


def _wanted(state: ListState, offered: Choices) -> tuple[set[int] | None, set[int] | None, set[ReminderEvent] | None]:
    chosen = state.chosen
    rounds = {offered.rounds[code].id for code in chosen.get("round", ()) if code in offered.rounds}
    bodies = {offered.ministries[key].id for key in chosen.get("ministry", ()) if key in offered.ministries}
    events = {ReminderEvent(code) for code in chosen.get("event", ()) if code in set(ReminderEvent)}
    return rounds or None, bodies or None, events or None
