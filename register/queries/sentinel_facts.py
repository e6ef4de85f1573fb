"""Loading what the consistency check looks at: chunk by chunk, in a fixed number of statements for each.

Columns are read, never objects, so that a chunk is forgotten when the next one comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from register import authz
from register.clock import TOKYO
from register.formspec.sheets import Sheet, sheet_of
from register.models import (
    AISystem,
    Assessment,
    FormVersion,
    Incident,
    IncidentCase,
    Measure,
    Round,
    Submission,
    SubmissionItem,
    UseCase,
)
from register.models.submission import COUNTED_CASES, COUNTED_RETURNS
from register.queries.incidents import counted as counted_incidents
from register.queries.notice_gaps import Asked, answered, gaps
from register.sentinel import AssessmentFacts, AxisFacts, CaseFacts, IncidentFacts, RoundFacts, SystemFacts, UseFacts
from register.states import ASSESSMENT_OPEN, INCIDENT_OPEN, ROUND_PLANNED, ROUND_RUNNING
from register.text import search_key
from register.vocab import AssessmentState, Confirmation, Lifecycle, Need

CHUNK = 1_000
# How many rounds back the answers are looked at.
ROUNDS = 3
# What is loaded. A rule that needs something else is not run.
LOADED = frozenset({Need.ROUNDS, Need.INCIDENTS, Need.SYSTEMS, Need.ASSESSMENTS, Need.NOTICES})
SAID = (Confirmation.UNCHANGED, Confirmation.CHANGED, Confirmation.NEW)

_CASE = (
    UseCase.id, UseCase.ministry_id, UseCase.case_no, UseCase.title, UseCase.lifecycle, UseCase.lifecycle_since,
    UseCase.start_on, UseCase.usage_type, UseCase.user_scope, UseCase.confidentiality, UseCase.goal_kind,
    UseCase.goal_text, UseCase.model_usage, UseCase.created_at, UseCase.ai_system_id,
    AISystem.ministry_id.label("owner_id"), AISystem.model_usage.label("system_model"), AISystem.shared,
    AISystem.vendor,
)  # fmt: skip
_HOLDS = Assessment.state == AssessmentState.DECIDED
_JUDGMENT = (
    Assessment.use_case_id, Assessment.form_version_id.label("sheet"), Assessment.answers, Assessment.decision,
    Assessment.decided_on, Assessment.review_due, UseCase.user_scope, UseCase.confidentiality,
)  # fmt: skip
_INCIDENT = (
    Incident.id, Incident.ministry_id, Incident.incident_no, Incident.state, Incident.kind, Incident.detected_on,
    Incident.grade, Incident.categories, Incident.report_due, Incident.notify_due, Incident.notified_at,
    Incident.affected_count, Incident.suspended_from, Incident.suspended_to, counted_incidents().label("counted"),
)  # fmt: skip


@dataclass(frozen=True)
class RoundHead:
    """A round as its answers need it."""

    code: str
    form: str
    as_of: dt.date
    after: dt.date | None
    running: bool


@dataclass(frozen=True)
class Ground:
    """What every chunk needs: the newest rounds by id; of each ministry the newest return that was accepted, and the
    notices that it has answered.
    """

    rounds: Mapping[int, RoundHead]
    returns: Mapping[int, int]
    notices: Mapping[int, Sequence[Asked]]


def ground(session: Session) -> Ground:
    """Return what is the same for all cases, in three statements."""
    statement = (
        select(Round.id, Round.fiscal_year, Round.number, Round.as_of, Round.state, FormVersion.version)
        .join(FormVersion, FormVersion.id == Round.form_version_id)
        .where(Round.rehearsal.is_(False), Round.state.not_in(ROUND_PLANNED))
        .order_by(Round.as_of.desc(), Round.id.desc())
        .limit(ROUNDS + 1)
    )
    found = session.execute(statement).all()
    days = [row.as_of for row in found]
    rounds = {
        row.id: RoundHead(
            f"{row.fiscal_year}-{row.number}",
            row.version,
            row.as_of,
            max((day for day in days if day < row.as_of), default=None),
            row.state in ROUND_RUNNING,
        )
        for row in found[:ROUNDS]
    }
    accepted = select(Submission.ministry_id, Submission.round_id).where(
        Submission.round_id.in_(rounds), Submission.state.in_(COUNTED_RETURNS)
    )
    newest: dict[int, int] = {}
    for ministry_id, round_id in session.execute(accepted):
        kept = newest.get(ministry_id)
        if kept is None or rounds[round_id].as_of > rounds[kept].as_of:
            newest[ministry_id] = round_id
    return Ground(rounds, newest, answered(session))


def cases_after(session: Session, base: Ground, after: int) -> list[CaseFacts]:
    """Return the next chunk of use cases by id, each with all that belongs to it, in nine statements."""
    statement = select(*_CASE).outerjoin(AISystem, AISystem.id == UseCase.ai_system_id)
    rows = session.execute(statement.where(UseCase.id > after).order_by(UseCase.id).limit(CHUNK)).all()
    if not rows:
        return []
    first, last = rows[0].id, rows[-1].id
    twins, answers = _twins(session, first, last), _answers(session, base, first, last)
    incidents, judged = _tied(session, first, last), assessments_of(session, first, last)
    notices = gaps(session, base.notices, rows)
    return [
        _case(
            row, base, twins, answers.get(row.id, ()), incidents.get(row.id, ()), judged.get(row.id),
            notices.get(row.id, ""),
        )
        for row in rows
    ]  # fmt: skip


def assessments_of(session: Session, first: int, last: int) -> Mapping[int, AssessmentFacts]:
    """Return the judgment that holds for each use case by its id, from ``first`` to ``last``, in three statements.

    A viewpoint counts as high when it is answered no lower than the case itself leads the sheet to expect.
    """
    span = Assessment.use_case_id.between(first, last)
    under_way = set(session.scalars(select(Assessment.use_case_id).where(span, Assessment.state.in_(ASSESSMENT_OPEN))))
    rows = session.execute(
        select(*_JUDGMENT).join(UseCase, UseCase.id == Assessment.use_case_id).where(span, _HOLDS)
    ).all()
    used = select(FormVersion.id, FormVersion.canonical).where(FormVersion.id.in_({row.sheet for row in rows}))
    sheets = {row.id: sheet_of(row.canonical) for row in session.execute(used)}
    found = {
        row.use_case_id: AssessmentFacts(
            row.decided_on, row.decision, _axes(sheets[row.sheet], row), row.review_due, row.use_case_id in under_way
        )
        for row in rows
    }
    return {case: AssessmentFacts(None, None, {}, None, True) for case in under_way} | found


def _axes(sheet: Sheet, row: Any) -> Mapping[str, AxisFacts]:
    facts, axes = {"user_scope": row.user_scope, "confidentiality": row.confidentiality}, {}
    for viewpoint in sheet.viewpoints:
        option, expected = viewpoint.option(row.answers.get(viewpoint.id, "")), viewpoint.expected(facts)
        if option is not None:
            axes[viewpoint.id] = AxisFacts(option.code, option.level >= (expected.level if expected else 1))
    return axes


def incidents_after(session: Session, after: int) -> list[IncidentFacts]:
    """Return the next chunk of incidents by id, in three statements."""
    statement = select(*_INCIDENT).where(Incident.id > after).order_by(Incident.id).limit(CHUNK)
    rows = session.execute(statement).all()
    if not rows:
        return []
    span = (rows[0].id, rows[-1].id)
    today = session.info["clock"].today()
    cases = _numbers(session, IncidentCase, IncidentCase.incident_id.between(*span))
    waiting = and_(Measure.incident_id.between(*span), Measure.done_on.is_(None), Measure.due_on < today)
    late = _numbers(session, Measure, waiting)
    return [_incident(row, cases.get(row.id, 0), late.get(row.id, 0)) for row in rows]


def uses(session: Session) -> list[UseFacts]:
    """Return how each ministry describes the systems that it uses or owns, beside what is said of them elsewhere."""
    told = _descriptions(session)
    named = _shared_vendors(session)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for (system_id, ministry_id), own in told.items():
        others = [one for (system, other), one in told.items() if system == system_id and other != ministry_id]
        found[system_id, ministry_id] = {
            "own_confidentiality": _sorted(own[0]),
            "other_confidentiality": _sorted(set().union(*(one[0] for one in others))),
            "own_stages": _sorted(own[1]),
            "other_stages": _sorted(set().union(*(one[1] for one in others))),
        }
    for row in session.execute(select(AISystem.id, AISystem.ministry_id, AISystem.name, AISystem.vendor)):
        shared = next((vendor for owner, vendor in named.get(search_key(row.name), ()) if owner != row.ministry_id), "")
        if shared:
            mine = found.setdefault((row.id, row.ministry_id), {})
            mine |= {"vendor": row.vendor, "shared_vendor": shared}
    return [UseFacts(system_id, ministry_id, **values) for (system_id, ministry_id), values in found.items()]


def _descriptions(session: Session) -> dict[tuple[int, int], tuple[set[str], set[str]]]:
    """Return what each ministry says of each shared system: confidentialities, and stages."""
    stages = (Lifecycle.VERIFICATION, Lifecycle.PRODUCTION)
    statement = (
        select(UseCase.ai_system_id, UseCase.ministry_id, UseCase.confidentiality, UseCase.lifecycle)
        .join(AISystem, AISystem.id == UseCase.ai_system_id)
        .where(AISystem.shared, UseCase.lifecycle.in_(stages))
        .distinct()
    )
    told: dict[tuple[int, int], tuple[set[str], set[str]]] = {}
    for system_id, ministry_id, confidentiality, lifecycle in session.execute(statement):
        own = told.setdefault((system_id or 0, ministry_id), (set(), set()))
        own[0].update(filter(None, [confidentiality]))
        own[1].add(lifecycle.value)
    return told


def _shared_vendors(session: Session) -> dict[str, list[tuple[int, str]]]:
    shared = select(AISystem.name, AISystem.ministry_id, AISystem.vendor).where(AISystem.shared, AISystem.vendor != "")
    named: dict[str, list[tuple[int, str]]] = {}
    for row in session.execute(shared.order_by(AISystem.id)):
        named.setdefault(search_key(row.name), []).append((row.ministry_id, row.vendor))
    return named


def _sorted(values: set[str]) -> tuple[str, ...]:
    return tuple(sorted(values))


def _case(
    row: Row[Any],
    base: Ground,
    twins: Mapping[tuple[int, str], tuple[str, str]],
    answers: Sequence[tuple[int, Confirmation, bool, RoundFacts]],
    incidents: Sequence[IncidentFacts],
    judged: AssessmentFacts | None,
    open_notices: str,
) -> CaseFacts:
    first, last = twins.get((row.ministry_id, row.title), ("", ""))
    system = SystemFacts(row.ai_system_id, row.owner_id, row.system_model, row.shared) if row.ai_system_id else None
    said = [facts for _, confirmation, _, facts in answers if confirmation is not Confirmation.ENDED]
    return CaseFacts(
        row.id,
        row.ministry_id,
        row.case_no,
        row.title,
        row.lifecycle,
        row.lifecycle_since,
        row.start_on,
        row.usage_type,
        row.user_scope,
        row.confidentiality,
        row.goal_kind,
        row.goal_text,
        row.model_usage,
        twin=last if first == row.case_no else first,
        left_out=_left_out(row, base, answers),
        open_notices=open_notices,
        system=system,
        answered=tuple(sorted(said, key=lambda facts: facts.as_of, reverse=True)),
        incidents=tuple(incidents),
        assessment=judged,
    )


def _left_out(row: Row[Any], base: Ground, answers: Sequence[tuple[int, Confirmation, bool, RoundFacts]]) -> str:
    """Return the newest return of the ministry when a case that it knew does not stand in it."""
    round_id = base.returns.get(row.ministry_id)
    if round_id is None:
        return ""
    last = base.rounds[round_id]
    ended = row.lifecycle is Lifecycle.RETIRED and row.lifecycle_since <= last.as_of
    standing = any(one == round_id for one, _, _, _ in answers)
    # Others than those that were taken in from a file are known from the day on which somebody registered them.
    known = row.created_at.astimezone(TOKYO).date() <= last.as_of
    earlier = any(counts and facts.as_of < last.as_of for _, _, counts, facts in answers)
    return "" if ended or standing or not (known or earlier) else last.code


def _twins(session: Session, first: int, last: int) -> dict[tuple[int, str], tuple[str, str]]:
    """Return the first and the last number of the cases that share a title with one of the chunk."""
    titles = select(UseCase.title).where(UseCase.id.between(first, last))
    statement = (
        select(UseCase.ministry_id, UseCase.title, func.min(UseCase.case_no), func.max(UseCase.case_no))
        .where(UseCase.title.in_(titles), UseCase.lifecycle != Lifecycle.RETIRED)
        .group_by(UseCase.ministry_id, UseCase.title)
        .having(func.count() > 1)
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(statement)}


def _answers(
    session: Session, base: Ground, first: int, last: int
) -> dict[int, list[tuple[int, Confirmation, bool, RoundFacts]]]:
    """Return what was answered of each case: what counts, and what is confirmed in a round that runs."""
    statement = (
        select(
            SubmissionItem.use_case_id, SubmissionItem.round_id, SubmissionItem.confirmation,
            SubmissionItem.answers, SubmissionItem.notes, SubmissionItem.mapping, Submission.state,
        )
        .join(Submission, Submission.id == SubmissionItem.submission_id)
        .where(SubmissionItem.use_case_id.between(first, last), SubmissionItem.round_id.in_(base.rounds))
        .order_by(SubmissionItem.id)
    )  # fmt: skip
    found: dict[int, list[tuple[int, Confirmation, bool, RoundFacts]]] = {}
    for row in session.execute(statement):
        head, counts = base.rounds[row.round_id], row.state in COUNTED_RETURNS
        here = (*COUNTED_CASES, Confirmation.ENDED) if counts else SAID if head.running else ()
        if row.confirmation in here:
            facts = _round(row, head)
            found.setdefault(row.use_case_id, []).append((row.round_id, row.confirmation, counts, facts))
    return found


def _round(row: Row[Any], head: RoundHead) -> RoundFacts:
    reasons = {name for name, note in row.notes.items() if note}
    reasons |= {name for name, how in row.mapping.items() if how.get("cause")}
    handed_in = row.state in authz.HANDED_IN
    return RoundFacts(
        head.code, head.form, head.as_of, head.after, head.running, handed_in, row.answers, frozenset(reasons)
    )


def _tied(session: Session, first: int, last: int) -> dict[int, list[IncidentFacts]]:
    statement = (
        select(IncidentCase.use_case_id, *_INCIDENT)
        .join(Incident, Incident.id == IncidentCase.incident_id)
        .where(IncidentCase.use_case_id.between(first, last))
        .order_by(Incident.id)
    )
    tied: dict[int, list[IncidentFacts]] = {}
    for row in session.execute(statement):
        tied.setdefault(row.use_case_id, []).append(_incident(row))
    return tied


def _incident(row: Row[Any], cases: int = 1, late_measures: int = 0) -> IncidentFacts:
    return IncidentFacts(
        row.id,
        row.ministry_id,
        row.incident_no,
        row.state,
        row.kind,
        row.detected_on,
        row.grade,
        frozenset(row.categories.split()),
        row.report_due,
        row.notify_due,
        told=row.notified_at is not None,
        counted=bool(row.counted),
        open=row.state in INCIDENT_OPEN,
        affected_count=row.affected_count,
        cases=cases,
        late_measures=late_measures,
        suspended_from=row.suspended_from,
        suspended_to=row.suspended_to,
    )


def _numbers(session: Session, model: Any, condition: Any) -> dict[int, int]:
    counting = select(model.incident_id, func.count()).where(condition).group_by(model.incident_id)
    return {row[0]: row[1] for row in session.execute(counting)}
