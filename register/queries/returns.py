"""Reading a return while its round runs: the ministry's task list, one case with its sections, one section."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from register import authz, states, workdays
from register.authz import Actor
from register.errors import NotFound, NotNow, Say, say
from register.formspec import types
from register.formspec.crosswalk import Change, Crosswalk
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.mapping import changes
from register.formspec.schema import Field, FormSpec, Section
from register.formspec.terms import round_terms
from register.models import AnswerDraft, Ministry, Remark, Round, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.queries import questions
from register.queries.answers import known, last_items, left, missing, open_points, put, seen_of, settled, unready
from register.queries.risk_counts import QUESTION, RiskCounts, disagreements, risk_counts
from register.vocab import AnswerState, Confirmation, Lifecycle, SectionState, SubmissionDeed


@dataclass(frozen=True)
class Frame:
    """What every page of a return stands in: the return, its round and ministry, its form, what may be done now."""

    submission: Submission
    round: Round
    ministry: Ministry
    spec: FormSpec
    terms: Mapping[str, str]
    deeds: frozenset[SubmissionDeed]
    deadline: dt.date | None
    days_left: int | None

    @property
    def may_fill(self) -> bool:
        return SubmissionDeed.FILL in self.deeds


@dataclass(frozen=True)
class ItemRow:
    """One case of a return: what is left to do; ``why_not`` says why it cannot be confirmed as it was."""

    item: SubmissionItem
    left: int
    begun: bool
    missing: Sequence[Field]
    why_not: Say | None
    lifecycle: Lifecycle | None
    remarks: int

    @property
    def can_confirm(self) -> bool:
        return self.why_not is None and self.item.confirmation is Confirmation.UNCONFIRMED


@dataclass(frozen=True)
class WorkPage:
    """The ministry's task list: its cases, what stands against sending, what happened so far."""

    frame: Frame
    rows: Sequence[ItemRow]
    counts: Mapping[Confirmation, int]
    points: Sequence[Say]
    events: Sequence[SubmissionEvent]
    not_laid_out: int
    open_remarks: int
    questions: int

    @property
    def confirmable(self) -> Sequence[ItemRow]:
        return [row for row in self.rows if row.can_confirm]


@dataclass(frozen=True)
class Task:
    """One section of a case with its state."""

    section: Section
    state: SectionState
    answers: Sequence[Shown]


@dataclass(frozen=True)
class Shown:
    """One question as a person reads it: the answer now, the one before, and why it must be looked at again."""

    field: Field
    state: AnswerState | None
    text: str
    before: str
    again: Sequence[Change]
    note: str
    remarks: Sequence[Remark]


@dataclass(frozen=True)
class CasePage:
    """One case of a return: its sections, and the case in the register."""

    frame: Frame
    item: SubmissionItem
    tasks: Sequence[Task]
    use_case: UseCase | None
    left: Sequence[Field]
    missing: Sequence[Field]

    @property
    def again(self) -> bool:
        return bool(self.item.recheck)


@dataclass(frozen=True)
class SectionPage:
    """One section of a case: the questions that are put, each with what is known; ``draft`` is what was not saved."""

    frame: Frame
    item: SubmissionItem
    section: Section
    questions: Sequence[Shown]
    seen: str
    draft: AnswerDraft | None
    before_form: FormSpec | None
    risk: RiskCounts | None = None


def frame(session: Session, submission: Submission, actor: Actor, today: dt.date) -> Frame:
    """Return what the pages of ``submission`` stand in."""
    current = session.get_one(Round, submission.round_id)
    deadline = submission.deadline(current)
    return Frame(
        submission,
        current,
        session.get_one(Ministry, submission.ministry_id),
        from_canonical(current.form_version.canonical),
        round_terms(current.as_of),
        possible(submission, current, actor, today),
        deadline,
        workdays.between(today, deadline) if deadline else None,
    )


def possible(submission: Submission, current: Round, actor: Actor, today: dt.date) -> frozenset[SubmissionDeed]:
    """Return the deeds that ``actor`` may do with ``submission`` now: who by the rules, when by the steps."""
    return frozenset(
        deed
        for deed in SubmissionDeed
        if authz.can(actor, authz.SUBMISSION_DEEDS[deed], submission) and _now(deed, submission, current, today)
    )


