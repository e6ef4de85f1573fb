"""The consistency check: what a part of the register gives cause to ask, and what this changes about the questions.

The register is looked at part by part: ``look`` only reads, ``settle`` writes what differs and is called for a part
that has any. A second check over the same facts finds nothing to do.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.models import Job, Question, QuestionEvent
from register.queries import sentinel_facts
from register.queries.sentinel_facts import Ground
from register.sentinel import BY_CODE, CaseFacts, Limits, Moment, Rule, TiedFacts, View, fingerprint, runnable, told
from register.services import jobs
from register.states import check_step, question_step
from register.vocab import About, QuestionDeed, QuestionState

KIND = "sentinel"
# Any fixed number will do; two checks at once would ask everything twice.
LOCK = 0x726567_736E74
_COMPARED = (
    Question.id,
    Question.rule,
    Question.subject,
    Question.ministry_id,
    Question.state,
    Question.fingerprint,
    Question.internal,
)
ORDER = (About.CASE, About.INCIDENT, About.SYSTEM)


@dataclass(frozen=True)
class Cursor:
    """Where a check stands: the kind of row that comes next, and the last id that was looked at."""

    about: About = About.CASE
    after: int = 0


@dataclass(frozen=True)
class Change:
    """What to do about one question (``question_id`` None: a new one) of a ministry.

    Without ``deed`` only who may see it differs; without ``now`` the rule or what it was about is gone.
    """

    question_id: int | None
    ministry_id: int
    deed: QuestionDeed | None
    now: tuple[Rule, View] | None


@dataclass(frozen=True)
class Part:
    """A part of the register that was looked at: its subjects, what the rules found, and what is to change.

    ``span`` is the condition on the questions that are about it, ``looked`` the number of its use cases; ``following``
    is None after the last part.
    """

    span: ColumnElement[bool]
    views: Mapping[str, View]
    found: Sequence[tuple[Rule, View]]
    ran: frozenset[str]
    changes: Sequence[Change]
    looked: int
    following: Cursor | None


def look(session: Session, cursor: Cursor, base: Ground, limits: Limits) -> Part:
    """Look at the part of the register that ``cursor`` leads to."""
    moment = Moment(session.info["clock"].today(), limits)
    rules = runnable(sentinel_facts.LOADED)
    rows, span, last = _rows(session, cursor, base)
    views = {view.subject: view for row in rows for view in _views(row)}
    by_kind = {kind: [rule for rule in rules if rule.about is kind] for kind in About}
    found = [
        (rule, view) for view in views.values() for rule in by_kind[_kind(view, cursor)] if rule.holds(view, moment)
    ]
    following = Cursor(cursor.about, last) if last is not None else _next(cursor.about)
    # Incidents are not counted: a number of them would tell what a ministry has not told yet.
    looked = len(rows) if cursor.about is About.CASE else 0
    part = Part(span, views, found, frozenset(rule.code for rule in rules), (), looked, following)
    return replace(part, changes=_changes(session, part))


def settle(session: Session, part: Part, *, by: Actor) -> Counter[QuestionDeed]:
    """Write what differs in ``part``, for each ministry as a deed of its own in the log; return how many of which."""
    _alone(session)
    changes = _changes(session, part)
    known = _questions(session, [change.question_id for change in changes if change.question_id is not None])
    tally: Counter[QuestionDeed] = Counter()
    of_ministry: dict[int, list[Change]] = {}
    for change in changes:
        of_ministry.setdefault(change.ministry_id, []).append(change)
    for ministry_id, own in of_ministry.items():
        deeds = _carry_out(session, own, known, by)
        audit.record(
            session, audit.Event.QUESTION_CHECKED, None, by=replace(by, ministry_id=ministry_id), **_told(deeds)
        )
        tally += deeds
    return tally


def conclude(session: Session, tally: Mapping[QuestionDeed, int], looked: int, *, by: Actor) -> None:
    """Record that a check has gone through the whole register."""
    audit.record(session, audit.Event.SENTINEL_RUN, None, by=by, looked_at=looked, **_told(tally))


def check(session: Session, limits: Limits, *, by: Actor) -> Counter[QuestionDeed]:
    """Make a whole check in one transaction, where the register is small."""
    tally: Counter[QuestionDeed] = Counter()
    looked = 0
    for part in parts(lambda cursor, base: look(session, cursor, base, limits), sentinel_facts.ground(session)):
        looked += part.looked
        if part.changes:
            tally += settle(session, part, by=by)
    conclude(session, tally, looked, by=by)
    return tally


def parts(look_at: Callable[[Cursor, Ground], Part], base: Ground) -> Iterator[Part]:
    """Yield every part of the register in order; each is looked at when the one before it is done with."""
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        part = look_at(cursor, base)
        yield part
        cursor = part.following


def ask(session: Session, *, by: Actor) -> Job:
    """Ask for a check; asking again while one waits or runs gives the same job."""
    authz.require(by, Permission.SENTINEL_RUN)
    if job := jobs.open_job(session, kind=KIND, params={}, by=by):
        return job
    key = f"{KIND}:{by.user_id}:{audit.head(session)[1]}"
    job, new = jobs.ask(session, kind=KIND, key=key, params={}, by=by)
    if new:
        audit.record(session, audit.Event.SENTINEL_ASKED, None, by=by)
    return job


def _rows(session: Session, cursor: Cursor, base: Ground) -> tuple[Sequence[Any], ColumnElement[bool], int | None]:
    """Return the rows, the condition on their questions, and the last id when there may be more."""
    if cursor.about is About.SYSTEM:
        return sentinel_facts.uses(session), Question.ai_system_id.is_not(None), None
    of_cases = cursor.about is About.CASE
    after = cursor.after
    rows: Sequence[Any] = (
        sentinel_facts.cases_after(session, base, after) if of_cases else sentinel_facts.incidents_after(session, after)
    )
    column = Question.use_case_id if of_cases else Question.incident_id
    full = len(rows) == sentinel_facts.CHUNK
    span = column.between(after + 1, rows[-1].id) if full else column > after
    if not of_cases:
        span = and_(span, Question.use_case_id.is_(None))
    return rows, span, rows[-1].id if full else None


def _views(row: Any) -> Iterator[View]:
    yield row
    if isinstance(row, CaseFacts):
        yield from (TiedFacts(row, incident) for incident in row.incidents)


def _kind(view: View, cursor: Cursor) -> About:
    return About.TIED if isinstance(view, TiedFacts) else cursor.about


def _next(about: About) -> Cursor | None:
    later = ORDER[ORDER.index(about) + 1 :]
    return Cursor(later[0]) if later else None


def _changes(session: Session, part: Part) -> list[Change]:
    """Compare what was found with the questions that there are."""
    rows = session.execute(select(*_COMPARED).where(part.span).order_by(Question.id))
    there = {(row.rule, row.subject): row for row in rows}
    found = {(rule.code, view.subject): (rule, view) for rule, view in part.found}
    changes = []
    for key, (rule, view) in found.items():
        row = there.get(key)
        same = row is not None and row.fingerprint == fingerprint(rule, view)
        deed = check_step(row.state if row else None, found=True, same=same)
        if deed is not None or (row is not None and row.internal is not rule.inside(view)):
            changes.append(Change(row.id if row else None, view.ministry_id, deed, (rule, view)))
    for (code, subject), row in there.items():
        # A rule that was not run finds nothing settled; one that is no more asks nothing more.
        looked = code in part.ran or code not in BY_CODE
        if (code, subject) not in found and looked and (deed := check_step(row.state, found=False, same=False)):
            here = code in BY_CODE and subject in part.views
            changes.append(
                Change(row.id, row.ministry_id, deed, (BY_CODE[code], part.views[subject]) if here else None)
            )
    return changes


def _told(tally: Mapping[QuestionDeed, int]) -> dict[str, Any]:
    return {f"questions_{deed.value}": number for deed, number in sorted(tally.items())}


def _questions(session: Session, ids: Sequence[int]) -> dict[int, Question]:
    locked = select(Question).where(Question.id.in_(ids)).with_for_update()
    found = session.scalars(locked.execution_options(populate_existing=True)) if ids else ()
    return {question.id: question for question in found}


def _carry_out(
    session: Session, changes: Iterable[Change], known: Mapping[int, Question], by: Actor
) -> Counter[QuestionDeed]:
    now, tally = session.info["clock"].now(), Counter[QuestionDeed]()
    asked: list[Question] = []
    for change in changes:
        if change.question_id is not None:
            _step(session, known[change.question_id], change, now, by)
        elif change.now is not None:
            asked.append(_new(*change.now, now))
        if change.deed is not None:
            tally[change.deed] += 1
    session.add_all(asked)
    session.flush()  # their trails need the ids
    session.add_all(_line(question, QuestionDeed.ASK, now, by) for question in asked)
    return tally


def _new(rule: Rule, view: View, now: dt.datetime) -> Question:
    return Question(
        rule=rule.code,
        subject=view.subject,
        ministry_id=view.ministry_id,
        state=QuestionState.OPEN,
        facts=told(rule, view),
        fingerprint=fingerprint(rule, view),
        internal=rule.inside(view),
        opened_at=now,
        moved_at=now,
        **view.rows,
    )


def _step(session: Session, question: Question, change: Change, now: dt.datetime, by: Actor) -> None:
    """Take a question where the facts lead it, and note which changed; a settled one keeps what it was about."""
    before, facts = question.facts, told(*change.now) if change.now else {}
    if change.now and change.deed is not QuestionDeed.SETTLE:
        rule, view = change.now
        question.internal = rule.inside(view)
        if change.deed is not None:
            question.facts, question.fingerprint = facts, fingerprint(rule, view)
    if change.deed is not None:
        question.state = question_step(change.deed, question.state).target or question.state
        question.moved_at = now
        changed = {name: [before.get(name), value] for name, value in facts.items() if before.get(name) != value}
        session.add(_line(question, change.deed, now, by, changed))


def _line(
    question: Question, deed: QuestionDeed, now: dt.datetime, by: Actor, changes: Mapping[str, Any] | None = None
) -> QuestionEvent:
    return QuestionEvent(
        question_id=question.id,
        ministry_id=question.ministry_id,
        deed=deed,
        to_state=question.state,
        at=now,
        actor_id=by.user_id,
        actor_name=by.name,
        changes=dict(changes or {}),
    )


def _alone(session: Session) -> None:
    """Wait for another check; SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
