"""A round of 25 ministries with ten people each: how it is planned, and what they do in it, all by the services."""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, workdays
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.reminders import ReminderPlan
from register.models import Ministry, Remark, Round, Submission, SubmissionEvent, SubmissionItem, User
from register.queries.receipts import items_of
from register.queries.reminder_subjects import counting_day
from register.services import items, remarks, reminders, rounds, submissions
from register.services.round_import import RoundFacts, import_round
from register.vocab import RemarkKind, ReminderEvent, Role, RoundDeed, SubmissionDeed, SubmissionState
from tests.support.data import migrated, ministry
from tests.support.rounds import AS_OF, FORMS, SPEC, SYSTEM

MINISTRIES, EACH, SECRETARIAT = 25, 10, 5
# The Friday before a long weekend, on which the round is only scheduled; the day after that; the round's 17th day.
PLANNED, OPENS, DUE = dt.date(2025, 10, 31), dt.date(2025, 11, 4), dt.date(2025, 11, 20)
# They have a case of the round before; the others report that they have none.
WITH_CASES = 15
CASE = "{key}-2025-0001,{name},相談課,議事録の要約,会議の記録に用いる,G1,1,2025-04-01,1,R,1,,,,,0"
# Their members hear the same words as everybody and do nothing about them.
QUIET = ("m04", "m09", "m14", "m19", "m24")
E = ReminderEvent


def approvers(number: int) -> int:
    """Return how many of the people of a ministry approve; the others report."""
    return 2 + number % 3


def scheduled(url: str) -> None:
    """Build the people, the round before, and the round of which everybody has heard that it will open."""
    migrated(url)
    database = Database(url, FixedClock(dt.datetime(2025, 10, 30, 3, tzinfo=dt.UTC)))
    with database.writing() as session:
        bodies = [ministry(f"m{number:02d}", number) for number in range(MINISTRIES)]
        session.add_all(bodies)
        session.flush()
        for number, body in enumerate(bodies):
            for place in range(EACH):
                role = Role.APPROVER if place < approvers(number) else Role.REPORTER
                session.add(person(f"{body.key}-{place}", role, body.id))
        session.add_all(person(f"s-{place}", Role.SECRETARIAT, None) for place in range(SECRETARIAT))
        session.add(person("auditor", Role.AUDITOR, None))
        rows = [CASE.format(key=body.key, name=body.name) for body in bodies[:WITH_CASES]]
        data = "\n".join([",".join(SPEC.columns), *rows]).encode()
        before = RoundFacts(2025, 2, dt.date(2025, 9, 30))
        import_round(session, before, data, spec=SPEC, create_ministries=False, roster={}, by=SYSTEM)
        wanted = rounds.Plan(2025, 3, False, AS_OF, OPENS, DUE, "v2", tuple(body.id for body in bodies))
        made = rounds.plan(session, wanted, forms=FORMS, by=SYSTEM)
        rounds.move(session, made, RoundDeed.SCHEDULE, forms=FORMS, by=SYSTEM)
    database.engine.dispose()


def person(name: str, role: Role, ministry_id: int | None) -> User:
    """Return somebody whom mail reaches; every seventh wants it in English."""
    language = "en" if sum(map(ord, name)) % 7 == 0 else "ja"
    made = User(email=f"{name}@example.go.jp", name=name, role=role, ministry_id=ministry_id, language=language)
    made.fs_uniquifier = secrets.token_hex(16)
    return made


def running(session: Session) -> Round:
    return session.scalars(select(Round).where(Round.number == 3)).one()


def open_round(session: Session) -> None:
    rounds.move(session, running(session), RoundDeed.OPEN, forms=FORMS, by=SYSTEM)


@dataclass(frozen=True)
class Over:
    """What a deed ends: nobody is told of it from now on.

    What is empty is open: ``people`` None are all. What does not ``last`` may be brought back by a later deed.
    """

    event: ReminderEvent | None = None
    subject: str = ""
    anchor: dt.date | None = None
    people: frozenset[int] | None = None
    lasts: bool = True

    def holds(self, key: str) -> bool:
        """Tell whether the word with ``key`` is of what is over; the key names all that it is of."""
        event, subject, anchor, _stage, _occurrence, user = key.split("|")
        return (
            (self.event is None or self.event.value == event)
            and self.subject in ("", subject)
            and (self.anchor is None or self.anchor.isoformat() == anchor)
            and (self.people is None or int(user) in self.people)
        )


