"""The worklist of the risk side: what waits for a person in incidents, judgments, referrals, notices, questions."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.errors import Say, say
from register.formspec.risk import RiskTerms
from register.formspec.sheets import SheetLibrary
from register.models import Assessment, AssessmentEvent, Incident, Measure
from register.queries import deliveries, disclosures, notice_tasks, question_tasks, referral_tasks
from register.queries.incidents import SILENT, silent
from register.queries.nil_reports import unsaid
from register.queries.reasking import count_due
from register.queries.tasks import Task
from register.states import FILLED_IN, INCIDENT_OPEN
from register.vocab import MINISTRY_ROLES, AssessmentState, IncidentState

# Who is told of which incidents: the permission that makes it the person's matter, the state, the sentence, the clock.
WAITING = (
    (Permission.INCIDENT_REPORT, IncidentState.DRAFT, say("下書きのリスクケースを報告する"), Incident.report_due),
    (Permission.INCIDENT_MANAGE, IncidentState.REPORTED, say("報告されたリスクケースを受理する"), Incident.notify_due),
    (Permission.INCIDENT_MANAGE, IncidentState.RECEIVED, say("リスクケースを事務局に報告する"), Incident.notify_due),
    (Permission.INCIDENT_MANAGE, IncidentState.IN_RESPONSE, say("リスクケースへの対応を進める"), None),
    (Permission.INCIDENT_CLOSE, IncidentState.MEASURES_DONE, say("恒久対策済みのリスクケースを終結する"), None),
)

# Who is told of the silence of a ministry: the permission that makes it the person's matter, the sentence.
SILENCE = (
    (Permission.INCIDENT_MANAGE, say("リスクケースの経過を事務局に知らせる")),
    (Permission.INCIDENT_CLOSE, say("経過の報告がないリスクケースを府省庁に確かめる")),
)


def tasks(session: Session, actor: Actor, terms: RiskTerms, sheets: SheetLibrary, today: dt.date) -> list[Task]:
    """Return what waits for ``actor``, in a fixed number of statements whatever there is."""
    found = _incidents(session, actor, today) + _silences(session, actor, terms, today)
    if actor.role in MINISTRY_ROLES:
        found += _measures(session, actor, today) + _months(session, actor, terms, today)
        found += _judgments(session, actor, sheets, today)
    found += referral_tasks.tasks(session, actor, today) + notice_tasks.tasks(session, actor, today)
    found += disclosures.tasks(session, actor, today) + deliveries.tasks(session, actor)
    return found + question_tasks.tasks(session, actor)


def _incidents(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    mine = [row for row in WAITING if authz.can(actor, row[0])]
    if not mine:
        return []
    states = [state for _, state, _, _ in mine]
    first = func.min(Incident.report_due), func.min(Incident.notify_due)
    statement = select(Incident.state, func.count(), *first).where(Incident.state.in_(states)).group_by(Incident.state)
    counts = {row[0]: row for row in session.execute(authz.visible(statement, Incident, actor))}
    tasks = []
    for _, state, text, clock in mine:
        if state in counts:
            _, count, report, notify = counts[state]
            due = None if clock is None else report if clock is Incident.report_due else notify
            tasks.append(_task(text, count, due, today, {"state": state.value}))
    return tasks


def _silences(session: Session, actor: Actor, terms: RiskTerms, today: dt.date) -> list[Task]:
    """Return the incidents of which the secretariat should have heard again by now."""
    mine = next((text for permission, text in SILENCE if authz.can(actor, permission)), None)
    if mine is None:
        return []
    counted = select(func.count()).select_from(Incident).where(silent(terms, today))
    count = session.scalar(authz.visible(counted, Incident, actor))
    return [Task(mine, "incidents.index", count, {"late": SILENT}, late=True)] if count else []


def _measures(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    """Return the measures that are past their day or wait for somebody else's eyes."""
    open_ones = select(Measure.id).join(Incident, Incident.id == Measure.incident_id)
    own = open_ones.where(Incident.ministry_id == actor.ministry_id, Incident.state.in_(INCIDENT_OPEN))
    waits: tuple[tuple[Say, ColumnElement[bool]], ...] = (
        (say("期限が過ぎた対策を実施する"), and_(Measure.done_on.is_(None), Measure.due_on < today)),
        (
            say("実施された対策を確認する"),
            and_(Measure.done_on.is_not(None), Measure.verified_at.is_(None), Measure.done_by_id != actor.user_id),
        ),
    )
    tasks = []
    for text, condition in waits:
        if count := session.scalar(select(func.count()).select_from(own.where(condition).subquery())):
            tasks.append(Task(text, "incidents.index", count, {"state": "open"}))
    return tasks


def _months(session: Session, actor: Actor, terms: RiskTerms, today: dt.date) -> list[Task]:
    silent = unsaid(session, actor, terms, today)
    if not silent:
        return []
    text = say("リスクケースの有無を月ごとに報告する")
    return [_task(text, len(silent), silent[0][1], today, {}, "nil_reports.index")]


def _judgments(session: Session, actor: Actor, sheets: SheetLibrary, today: dt.date) -> list[Task]:
    """Return the cases to be judged, the sheets that wait to be finished and those that wait for the decision."""
    tasks = []
    if count := count_due(session, actor, sheets, today, idle=True):
        tasks.append(Task(say("高リスク判定が必要な案件を判定する"), "assessments.due", count))
    wrote = select(AssessmentEvent.id).where(
        AssessmentEvent.assessment_id == Assessment.id,
        AssessmentEvent.actor_id == actor.user_id,
        AssessmentEvent.deed.in_(FILLED_IN),
    )
    waits: list[tuple[Say, AssessmentState, ColumnElement[bool]]] = [
        (say("下書きの高リスク判定を仕上げる"), AssessmentState.DRAFT, true())
    ]
    if authz.can(actor, Permission.ASSESSMENT_DECIDE):
        waits.append((say("高リスクかどうかを判定する"), AssessmentState.PROPOSED, ~wrote.exists()))
    for text, state, condition in waits:
        own = select(func.count()).select_from(Assessment).where(Assessment.state == state, condition)
        if count := session.scalar(authz.visible(own, Assessment, actor)) or 0:
            tasks.append(Task(text, "assessments.index", count, {"state": state.value}))
    return tasks


def _task(
    text: Say, count: int, due: dt.date | None, today: dt.date, args: dict[str, str], endpoint: str = "incidents.index"
) -> Task:
    return Task(text, endpoint, count, args, due, due is not None and due < today)
