"""Which use cases have to be judged, or judged anew, and why: computed from what is stored, so that nobody has to ask.

Every cause is one condition over a case, the judgment that holds for it, and the facts that this was made on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from register import authz
from register.authz import Actor, AnySelect
from register.formspec.sheets import SheetLibrary
from register.models import AISystem, Assessment, Incident, IncidentCase, UseCase
from register.queries.incidents import counted
from register.states import ASSESSMENT_OPEN
from register.vocab import AssessmentState, Lifecycle, ReaskCause, Stage

Open = aliased(Assessment)
_NOT_RUNNING = (Lifecycle.SUSPENDED, Lifecycle.RETIRED)
# 導入段階 as it is, not as the form says: what has begun is where it is, what has not is where it is meant to go.
_STAGE = case(
    (UseCase.lifecycle == Lifecycle.PRODUCTION, Stage.PRODUCTION.value),
    (UseCase.lifecycle == Lifecycle.VERIFICATION, Stage.VERIFICATION.value),
    (UseCase.lifecycle == Lifecycle.PLANNED, func.coalesce(type_coerce(UseCase.planned_stage, String()), "")),
    else_="",
)
_MODEL = UseCase.model_usage + "\n" + func.coalesce(AISystem.model_usage, "")


def _grave(library: SheetLibrary, reader: Actor | None = None) -> ColumnElement[int]:
    own = _tied(select(func.count()), library, reader).where(IncidentCase.use_case_id == UseCase.id)
    return own.correlate(UseCase).scalar_subquery()


def _tied(statement: AnySelect, library: SheetLibrary, reader: Actor | None) -> AnySelect:
    """Have ``statement`` read the grave incidents of cases, those only that ``reader`` may know of."""
    joined = statement.select_from(IncidentCase).join(Incident, Incident.id == IncidentCase.incident_id)
    grave = joined.where(counted(), Incident.grade.in_(library.grades))
    return authz.visible(grave, Incident, reader) if reader else grave


def _facts(library: SheetLibrary) -> Mapping[str, ColumnElement[Any]]:
    return {
        "fact_user_scope": UseCase.user_scope.expression,
        "fact_confidentiality": UseCase.confidentiality.expression,
        "fact_usage_type": UseCase.usage_type.expression,
        "fact_stage": _STAGE,
        "fact_system_id": UseCase.ai_system_id.expression,
        "fact_model": _MODEL,
        "fact_incidents": _grave(library),
    }


def conditions(
    library: SheetLibrary, today: dt.date, reader: Actor | None = None
) -> Mapping[ReaskCause, ColumnElement[bool]]:
    """Return under which condition each cause holds for a case and the judgment that it has (or has not).

    With a ``reader`` an incident counts only where they may know of it: the reason would tell of it.
    """
    held = Assessment.id.is_not(None)
    changed = {
        ReaskCause.USER_SCOPE: UseCase.user_scope.is_distinct_from(Assessment.fact_user_scope),
        ReaskCause.CONFIDENTIALITY: UseCase.confidentiality.is_distinct_from(Assessment.fact_confidentiality),
        ReaskCause.USAGE_TYPE: UseCase.usage_type.is_distinct_from(Assessment.fact_usage_type),
        # What is suspended has no stage; it is asked for again when it runs.
        ReaskCause.STAGE: and_(UseCase.lifecycle.not_in(_NOT_RUNNING), Assessment.fact_stage != _STAGE),
        ReaskCause.MODEL: or_(
            UseCase.ai_system_id.is_distinct_from(Assessment.fact_system_id), Assessment.fact_model != _MODEL
        ),
        ReaskCause.INCIDENT: _grave(library, reader) > Assessment.fact_incidents,
        ReaskCause.REVIEW: Assessment.review_due <= today,
    }
    first = and_(Assessment.id.is_(None), UseCase.lifecycle_since >= library.since)
    return {ReaskCause.FIRST: first} | {cause: and_(held, condition) for cause, condition in changed.items()}


def facts_of(session: Session, use_case: UseCase, library: SheetLibrary) -> Mapping[str, Any]:
    """Return the ``fact_`` columns of a judgment of ``use_case``, as the case stands now."""
    facts = _facts(library)
    statement = select(*(fact.label(name) for name, fact in facts.items())).select_from(UseCase)
    statement = statement.outerjoin(AISystem, AISystem.id == UseCase.ai_system_id).where(UseCase.id == use_case.id)
    return dict(session.execute(statement).mappings().one())


def causes_of(
    session: Session, use_case: UseCase, library: SheetLibrary, today: dt.date, reader: Actor | None = None
) -> tuple[ReaskCause, ...]:
    """Return why ``use_case`` has to be judged now, as far as ``reader`` may know; nothing when it has not."""
    asked = conditions(library, today, reader)
    statement = _joined(select(*(condition.label(cause.value) for cause, condition in asked.items())))
    alive = statement.where(UseCase.id == use_case.id, UseCase.lifecycle != Lifecycle.RETIRED)
    row = session.execute(alive).mappings().first()
    return tuple(cause for cause in asked if row and row[cause.value])


def told_causes(
    session: Session, assessment: Assessment, library: SheetLibrary, reader: Actor
) -> tuple[ReaskCause, ...]:
    """Return why ``assessment`` was begun, as far as ``reader`` may know: not of an incident that is none for them."""
    causes = tuple(ReaskCause(cause) for cause in assessment.causes)
    known = _tied(select(Incident.id), library, reader).where(IncidentCase.use_case_id == assessment.use_case_id)
    if ReaskCause.INCIDENT not in causes or session.scalar(known.limit(1)) is not None:
        return causes
    return tuple(cause for cause in causes if cause is not ReaskCause.INCIDENT)


def unjudged(session: Session, use_case: UseCase, library: SheetLibrary, day: dt.date) -> bool:
    """Tell whether ``use_case``, starting on ``day``, ought to have a decided judgment and has none."""
    held = select(Assessment.id).where(
        Assessment.use_case_id == use_case.id, Assessment.state == AssessmentState.DECIDED
    )
    return library.start != "allow" and day >= library.since and session.scalar(held) is None


@dataclass(frozen=True)
class Due:
    """A case that has to be judged: why, which judgment holds for it, and which is under way."""

    use_case: UseCase
    holds: Assessment | None
    open: Assessment | None
    causes: tuple[ReaskCause, ...]


def due_cases(
    session: Session, actor: Actor, library: SheetLibrary, today: dt.date, *, limit: int, offset: int
) -> Sequence[Due]:
    """Return the cases of ``actor``'s that have to be judged, by number."""
    asked = conditions(library, today, actor)
    columns = [condition.label(cause.value) for cause, condition in asked.items()]
    statement = _joined(select(UseCase, Assessment, Open, *columns))
    statement = statement.outerjoin(Open, and_(Open.use_case_id == UseCase.id, Open.state.in_(ASSESSMENT_OPEN)))
    rows = session.execute(_due(statement, actor, library, asked).order_by(UseCase.case_no).limit(limit).offset(offset))
    return [
        Due(row[0], row[1], row[2], tuple(c for c, told in zip(asked, row[3:], strict=True) if told)) for row in rows
    ]