class Desk:
    """One ministry and its return: what its people, and the secretariat about it, can do now."""

    def __init__(self, session: Session, key: str, chance: random.Random, plan: ReminderPlan) -> None:
        self.session, self.chance, self.plan = session, chance, plan
        self.ministry = session.scalars(select(Ministry).where(Ministry.key == key)).one()
        own = (Submission.ministry_id == self.ministry.id, Submission.round_id == running(session).id)
        self.submission = session.scalars(select(Submission).where(*own)).one()
        self.secretary = Actor.of(session.scalars(select(User).where(User.role == Role.SECRETARIAT)).first())

    def people(self, *roles: Role) -> Sequence[User]:
        own = select(User).where(User.ministry_id == self.ministry.id, User.active.is_(True), User.role.in_(roles))
        return self.session.scalars(own.order_by(User.id)).all()

    def one(self, role: Role) -> Actor:
        return Actor.of(self.chance.choice(self.people(role)))

    @property
    def subject(self) -> str:
        return f"submission:{self.submission.id}"

    @property
    def items(self) -> Collection[SubmissionItem]:
        return items_of(self.session, self.submission)

    def remarks(self) -> Sequence[Remark]:
        """Return what the secretariat has asked so far."""
        asked = (Remark.submission_id == self.submission.id, Remark.kind == RemarkKind.QUESTION)
        return self.session.scalars(select(Remark).where(*asked, Remark.parent_id.is_(None))).all()

    def unanswered(self) -> Sequence[Remark]:
        answered = set(self.session.scalars(select(Remark.parent_id).where(Remark.parent_id.is_not(None))))
        return [one for one in self.remarks() if one.id not in answered and one.settled_at is None]

    def last_return(self) -> str:
        """Return the subject of the last time that it was sent back; that of none where it never was."""
        back = (SubmissionEvent.submission_id == self.submission.id, SubmissionEvent.deed == SubmissionDeed.RETURN)
        ids = self.session.scalars(select(SubmissionEvent.id).where(*back)).all()
        return f"return:{max(ids, default=0)}"


def send(desk: Desk) -> list[Over]:
    """Send it to the approver, as nil where there is no case: until they decline it is no more the reporters'."""
    own, by = desk.submission, desk.one(Role.REPORTER)
    if not desk.items:
        submissions.declare_nil(desk.session, own, by=by)
    else:
        if own.state is SubmissionState.NOT_STARTED:
            ids = [item.id for item in desk.items]
            items.confirm(desk.session, own, ids, spec=SPEC, forms=FORMS, by=by)
        submissions.send(desk.session, own, spec=SPEC, by=by)
    reporters = frozenset(one.id for one in desk.people(Role.REPORTER))
    return [
        Over(E.ROUND_DUE, desk.subject, people=reporters, lasts=False),
        Over(E.RETURNED, desk.last_return(), people=reporters, lasts=False),
    ]


def approve(desk: Desk) -> list[Over]:
    """Hand it in."""
    own = desk.submission
    waited = _approval(desk)
    submissions.approve(desk.session, own, seen=own.sent_sha256, by=desk.one(Role.APPROVER))
    done = [Over(E.ROUND_OPENED, desk.subject), Over(E.ROUND_DUE, desk.subject), Over(E.RETURNED, desk.last_return())]
    return [*done, waited]


def decline(desk: Desk) -> list[Over]:
    """Give it back to the reporters, who owe it again."""
    waited = _approval(desk)
    submissions.decline(desk.session, desk.submission, reason="確認のため", by=desk.one(Role.APPROVER))
    return [waited]


def _approval(desk: Desk) -> Over:
    sent_at = desk.submission.sent_at
    assert sent_at is not None
    return Over(E.APPROVAL, f"{desk.subject}:{sent_at:%H%M%S}", counting_day(sent_at))


