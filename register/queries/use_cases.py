"""Reading use cases: the filtered, sorted, paged list, its export, and one case with its life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from register import authz, states
from register.authz import Actor, AnySelect, Permission
from register.db import unindexed
from register.models import AISystem, LifecycleEvent, Ministry, Round, SubmissionItem, UseCase, counted
from register.queries import listing
from register.queries.listing import MOST_WORDS, PER_PAGE, pages_of
from register.queries.ministries import ministries
from register.text import search_key
from register.vocab import Lifecycle

Filter = Callable[[Actor, Sequence[str]], ColumnElement[bool]]
UNANSWERED = "none"


def _answered(column: InstrumentedAttribute[Any]) -> Filter:
    """Filter by codes of ``column``; an unanswered question can be looked for too."""

    def narrow(_actor: Actor, values: Sequence[str]) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column.in_([value for value in values if value != UNANSWERED])
        return or_(found, column.is_(None)) if UNANSWERED in values else found

    return narrow


def _in_state(_actor: Actor, values: Sequence[str]) -> ColumnElement[bool]:
    return unindexed(UseCase.lifecycle).in_([Lifecycle(value) for value in values if value in set(Lifecycle)])


def _reported(actor: Actor, values: Sequence[str]) -> ColumnElement[bool]:
    code = cast(Round.fiscal_year, String) + "-" + cast(Round.number, String)
    reported = (
        select(SubmissionItem.use_case_id)
        .join(Round, Round.id == SubmissionItem.round_id)
        .where(code.in_(values), Round.rehearsal.is_(False), SubmissionItem.use_case_id.is_not(None), counted())
    )
    found: ColumnElement[bool] = UseCase.id.in_(authz.visible(reported, SubmissionItem, actor))
    return found


# What a person may narrow the list by; all other state of the list is q, sort and page.
FILTERS: Mapping[str, Filter] = {
    "lifecycle": _in_state,
    "usage_type": _answered(UseCase.usage_type),
    "user_scope": _answered(UseCase.user_scope),
    "confidentiality": _answered(UseCase.confidentiality),
    "ministry": _answered(Ministry.key),
    "round": _reported,
}
# Every order ends in the id, so that equal rows never change places between pages.
SORTS: Mapping[str, tuple[Any, ...]] = {
    "updated": (UseCase.updated_at.desc(), UseCase.id.desc()),
    "number": (Ministry.sort_no, Ministry.id, UseCase.case_no, UseCase.id),
    "since": (UseCase.lifecycle_since.desc(), UseCase.id.desc()),
    "title": (UseCase.title, UseCase.id),
}
DEFAULT_SORT = "updated"

COLUMNS = (
    UseCase.public_id,
    UseCase.case_no,
    UseCase.title,
    UseCase.unit,
    UseCase.usage_type,
    UseCase.user_scope,
    UseCase.lifecycle,
    UseCase.lifecycle_since,
    UseCase.updated_at,
    UseCase.ministry_id,
)
EXPORT_COLUMNS = (
    UseCase.case_no,
    Ministry.name.label("ministry"),
    UseCase.unit,
    UseCase.title,
    UseCase.purpose,
    UseCase.usage_type,
    UseCase.user_scope,
    UseCase.confidentiality,
    UseCase.planned_stage,
    UseCase.start_on,
    UseCase.goal_kind,
    UseCase.goal_text,
    UseCase.output_type,
    UseCase.model_usage,
    UseCase.lifecycle,
    UseCase.lifecycle_since,
)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = FILTERS
    sorts = SORTS
    sort: str = DEFAULT_SORT


@dataclass(frozen=True)
class ListPage:
    """One page of the list: the rows as plain tuples, and how many there are in all."""

    rows: list[Row[Any]]
    total: int
    state: ListState
    ministries: dict[int, Ministry]
    rounds: Sequence[Round]

    @property
    def pages(self) -> int:
        return pages_of(self.total)


def list_page(session: Session, actor: Actor, state: ListState) -> ListPage:
    """Return one page of what ``actor`` may see, in four statements at most whatever the number of cases."""
    condition = _conditions(actor, state)
    of_ministry = "ministry" in state.chosen
    counted = _from(select(func.count()).select_from(UseCase), of_ministry).where(*condition)
    total: int = session.scalar(counted) or 0
    page = min(state.page, pages_of(total))
    rows = _from(select(*COLUMNS), of_ministry or state.sort == "number").where(*condition).order_by(*SORTS[state.sort])
    found = session.execute(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    rounds = session.scalars(_settled_rounds()).all()
    return ListPage(list(found), total, replace(state, page=page), ministries(session, actor), rounds)


def _settled_rounds() -> Select[Round]:
    real = and_(Round.rehearsal.is_(False), Round.state.in_(states.ROUND_SETTLED))
    return select(Round).where(real).order_by(Round.as_of.desc(), Round.id.desc())


def export_rows(session: Session, actor: Actor, state: ListState) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield every row of the filtered list in its order, page state apart, without holding them all."""
    statement = select(*EXPORT_COLUMNS).join(Ministry, Ministry.id == UseCase.ministry_id)
    statement = statement.where(*_conditions(actor, state)).order_by(*SORTS[state.sort])
    yield from session.execute(statement.execution_options(yield_per=1000))


