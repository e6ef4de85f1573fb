"""Reading a return as the secretariat reviews it: beside the round before, with what changed and what is odd."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import states
from register.authz import Actor
from register.errors import NotNow, say
from register.formspec.schema import Field, FormSpec
from register.models import Remark, Round, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.queries.answers import last_items, missing
from register.queries.receipts import digest, items_of
from register.queries.returns import Frame, frame
from register.vocab import (
    AnswerState,
    ChangeCause,
    Confirmation,
    Lifecycle,
    Mark,
    Odd,
    StartTiming,
    SubmissionDeed,
)

RUNNING = (Lifecycle.VERIFICATION, Lifecycle.PRODUCTION)


# What the secretariat should look at: the answer is not what it was.
NEWS = frozenset({Mark.CHANGED, Mark.ADDED, Mark.GONE})


@dataclass(frozen=True)
class Caution:
    """One odd thing with the questions that it is about."""

    odd: Odd
    fields: Sequence[Field] = ()


@dataclass(frozen=True)
class Thread:
    """A question or finding on a field with its replies, oldest first."""

    remark: Remark
    replies: Sequence[Remark]

    @property
    def open(self) -> bool:
        return self.remark.settled_at is None


Threads = Mapping[tuple[int | None, str], Sequence[Thread]]


@dataclass(frozen=True)
class ReplyPage:
    """A thread with the case and the question that it is about; no ``field`` when it is about the whole case."""

    frame: Frame
    item: SubmissionItem | None
    field: Field | None
    thread: Thread


@dataclass(frozen=True)
class ItemRow:
    """One case of the return: how many answers changed, what is odd, how many threads are open."""

    item: SubmissionItem
    last: SubmissionItem | None
    changes: int
    cautions: Sequence[Caution]
    open: int


@dataclass(frozen=True)
class Dropped:
    """A case that the round before had and this return does not name; ``use_case`` says what became of it."""

    item: SubmissionItem
    use_case: UseCase


@dataclass(frozen=True)
class ReviewPage:
    """A return as it is reviewed; ``before`` is the newest round that the ministry reported in before."""

    frame: Frame
    rows: Sequence[ItemRow]
    before: Round | None
    dropped: Sequence[Dropped]
    counts: Mapping[Confirmation, int]
    events: Sequence[SubmissionEvent]
    general: Sequence[Thread]
    intact: bool

    @property
    def changed(self) -> Sequence[ItemRow]:
        return [row for row in self.rows if row.changes]

    @property
    def warned(self) -> Sequence[ItemRow]:
        return [row for row in self.rows if row.cautions]

    @property
    def asked(self) -> Sequence[ItemRow]:
        return [row for row in self.rows if row.open]

    @property
    def open(self) -> int:
        """How many questions and findings are not settled."""
        return sum(row.open for row in self.rows) + sum(thread.open for thread in self.general)


def threads(session: Session, submission: Submission) -> Threads:
    """Return what was asked and found in a return, by item and field ("" for a whole case), oldest first."""
    own = select(Remark).where(Remark.submission_id == submission.id).order_by(Remark.id)
    remarks = session.scalars(own).all()
    replies: dict[int, list[Remark]] = {}
    for remark in remarks:
        if remark.parent_id is not None:
            replies.setdefault(remark.parent_id, []).append(remark)
    found: dict[tuple[int | None, str], list[Thread]] = {}
    for remark in remarks:
        if remark.parent_id is None:
            thread = Thread(remark, replies.get(remark.id, ()))
            found.setdefault((remark.item_id, remark.field_id), []).append(thread)
    return found


def open_count(found: Threads, item_id: int | None = None) -> int:
    """Return how many threads are open, of one item or of the whole return."""
    return sum(thread.open for (item, _), several in found.items() if item_id in (None, item) for thread in several)


def reply_page(session: Session, remark: Remark, actor: Actor, today: dt.date) -> ReplyPage:
    """Return the thread that ``remark`` stands in; raise ``NotNow`` when nobody can reply to it any more."""
    around = frame(session, session.get_one(Submission, remark.submission_id), actor, today)
    first = session.get_one(Remark, remark.parent_id) if remark.parent_id else remark
    states.submission_step(SubmissionDeed.REPLY, around.submission.state, around.round.state, granted=True)
    if first.settled_at is not None:
        raise NotNow(say("この質問は解決済みです。"))
    replies = session.scalars(select(Remark).where(Remark.parent_id == first.id).order_by(Remark.id)).all()
    item = session.get(SubmissionItem, first.item_id) if first.item_id else None
    field = around.spec.field(first.field_id) if around.spec.has(first.field_id) else None
    return ReplyPage(around, item, field, Thread(first, replies))


def review_page(session: Session, submission: Submission, actor: Actor, today: dt.date) -> ReviewPage:
    """Return a whole return as it is reviewed, in a fixed number of statements whatever the number of its cases."""
    around = frame(session, submission, actor, today)
    items, last = items_of(session, submission), last_items(session, submission.ministry_id, around.round)
    lives, found = _use_cases(session, submission), threads(session, submission)
    rows = [_row(item, last.get(item.use_case_id or 0), lives, around.spec, found) for item in items]
    before = max((item.round for item in last.values()), key=lambda one: (one.as_of, one.id), default=None)
    counted = Counter(item.confirmation for item in items)
    events = select(SubmissionEvent).where(SubmissionEvent.submission_id == submission.id)
    return ReviewPage(
        around,
        rows,
        before,
        _dropped(items, last.values(), before, lives),
        {one: counted[one] for one in Confirmation if counted[one]},
        session.scalars(events.order_by(SubmissionEvent.id)).all(),
        found.get((None, ""), ()),
        digest(session, submission) == submission.approved_sha256,
    )


def _use_cases(session: Session, submission: Submission) -> Mapping[int, UseCase]:
    own = select(UseCase).where(UseCase.ministry_id == submission.ministry_id)
    return {use_case.id: use_case for use_case in session.scalars(own)}


def _row(
    item: SubmissionItem,
    last: SubmissionItem | None,
    lives: Mapping[int, UseCase],
    spec: FormSpec,
    found: Threads,
) -> ItemRow:
    changes = 0
    if last is not None and item.confirmation is not Confirmation.ENDED:
        changes = sum(mark_of(question, item, last) in NEWS for question in spec.questions)
    return ItemRow(
        item, last, changes, cautions(item, lives.get(item.use_case_id or 0), spec), open_count(found, item.id)
    )


def _dropped(
    items: Iterable[SubmissionItem],
    last: Iterable[SubmissionItem],
    before: Round | None,
    lives: Mapping[int, UseCase],
) -> list[Dropped]:
    """Return the cases of the round before that this return does not name: they are asked about, never ended."""
    named = {item.use_case_id for item in items}
    return [
        Dropped(item, lives[item.use_case_id])
        for item in last
        if before is not None
        and item.round_id == before.id
        and item.use_case_id is not None
        and item.use_case_id not in named
    ]


def cautions(item: SubmissionItem, use_case: UseCase | None, spec: FormSpec) -> list[Caution]:
    """Return what is odd about a case; an ended one is not looked at."""
    if item.confirmation is Confirmation.ENDED:
        return []
    declined = [name for name, state in item.states.items() if state == AnswerState.DECLINED]
    redefined = [name for name, how in item.mapping.items() if how.get("cause") == ChangeCause.DEFINITION]
    fields = {
        Odd.MISSING: [question for question in missing(item, spec) if question.required],
        Odd.DECLINED: _fields(spec, declined),
        Odd.RECHECK: _fields(spec, item.recheck),
        Odd.REDEFINED: _fields(spec, redefined),
    }
    found = [Caution(odd, several) for odd, several in fields.items() if several]
    return [*found, *(Caution(odd) for odd in _conflicts(item, use_case))]


def _fields(spec: FormSpec, names: Iterable[str]) -> list[Field]:
    wanted = set(names)
    return [question for question in spec.questions if question.id in wanted]


def _conflicts(item: SubmissionItem, use_case: UseCase | None) -> list[Odd]:
    """Return where the return and the register contradict each other (domain.md section 5)."""
    if use_case is None:
        return []
    started = item.answers.get("start_timing") == StartTiming.STARTED
    if use_case.lifecycle is Lifecycle.RETIRED:
        return [Odd.RETIRED]
    if use_case.lifecycle is Lifecycle.SUSPENDED and started:
        return [Odd.SUSPENDED]
    return [Odd.BACK] if use_case.lifecycle in RUNNING and "start_timing" in item.answers and not started else []


def mark_of(question: Field, item: SubmissionItem, last: SubmissionItem) -> Mark:
    """Return how the answer to ``question`` stands to the one of last time."""
    now, then = item.answers.get(question.id), last.answers.get(question.id)
    if now == then:
        return Mark.SAME
    if then is not None:
        return Mark.CHANGED if now is not None else Mark.GONE
    return Mark.ADDED if question.id in last.states else Mark.FIRST