def send_back(desk: Desk) -> list[Over]:
    submissions.send_back(desk.session, desk.submission, reason="訂正のため", findings=(), by=desk.secretary)
    return []


def accept(desk: Desk) -> list[Over]:
    submissions.accept(desk.session, desk.submission, spec=SPEC, by=desk.secretary)
    return []


def ask(desk: Desk) -> list[Over]:
    item = desk.chance.choice(list(desk.items))
    remarks.ask(desk.session, desk.submission, item.id, "title", "何のことですか", by=desk.secretary)
    return []


def answer(desk: Desk) -> list[Over]:
    """Reply to all that was asked, or have it settled."""
    over = []
    for one in desk.unanswered():
        if desk.chance.random() < 0.7:
            remarks.reply(desk.session, desk.submission, one.id, "会議のことです", by=desk.one(Role.REPORTER))
        else:
            remarks.settle(desk.session, desk.submission, one.id, by=desk.secretary)
        over.append(Over(E.RETURN_QUESTION, desk.subject, counting_day(one.at)))
    return over


def extend(desk: Desk) -> list[Over]:
    """Give a later deadline: what was counted from the earlier one is over."""
    old, today = desk.submission.deadline(running(desk.session)), desk.session.info["clock"].today()
    assert old is not None
    new = workdays.add(max(old, today), desk.chance.randint(1, 6))
    submissions.extend(desk.session, desk.submission, due_on=new, reason="担当者の交代のため", by=desk.secretary)
    return [Over(E.ROUND_DUE, desk.subject, old)]


def leave(desk: Desk) -> list[Over]:
    """Let somebody leave; mostly another person comes for them."""
    left = desk.chance.choice([some for role in (Role.REPORTER, Role.APPROVER) for some in desk.people(role)[1:]])
    left.active = False
    if len(desk.people(left.role)) < 2 or desk.chance.random() < 0.7:
        desk.session.add(person(f"{left.name}n", left.role, left.ministry_id))
    # No service lets people leave yet; whoever changes a person's row must leave an entry in the log.
    audit.record(desk.session, audit.Event.USER_CREATED, left, by=SYSTEM)
    return [Over(people=frozenset({left.id}))]


def stop(desk: Desk) -> list[Over]:
    """Let somebody want no more than they must hear of a matter, or want it again."""
    one = desk.chance.choice(desk.people(Role.REPORTER, Role.APPROVER))
    events = desk.chance.sample(sorted(desk.plan.stoppable), desk.chance.randint(0, 3))
    reminders.choose(desk.session, events, stages=desk.plan, by=Actor.of(one))
    return []


DEEDS = (send, approve, decline, send_back, accept, ask, answer, extend, leave, stop)


def possible(desk: Desk) -> Mapping[Callable[[Desk], list[Over]], float]:
    """Return what can be done about a return now, and how likely it is."""
    state, found = desk.submission.state, {leave: 1.0, stop: 0.7}
    asked = {counting_day(one.at) for one in desk.remarks()}
    if state in (SubmissionState.NOT_STARTED, SubmissionState.IN_PROGRESS, SubmissionState.RETURNED):
        found |= {send: 2.0, extend: 1.0}
    elif state is SubmissionState.IN_REVIEW:
        found |= {approve: 3.0, decline: 1.0, extend: 0.5}
    elif state is SubmissionState.SUBMITTED:
        found |= {accept: 0.5}
    if state in (SubmissionState.SUBMITTED, SubmissionState.ACCEPTED):
        found |= {send_back: 1.5}
        # One more question of the same day would be told together with what is answered already.
        found |= {ask: 1.5} if desk.items and counting_day(desk.session.info["clock"].now()) not in asked else {}
    return found | ({answer: 2.0} if desk.unanswered() else {})


def act(desk: Desk) -> tuple[str, list[Over]]:
    """Do something about a return; return what it was and what it ended."""
    ways = possible(desk)
    deed = desk.chance.choices(list(ways), list(ways.values()))[0]
    return deed.__name__, deed(desk)