def _from(statement: AnySelect, with_ministry: bool) -> AnySelect:
    # The sum keeps SQLite from looking up each case's ministry: it goes from ministry to ministry, which is the order
    # by number already.
    return statement.join(Ministry, Ministry.id + 0 == UseCase.ministry_id) if with_ministry else statement


def _conditions(actor: Actor, state: ListState) -> list[ColumnElement[bool]]:
    conditions = [authz.sight(UseCase, actor)]
    conditions.extend(FILTERS[name](actor, values) for name, values in state.chosen.items())
    words = list(dict.fromkeys(search_key(state.q).split()))[:MOST_WORDS]
    conditions.extend(UseCase.search_key.contains(word, autoescape=True) for word in words)
    return conditions


@dataclass(frozen=True)
class Step:
    """One step of a life with the days spent in the state (until the next step, or until today)."""

    event: LifecycleEvent
    days: int
    current: bool


@dataclass(frozen=True)
class CasePage:
    """All that the page of one use case shows."""

    use_case: UseCase
    ministry: Ministry
    system: AISystem | None
    steps: tuple[Step, ...]
    answers: tuple[Row[Any], ...]
    moves: tuple[states.Transition, ...]
    may_edit: bool


def case_page(session: Session, use_case: UseCase, actor: Actor, today: dt.date) -> CasePage:
    """Return what the page of ``use_case`` shows to ``actor``."""
    system = None
    if use_case.ai_system_id is not None:
        seen = authz.visible(select(AISystem).where(AISystem.id == use_case.ai_system_id), AISystem, actor)
        system = session.scalar(seen)
    return CasePage(
        use_case,
        session.get_one(Ministry, use_case.ministry_id),
        system,
        steps(session, use_case, today),
        _answers(session, use_case, actor),
        moves_for(use_case, actor),
        authz.can(actor, Permission.USE_CASE_WRITE, use_case),
    )


def moves_for(use_case: UseCase, actor: Actor) -> tuple[states.Transition, ...]:
    """Return the steps that ``actor`` may take with ``use_case`` now."""
    if not authz.can(actor, Permission.USE_CASE_MOVE, use_case):
        return ()
    may_retire = authz.can(actor, Permission.USE_CASE_RETIRE, use_case)
    moves = states.moves_from(use_case.lifecycle)
    return tuple(move for move in moves if move.target is not Lifecycle.RETIRED or may_retire)


def steps(session: Session, use_case: UseCase, today: dt.date) -> tuple[Step, ...]:
    """Return the life of ``use_case``, oldest first, with the time in each state."""
    statement = select(LifecycleEvent).where(LifecycleEvent.use_case_id == use_case.id).order_by(LifecycleEvent.id)
    events = list(session.scalars(statement))
    ends = [event.on for event in events[1:]] + [today]
    return tuple(
        Step(event, max(0, (end - event.on).days), event is events[-1]) for event, end in zip(events, ends, strict=True)
    )


def _answers(session: Session, use_case: UseCase, actor: Actor) -> tuple[Row[Any], ...]:
    """Return the rounds in which the case was reported, newest first, with the item that holds the answers."""
    statement = (
        select(SubmissionItem.public_id, SubmissionItem.submission_id, Round)
        .join(Round, Round.id == SubmissionItem.round_id)
        .where(SubmissionItem.use_case_id == use_case.id, Round.rehearsal.is_(False), counted())
        .order_by(Round.as_of.desc(), Round.id.desc())
    )
    return tuple(session.execute(authz.visible(statement, SubmissionItem, actor)))


def items_of(session: Session, use_case: UseCase, actor: Actor) -> Sequence[SubmissionItem]:
    """Return what was answered of ``use_case`` in any real round, accepted or not, oldest first, as ``actor`` may."""
    statement = (
        select(SubmissionItem)
        .join(Round, Round.id == SubmissionItem.round_id)
        .where(SubmissionItem.use_case_id == use_case.id, Round.rehearsal.is_(False))
        .order_by(Round.as_of, Round.id)
    )
    return session.scalars(authz.visible(statement, SubmissionItem, actor)).all()


def systems_for(session: Session, actor: Actor) -> list[AISystem]:
    """Return the AI systems that ``actor`` may tie a use case to: the own ministry's and those that others share."""
    statement = authz.visible(select(AISystem), AISystem, actor).options(joinedload(AISystem.ministry))
    return list(session.scalars(statement.order_by(AISystem.name, AISystem.id)))
