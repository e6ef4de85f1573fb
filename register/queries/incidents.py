"""Reading incidents: the filtered, paged list, one incident with its record, and those of a use case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from register import authz, states, workdays
from register.authz import Actor
from register.clock import TOKYO
from register.formspec.risk import RiskTerms
from register.models import (
    Incident,
    IncidentCase,
    IncidentEvent,
    IncidentFile,
    IncidentReference,
    Measure,
    Ministry,
    UseCase,
)
from register.queries import listing
from register.queries.listing import MOST_WORDS, PER_PAGE, pages_of
from register.queries.ministries import ministries
from register.states import INCIDENT_AT_WORK, INCIDENT_OPEN, IncidentStep
from register.text import search_key
from register.vocab import IncidentKind, IncidentState

NONE = "none"
OPEN = "open"
UNCOUNTED = frozenset(IncidentState) - states.INCIDENT_COUNTED
Narrow = Callable[[Sequence[str], RiskTerms, dt.date], ColumnElement[bool]]
SILENT = "silent"


def _code(column: InstrumentedAttribute[Any]) -> Narrow:
    def narrow(values: Sequence[str], _terms: RiskTerms, _today: dt.date) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column.in_([value for value in values if value != NONE])
        return or_(found, column.is_(None)) if NONE in values else found

    return narrow


def _in_state(values: Sequence[str], _terms: RiskTerms, _today: dt.date) -> ColumnElement[bool]:
    wanted = {IncidentState(value) for value in values if value in set(IncidentState)}
    return Incident.state.in_(wanted | (INCIDENT_OPEN if OPEN in values else frozenset()))


def _of_kind(values: Sequence[str], _terms: RiskTerms, _today: dt.date) -> ColumnElement[bool]:
    return Incident.kind.in_([IncidentKind(value) for value in values if value in set(IncidentKind)])


def _of_category(values: Sequence[str], _terms: RiskTerms, _today: dt.date) -> ColumnElement[bool]:
    return or_(*(Incident.categories.contains(value, autoescape=True) for value in values))


def _of_ministry(values: Sequence[str], _terms: RiskTerms, _today: dt.date) -> ColumnElement[bool]:
    return Incident.ministry_id.in_(select(Ministry.id).where(Ministry.key.in_(values)))


def _late(values: Sequence[str], terms: RiskTerms, today: dt.date) -> ColumnElement[bool]:
    silence = [silent(terms, today)] if SILENT in values else []
    return or_(*silence, *([overdue(today)] if set(values) != {SILENT} else []))


FILTERS: Mapping[str, Narrow] = {
    "state": _in_state,
    "kind": _of_kind,
    "grade": _code(Incident.grade),
    "category": _of_category,
    "ministry": _of_ministry,
    "late": _late,
}
SORTS: Mapping[str, tuple[Any, ...]] = {
    "detected": (Incident.detected_on.desc(), Incident.id.desc()),
    "updated": (Incident.updated_at.desc(), Incident.id.desc()),
}
DEFAULT_SORT = "detected"
COLUMNS: tuple[Any, ...] = (
    Incident.public_id,
    Incident.incident_no,
    Incident.title,
    Incident.kind,
    Incident.state,
    Incident.categories,
    Incident.grade,
    Incident.detected_on,
    Incident.updated_at,
    Incident.ministry_id,
    Incident.report_due,
    Incident.notify_due,
    Incident.report_late,
    Incident.notify_late,
)
EXPORT_COLUMNS: tuple[Any, ...] = (*COLUMNS, Ministry.name.label("ministry"), Incident.reported_at, Incident.closed_at)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = FILTERS
    sorts = SORTS
    sort: str = DEFAULT_SORT


@dataclass(frozen=True)
class ListPage:
    """One page of the list, and how many incidents there are in all."""

    rows: list[Row[Any]]
    total: int
    state: ListState
    ministries: dict[int, Ministry]
    today: dt.date

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class IncidentPage:
    """All that the page of one incident shows; ``steps`` are what the actor may do with it now."""

    incident: Incident
    ministry: Ministry
    cases: Sequence[UseCase]
    events: Sequence[IncidentEvent]
    measures: Sequence[Measure]
    references: Sequence[IncidentReference]
    files: Sequence[IncidentFile]
    steps: tuple[IncidentStep, ...]
    follow_up: dt.date | None
    today: dt.date

    def may(self, deed: str) -> bool:
        """Tell whether ``deed`` is among the steps."""
        return any(step.deed == deed for step in self.steps)


def list_page(session: Session, actor: Actor, state: ListState, terms: RiskTerms, today: dt.date) -> ListPage:
    """Return one page of what ``actor`` may see, in three statements whatever the number of incidents."""
    condition = _conditions(actor, state, terms, today)
    total: int = session.scalar(select(func.count()).select_from(Incident).where(*condition)) or 0
    page = min(state.page, pages_of(total))
    rows = select(*COLUMNS).where(*condition).order_by(*SORTS[state.sort])
    found = session.execute(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return ListPage(list(found), total, replace(state, page=page), ministries(session, actor), today)


def export_rows(
    session: Session, actor: Actor, state: ListState, terms: RiskTerms, today: dt.date
) -> Iterator[Row[Any]]:
    """Yield every row of the filtered list in its order, without holding them all."""
    statement = select(*EXPORT_COLUMNS).join(Ministry, Ministry.id == Incident.ministry_id)
    statement = statement.where(*_conditions(actor, state, terms, today)).order_by(*SORTS[state.sort])
    yield from session.execute(statement.execution_options(yield_per=1000))


def incident_page(session: Session, incident: Incident, actor: Actor, terms: RiskTerms, today: dt.date) -> IncidentPage:
    """Return what the page of ``incident`` shows to ``actor``."""
    return IncidentPage(
        incident,
        session.get_one(Ministry, incident.ministry_id),
        cases_of(session, incident, actor),
        _of(session, IncidentEvent, incident),
        _of(session, Measure, incident),
        _of(session, IncidentReference, incident),
        _of(session, IncidentFile, incident),
        steps_for(incident, actor),
        follow_up_due(incident, terms),
        today,
    )


def steps_for(incident: Incident, actor: Actor) -> tuple[IncidentStep, ...]:
    """Return the steps that ``actor`` may take with ``incident`` now."""
    steps = states.incident_steps(incident.state)
    return tuple(step for step in steps if authz.can(actor, authz.INCIDENT_DEEDS[step.deed], incident))


def cases_of(session: Session, incident: Incident, actor: Actor) -> Sequence[UseCase]:
    """Return the use cases of ``incident`` that ``actor`` may see, by number."""
    tied = select(UseCase).join(IncidentCase, IncidentCase.use_case_id == UseCase.id)
    own = tied.where(IncidentCase.incident_id == incident.id).order_by(UseCase.case_no)
    return session.scalars(authz.visible(own, UseCase, actor)).all()


def of_case(session: Session, use_case: UseCase, actor: Actor) -> Sequence[Incident]:
    """Return the incidents of a use case that ``actor`` may see, newest first."""
    tied = select(Incident).join(IncidentCase, IncidentCase.incident_id == Incident.id)
    own = tied.where(IncidentCase.use_case_id == use_case.id).order_by(*SORTS["detected"])
    return session.scalars(authz.visible(own, Incident, actor)).all()


def follow_up_due(incident: Incident, terms: RiskTerms) -> dt.date | None:
    """Return by when the ministry should say how things stand; None while nobody waits for that."""
    if incident.notified_at is None or incident.state not in INCIDENT_AT_WORK:
        return None
    heard = incident.heard_at.astimezone(TOKYO).date()
    return workdays.add(heard, terms.follow_up[incident.grade or ""])


def overdue(today: dt.date) -> ColumnElement[bool]:
    """Return the condition under which an incident waits past a clock."""
    unreported = and_(Incident.state == IncidentState.DRAFT, Incident.report_due < today)
    untold = and_(Incident.state.in_((IncidentState.REPORTED, IncidentState.RECEIVED)), Incident.notify_due < today)
    return or_(unreported, untold)


def silent(terms: RiskTerms, today: dt.date) -> ColumnElement[bool]:
    """Return the condition under which the next word of a ministry on its incident is overdue (``follow_up_due``)."""
    grades = {
        days: [grade for grade, one in terms.follow_up.items() if one == days] for days in terms.follow_up.values()
    }
    quiet = [
        and_(
            func.coalesce(Incident.grade, "").in_(named),
            Incident.heard_at < dt.datetime.combine(workdays.earliest(today, days), dt.time(), TOKYO),
        )
        for days, named in grades.items()
    ]
    return and_(Incident.state.in_(INCIDENT_AT_WORK), Incident.notified_at.is_not(None), or_(*quiet))


def counted() -> ColumnElement[bool]:
    """Return the condition under which an incident is a risk case that counts."""
    # Said of what does not count: given the many states that do, SQLite would look these up instead of the days.
    return and_(Incident.kind == IncidentKind.RISK_CASE, Incident.state.not_in(UNCOUNTED))


def _of(session: Session, model: Any, incident: Incident) -> Sequence[Any]:
    return session.scalars(select(model).where(model.incident_id == incident.id).order_by(model.id)).all()


def _conditions(actor: Actor, state: ListState, terms: RiskTerms, today: dt.date) -> list[ColumnElement[bool]]:
    conditions = [authz.sight(Incident, actor)]
    conditions.extend(FILTERS[name](values, terms, today) for name, values in state.chosen.items())
    words = list(dict.fromkeys(search_key(state.q).split()))[:MOST_WORDS]
    conditions.extend(Incident.search_key.contains(word, autoescape=True) for word in words)
    return conditions
