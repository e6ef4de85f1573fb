"""Reading what the log tells of one case or incident and of all that belongs to it, as far as a person may read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.models import (
    Assessment,
    AssessmentEvent,
    AuditEntry,
    Disclosure,
    HighRiskFlag,
    Incident,
    IncidentCase,
    IncidentEvent,
    IncidentFile,
    IncidentReference,
    ItemVersion,
    LifecycleEvent,
    Measure,
    Question,
    QuestionEvent,
    Referral,
    ReferralCondition,
    ReferralEvent,
    ReferralPackage,
    Remark,
    Round,
    Submission,
    SubmissionItem,
    UseCase,
)
from register.queries.audit import EntryPage, entry_page

# The rows of some tables, by the model.
Rows = Mapping[type[Any], Sequence[int]]


@dataclass(frozen=True)
class Scope:
    """What belongs to one thing: ``own`` are its rows; entries about ``holders`` may change some of them too."""

    own: Rows
    holders: Rows
    ministry_id: int

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The own rows as entries name them."""
        return frozenset((model.__tablename__, str(pk)) for model, ids in self.own.items() for pk in ids)


def case_scope(session: Session, use_case: UseCase, actor: Actor) -> Scope:
    """Return what of ``use_case`` the actor may know of, as ``session`` has it."""

    def of_case(model: type[Any]) -> list[int]:
        return _ids(session, authz.visible(select(model.id).where(model.use_case_id == use_case.id), model, actor))

    items, judged, referred, asked = (of_case(one) for one in (SubmissionItem, Assessment, Referral, Question))
    tied = select(IncidentCase).join(Incident, Incident.id == IncidentCase.incident_id)
    ties = session.scalars(authz.visible(tied.where(IncidentCase.use_case_id == use_case.id), Incident, actor)).all()
    returns = _ids(session, select(SubmissionItem.submission_id).distinct().where(SubmissionItem.id.in_(items)))
    rounds = _ids(session, select(SubmissionItem.round_id).distinct().where(SubmissionItem.id.in_(items)))
    own: Rows = {
        UseCase: [use_case.id],
        **{one: of_case(one) for one in (LifecycleEvent, HighRiskFlag, Disclosure)},
        SubmissionItem: items,
        Assessment: judged,
        Referral: referred,
        Question: asked,
        IncidentCase: [one.id for one in ties],
        **{one: _below(session, one, one.item_id, items) for one in (ItemVersion, Remark)},
        AssessmentEvent: _below(session, AssessmentEvent, AssessmentEvent.assessment_id, judged),
        QuestionEvent: _below(session, QuestionEvent, QuestionEvent.question_id, asked),
        **{
            one: _below(session, one, one.referral_id, referred)
            for one in (ReferralPackage, ReferralCondition, ReferralEvent)
        },
    }
    holders = {Submission: returns, Round: rounds, Incident: [one.incident_id for one in ties]}
    return Scope(own, holders, use_case.ministry_id)


def incident_scope(session: Session, incident: Incident, actor: Actor) -> Scope:
    """Return what of ``incident`` the actor may know of, as ``session`` has it."""
    asked = authz.visible(select(Question.id).where(Question.incident_id == incident.id), Question, actor)
    questions = _ids(session, asked)
    parts = (IncidentCase, IncidentEvent, Measure, IncidentReference, IncidentFile)
    own: Rows = {
        Incident: [incident.id],
        Question: questions,
        QuestionEvent: _below(session, QuestionEvent, QuestionEvent.question_id, questions),
        **{one: _below(session, one, one.incident_id, [incident.id]) for one in parts},
    }
    return Scope(own, {}, incident.ministry_id)


def history(session: Session, scope: Scope, actor: Actor, until: dt.datetime) -> list[EntryPage]:
    """Return the entries of the log about ``scope`` up to ``until`` that ``actor`` may read, oldest first.

    Where a clock was set back, the chain's order tells what was before, as it does for a state made anew. An entry
    about one of its rows is told with all its changes; of any other, what changed of those rows.
    """
    pairs = scope.pairs
    # The check names no row: its entries are those of the ministry.
    checked = and_(AuditEntry.event == audit.Event.QUESTION_CHECKED.value, AuditEntry.ministry_id == scope.ministry_id)
    wanted = or_(_about(scope.own), _about(scope.holders), checked)
    before = AuditEntry.seq <= audit.seq_at(session, until)
    statement = authz.visible(select(AuditEntry).where(wanted, before), AuditEntry, actor)
    pages = []
    for entry in session.scalars(statement.order_by(AuditEntry.seq)):
        about = (entry.subject_table, entry.subject_id) in pairs
        page = entry_page(session, entry, actor, None if about else pairs)
        if about or page.changes:
            pages.append(page)
    return pages


def _about(rows: Rows) -> ColumnElement[bool]:
    named = [
        and_(AuditEntry.subject_table == model.__tablename__, AuditEntry.subject_id.in_([str(one) for one in ids]))
        for model, ids in rows.items()
        if ids
    ]
    return or_(false(), *named)


def _below(session: Session, model: type[Any], column: Any, ids: Iterable[int]) -> list[int]:
    return _ids(session, select(model.id).where(column.in_(ids)))


def _ids(session: Session, statement: Any) -> list[int]:
    return list(session.scalars(statement))