def _now(deed: SubmissionDeed, submission: Submission, current: Round, today: dt.date) -> bool:
    try:
        states.submission_step(deed, submission.state, current.state, granted=submission.may_still(today))
    except NotNow:
        return False
    return True


def work_page(session: Session, submission: Submission, actor: Actor, today: dt.date, forms: FormLibrary) -> WorkPage:
    """Return the task list of a return, in eleven statements whatever the number of its cases."""
    around = frame(session, submission, actor, today)
    own = select(SubmissionItem).where(SubmissionItem.submission_id == submission.id)
    items = list(session.scalars(own.order_by(SubmissionItem.case_no, SubmissionItem.id)))
    last = last_items(session, submission.ministry_id, around.round)
    remarks = _open_remarks(session, submission)
    counts = risk_counts(session, submission.ministry_id, around.round)
    lives = _lifecycles(session, submission)
    rows = [_row(item, around.spec, forms, last, lives, remarks) for item in items]
    counted = Counter(item.confirmation for item in items)
    events = select(SubmissionEvent).where(SubmissionEvent.submission_id == submission.id)
    return WorkPage(
        around,
        rows,
        {one: counted[one] for one in Confirmation if one is not Confirmation.REPORTED},
        [*open_points(items, around.spec), *disagreements(items, counts)],
        session.scalars(events.order_by(SubmissionEvent.id)).all(),
        _not_laid_out(session, submission, around.round) if around.may_fill else 0,
        sum(remarks.values()),
        questions.waiting(session, actor).get(submission.ministry_id, 0),
    )


def _row(
    item: SubmissionItem,
    spec: FormSpec,
    forms: FormLibrary,
    last: Mapping[int, SubmissionItem],
    lives: Mapping[int, Lifecycle],
    remarks: Mapping[int, int],
) -> ItemRow:
    ended = item.confirmation is Confirmation.ENDED
    return ItemRow(
        item,
        0 if ended else len(left(item, spec)),
        bool(item.answers or item.states),
        [] if ended else missing(item, spec),
        unready(item, spec, forms, last.get(item.use_case_id or 0)),
        lives.get(item.use_case_id or 0),
        remarks.get(item.id, 0),
    )


def _open_remarks(session: Session, submission: Submission) -> dict[int, int]:
    """Return how many threads of the secretariat are open, by item."""
    threads = (
        select(Remark.item_id, func.count())
        .where(Remark.submission_id == submission.id, Remark.parent_id.is_(None), Remark.settled_at.is_(None))
        .group_by(Remark.item_id)
    )
    return {row[0] or 0: row[1] for row in session.execute(threads)}


def _lifecycles(session: Session, submission: Submission) -> dict[int, Lifecycle]:
    statement = select(UseCase.id, UseCase.lifecycle).where(UseCase.ministry_id == submission.ministry_id)
    return {row.id: row.lifecycle for row in session.execute(statement)}


def _not_laid_out(session: Session, submission: Submission, current: Round) -> int:
    """Return how many cases entered the register after the round was opened."""
    known_cases = select(SubmissionItem.use_case_id).where(
        SubmissionItem.submission_id == submission.id, SubmissionItem.use_case_id.is_not(None)
    )
    living = or_(UseCase.lifecycle != Lifecycle.RETIRED, UseCase.lifecycle_since > current.as_of)
    statement = select(func.count()).select_from(UseCase)
    own = UseCase.ministry_id == submission.ministry_id
    return session.scalar(statement.where(own, living, UseCase.id.not_in(known_cases))) or 0


def case_page(
    session: Session, item: SubmissionItem, actor: Actor, today: dt.date, forms: FormLibrary, language: str
) -> CasePage:
    """Return one case of a return with its sections."""
    submission = session.get_one(Submission, item.submission_id)
    around = frame(session, submission, actor, today)
    steps, _ = _steps(session, item, around, forms)
    threads = _threads(session, item)
    tasks = [
        Task(
            section,
            _state(item, questions),
            [_shown(item, question, around, steps, threads, language) for question in questions],
        )
        for section in around.spec.sections
        if (questions := _put(item, around.spec, section.id))
    ]
    ended = item.confirmation is Confirmation.ENDED
    use_case = session.get(UseCase, item.use_case_id) if item.use_case_id else None
    open_ = [] if ended else left(item, around.spec)
    return CasePage(around, item, tasks, use_case, open_, [] if ended else missing(item, around.spec))


