"""Reading the questions of the consistency check: the list, one with its trail, those of a case, and their number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor
from register.errors import Say, say
from register.formspec.risk import RiskTerms
from register.formspec.schema import FormSpec, Text
from register.models import AISystem, Incident, Ministry, Question, QuestionEvent, Round, SubmissionItem, UseCase
from register.queries import listing, sentinel_facts
from register.queries.listing import PER_PAGE, pages_of
from register.queries.ministries import ministries
from register.sentinel import BY_CODE, FACTS, RULES, FactKind, Rule, runnable
from register.states import QUESTION_UNSETTLED, QuestionStep, question_steps
from register.vocab import IncidentState, Lifecycle, QuestionState, StartTiming

OPEN = "unsettled"
UNANSWERED = say("未回答")
# 追加学習の有無 is asked by form 1 only, so the newest form has no words for its codes.
LEARNING = {"有": say("あり"), "無": say("なし")}
Narrow = Callable[[Sequence[str]], ColumnElement[bool]]


def _in_state(values: Sequence[str]) -> ColumnElement[bool]:
    wanted = {QuestionState(value) for value in values if value in set(QuestionState)}
    return Question.state.in_(wanted | (QUESTION_UNSETTLED if OPEN in values else frozenset()))


def _of_ministry(values: Sequence[str]) -> ColumnElement[bool]:
    return Question.ministry_id.in_(select(Ministry.id).where(Ministry.key.in_(values)))


# The column that leads to what a question is about.
ABOUT: Mapping[type[UseCase | Incident | AISystem], Any] = {
    UseCase: Question.use_case_id,
    Incident: Question.incident_id,
    AISystem: Question.ai_system_id,
}
FILTERS: Mapping[str, Narrow] = {
    "state": _in_state,
    "rule": Question.rule.in_,
    "ministry": _of_ministry,
}


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = FILTERS


@dataclass(frozen=True)
class Asked:
    """One line of a list: a question in words, and what it is about."""

    public_id: Any
    rule: str
    important: bool
    state: QuestionState
    sentence: Say
    about: str
    ministry_id: int
    moved_at: dt.datetime


@dataclass(frozen=True)
class ListPage:
    """One page of the list, and how many questions there are in all."""

    rows: Sequence[Asked]
    total: int
    state: ListState
    ministries: dict[int, Ministry]

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class Line:
    """One line of the trail, with what the check found otherwise: the name, the old and the new value of each fact."""

    event: QuestionEvent
    changes: Sequence[tuple[Say, Any, Any]]


@dataclass(frozen=True)
class QuestionPage:
    """All that the page of one question shows; the rows that it is about are there for those who may see them."""

    question: Question
    rule: Rule | None
    ministry: Ministry
    sentence: Say
    facts: Sequence[tuple[Say, Any]]
    use_case: UseCase | None
    incident: Incident | None
    system: AISystem | None
    item: SubmissionItem | None
    trail: Sequence[Line]
    steps: tuple[QuestionStep, ...]


class Teller:
    """Puts stored facts into words: codes by the form and the lists of the risk side, days as days."""

    def __init__(self, spec: FormSpec, terms: RiskTerms) -> None:
        self._spec, self._terms = spec, terms
        self._by_kind: Mapping[FactKind, Callable[[Any], Any]] = {
            FactKind.DAY: dt.date.fromisoformat,
            FactKind.YES: lambda value: say("はい") if value else say("いいえ"),
            FactKind.GRADE: lambda code: self._terms.grades.texts.get(code, code),
            FactKind.CATEGORIES: self._categories,
            FactKind.LEARNING: lambda code: LEARNING.get(code, code),
            FactKind.LIFECYCLE: Lifecycle,
            FactKind.STATE: IncidentState,
            FactKind.TIMING: StartTiming,
            FactKind.STAGES: lambda codes: _joined([Lifecycle(code) for code in codes]),
            FactKind.ROUND: _round,
        }

    def value(self, name: str, value: Any) -> Any:
        """Return the value of a fact as a sentence can hold it."""
        fact = FACTS[name]
        if value is None or value in ("", []):
            return UNANSWERED
        if fact.kind is FactKind.OPTION:
            return self._option(fact.field, value)
        if fact.kind is FactKind.OPTIONS:
            return _joined([self._option(fact.field, code) for code in value])
        return self._by_kind[fact.kind](value) if fact.kind in self._by_kind else value

    def sentence(self, rule: str, facts: Mapping[str, Any]) -> Say:
        """Return the question that a rule asks about these facts; of a rule that is no more, its code."""
        if rule not in BY_CODE:
            return say("この確認（%(rule)s）は、今は行っていません。", rule=rule)
        known = BY_CODE[rule]
        return Say(known.asks.template, {name: self.value(name, facts.get(name)) for name in known.looks})

    def facts(self, facts: Mapping[str, Any]) -> list[tuple[Say, Any]]:
        """Return the names and values of facts."""
        return [(FACTS[name].label, self.value(name, value)) for name, value in facts.items() if name in FACTS]

    def changes(self, changes: Mapping[str, Any]) -> list[tuple[Say, Any, Any]]:
        """Return the names, old and new values of what changed."""
        return [
            (FACTS[name].label, self.value(name, old), self.value(name, new))
            for name, (old, new) in changes.items()
            if name in FACTS
        ]

    def _categories(self, codes: str) -> Any:
        return _joined([self._terms.categories.texts.get(code, code) for code in codes.split()])

    def _option(self, field_id: str, code: str) -> Text | str:
        question = self._spec.field(field_id)
        return question.option(code).text if code in question.codes else code


def _joined(parts: Sequence[Any]) -> Any:
    first, *rest = parts
    return say("%(first)s、%(rest)s", first=first, rest=_joined(rest)) if rest else first


def _round(code: str) -> Say:
    year, _, number = code.partition("-")
    return say("%(year)s年度第%(number)s回", year=year, number=number)


def list_page(session: Session, actor: Actor, state: ListState, teller: Teller) -> ListPage:
    """Return one page of what ``actor`` may see, what moved last first, in three statements."""
    conditions = [authz.sight(Question, actor), *(FILTERS[name](values) for name, values in state.chosen.items())]
    total = session.scalar(select(func.count()).select_from(Question).where(*conditions)) or 0
    page = min(state.page, pages_of(total))
    rows = _rows(conditions, actor).order_by(Question.moved_at.desc(), Question.id.desc())
    found = session.execute(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    asked = [_asked(row, teller) for row in found]
    return ListPage(asked, total, replace(state, page=page), ministries(session, actor))


def about(session: Session, subject: UseCase | Incident | AISystem, actor: Actor, teller: Teller) -> list[Asked]:
    """Return the questions about ``subject`` that wait for somebody, the oldest first."""
    conditions = [
        authz.sight(Question, actor), ABOUT[type(subject)] == subject.id, Question.state.in_(QUESTION_UNSETTLED),
    ]  # fmt: skip
    return [_asked(row, teller) for row in session.execute(_rows(conditions, actor).order_by(Question.id))]


def all_about(
    session: Session, subject: UseCase | Incident | AISystem, actor: Actor, teller: Teller
) -> list[QuestionPage]:
    """Return every question about ``subject`` that ``actor`` may see, settled or not, each with its trail."""
    own = select(Question).where(ABOUT[type(subject)] == subject.id).order_by(Question.id)
    asked = session.scalars(authz.visible(own, Question, actor)).all()
    return [question_page(session, question, actor, teller) for question in asked]


def waiting(session: Session, actor: Actor) -> dict[int, int]:
    """Return how many questions each ministry has still to answer, of those that ``actor`` may see."""
    counting = select(Question.ministry_id, func.count()).where(Question.state == QuestionState.OPEN)
    own = authz.visible(counting.group_by(Question.ministry_id), Question, actor)
    return {row[0]: row[1] for row in session.execute(own)}


def question_page(session: Session, question: Question, actor: Actor, teller: Teller) -> QuestionPage:
    """Return what the page of ``question`` shows to ``actor``."""
    trail = select(QuestionEvent).where(QuestionEvent.question_id == question.id).order_by(QuestionEvent.id)

    def seen(model: Any, row_id: int | None) -> Any:
        found = select(model).where(model.id == row_id)
        return session.scalar(authz.visible(found, model, actor)) if row_id is not None else None

    return QuestionPage(
        question,
        BY_CODE.get(question.rule),
        session.get_one(Ministry, question.ministry_id),
        teller.sentence(question.rule, question.facts),
        teller.facts(question.facts),
        seen(UseCase, question.use_case_id),
        seen(Incident, question.incident_id),
        seen(AISystem, question.ai_system_id),
        _item(session, question, actor),
        [Line(event, teller.changes(event.changes)) for event in session.scalars(trail)],
        steps_for(question, actor),
    )


def _item(session: Session, question: Question, actor: Actor) -> SubmissionItem | None:
    """Return the answers that the question speaks of, while they are there: a new case may be taken out again."""
    code = question.facts.get("round")
    if not code or question.use_case_id is None:
        return None
    year, _, number = code.partition("-")
    named = and_(Round.fiscal_year == int(year), Round.number == int(number), Round.rehearsal.is_(False))
    found = select(SubmissionItem).join(Round, Round.id == SubmissionItem.round_id)
    found = found.where(named, SubmissionItem.use_case_id == question.use_case_id)
    return session.scalar(authz.visible(found, SubmissionItem, actor))


def steps_for(question: Question, actor: Actor) -> tuple[QuestionStep, ...]:
    """Return the steps that ``actor`` may take with ``question`` now."""
    steps = question_steps(question.state)
    return tuple(step for step in steps if authz.can(actor, authz.QUESTION_DEEDS[step.deed], question))


def rules() -> Sequence[tuple[Rule, bool]]:
    """Return every rule, with whether it is run: what it needs may not be kept yet."""
    run = {rule.code for rule in runnable(sentinel_facts.LOADED)}
    return [(rule, rule.code in run) for rule in RULES]


def _rows(conditions: Sequence[ColumnElement[bool]], actor: Actor) -> Any:
    """Return the statement of a list; what a question is about is named to those who may see it."""
    columns = (
        Question.public_id, Question.rule, Question.state, Question.facts, Question.ministry_id, Question.moved_at,
        UseCase.case_no, UseCase.title, Incident.incident_no, AISystem.name.label("system_name"),
    )  # fmt: skip
    return (
        select(*columns)
        .outerjoin(UseCase, and_(UseCase.id == Question.use_case_id, authz.sight(UseCase, actor)))
        .outerjoin(Incident, and_(Incident.id == Question.incident_id, authz.sight(Incident, actor)))
        .outerjoin(AISystem, and_(AISystem.id == Question.ai_system_id, authz.sight(AISystem, actor)))
        .where(*conditions)
    )


def _asked(row: Row[Any], teller: Teller) -> Asked:
    case = f"{row.case_no} {row.title}" if row.case_no else ""
    about = " ".join(filter(None, (case, row.incident_no, row.system_name)))
    important = row.rule in BY_CODE and BY_CODE[row.rule].weight == "high"
    sentence = teller.sentence(row.rule, row.facts)
    return Asked(row.public_id, row.rule, important, row.state, sentence, about, row.ministry_id, row.moved_at)