def count_due(session: Session, actor: Actor, library: SheetLibrary, today: dt.date, *, idle: bool = False) -> int:
    """Return how many cases of ``actor``'s have to be judged; only those that nobody has begun, when ``idle``."""
    statement = _due(_joined(select(func.count())), actor, library, conditions(library, today, actor))
    if idle:
        begun = select(Open.id).where(Open.use_case_id == UseCase.id, Open.state.in_(ASSESSMENT_OPEN))
        statement = statement.where(~begun.exists())
    return session.scalar(statement) or 0


def _joined(statement: AnySelect) -> AnySelect:
    holds = and_(Assessment.use_case_id == UseCase.id, Assessment.state == AssessmentState.DECIDED)
    joined = statement.select_from(UseCase).outerjoin(Assessment, holds)
    return joined.outerjoin(AISystem, AISystem.id == UseCase.ai_system_id)


def _due(
    statement: AnySelect, actor: Actor, library: SheetLibrary, asked: Mapping[ReaskCause, ColumnElement[bool]]
) -> AnySelect:
    causes, with_grave = dict(asked), _tied(select(IncidentCase.use_case_id), library, actor)
    # Counted for the few cases only that have grave ones, not for each.
    causes[ReaskCause.INCIDENT] = and_(UseCase.id.in_(with_grave), asked[ReaskCause.INCIDENT])
    alive = statement.where(UseCase.lifecycle != Lifecycle.RETIRED, or_(*causes.values()))
    return authz.visible(alive, UseCase, actor)