def section_page(
    session: Session,
    item: SubmissionItem,
    section_id: str,
    actor: Actor,
    today: dt.date,
    forms: FormLibrary,
    language: str,
) -> SectionPage:
    """Return one section of a case as it is asked; raise ``NotFound`` for a section that asks nothing here."""
    submission = session.get_one(Submission, item.submission_id)
    around = frame(session, submission, actor, today)
    section = next((one for one in around.spec.sections if one.id == section_id), None)
    questions = _put(item, around.spec, section_id)
    if section is None or not questions:
        raise NotFound(say("お探しのページはありません。"))
    steps, before = _steps(session, item, around, forms)
    threads = _threads(session, item)
    own = select(AnswerDraft).where(
        AnswerDraft.item_id == item.id, AnswerDraft.section == section_id, AnswerDraft.user_id == actor.user_id
    )
    return SectionPage(
        around,
        item,
        section,
        [_shown(item, question, around, steps, threads, language) for question in questions],
        seen_of(item, around.spec, section_id),
        session.scalar(own),
        before,
        risk_counts(session, item.ministry_id, around.round) if any(q.id == QUESTION for q in questions) else None,
    )


def new_page(session: Session, submission: Submission, actor: Actor, today: dt.date) -> SectionPage:
    """Return the first section of a case that is not there yet."""
    around = frame(session, submission, actor, today)
    blank = SubmissionItem(answers={}, states={}, carried={}, recheck={}, mapping={}, notes={})
    section = around.spec.sections[0]
    shown = [Shown(question, None, "", "", (), "", ()) for question in _put(blank, around.spec, section.id)]
    return SectionPage(around, blank, section, shown, "", None, None)


def form_of(session: Session, round_id: int) -> FormSpec:
    """Return the form version of a round, as it was published."""
    return from_canonical(session.get_one(Round, round_id).form_version.canonical)


def _put(item: SubmissionItem, spec: FormSpec, section_id: str) -> list[Field]:
    """Return the questions of a section that its page shows: those that are put, and those that hang on its own."""
    own = [question for question in spec.questions if question.section == section_id]
    here = {question.id for question in own if put(item, question)}
    return [q for q in own if q.id in here or (q.asked is not None and q.asked.field in here)]


def _state(item: SubmissionItem, questions: Sequence[Field]) -> SectionState:
    if any(question.id in item.recheck for question in questions):
        return SectionState.AGAIN
    asked = [question for question in questions if put(item, question)]
    done = sum(settled(item, question) for question in asked)
    if done == len(asked):
        return SectionState.DONE
    return SectionState.STARTED if done else SectionState.TO_DO


def _steps(
    session: Session, item: SubmissionItem, around: Frame, forms: FormLibrary
) -> tuple[Sequence[Crosswalk], FormSpec | None]:
    """Return the crosswalks between the form that last asked the case and this one, and that form if it is another."""
    last = last_items(session, item.ministry_id, around.round).get(item.use_case_id or 0)
    if last is None or last.round.form_version.version == around.spec.version:
        return (), None
    version = last.round.form_version
    return forms.between(version.version, around.spec.version), from_canonical(version.canonical)


def _threads(session: Session, item: SubmissionItem) -> dict[str, list[Remark]]:
    """Return what the secretariat and the ministry wrote beside the item's fields, oldest first."""
    found: dict[str, list[Remark]] = {}
    for remark in session.scalars(select(Remark).where(Remark.item_id == item.id).order_by(Remark.id)):
        found.setdefault(remark.field_id, []).append(remark)
    return found


def _shown(
    item: SubmissionItem,
    question: Field,
    around: Frame,
    steps: Sequence[Crosswalk],
    threads: Mapping[str, list[Remark]],
    language: str,
) -> Shown:
    carried = item.carried.get(question.id)
    answer = known(item).get(question.id) if item.confirmation is not Confirmation.ENDED else None
    state = None
    if question.id in item.answers:
        state = AnswerState.ANSWERED
    elif question.id in item.states:
        state = AnswerState(item.states[question.id])
    return Shown(
        question,
        state,
        types.show(question, answer, language, around.terms) if answer is not None else "",
        types.show(question, carried, language, around.terms) if carried is not None else "",
        changes(steps, question.id, carried) if question.id in item.recheck else (),
        item.notes.get(question.id, ""),
        threads.get(question.id, []),
    )
