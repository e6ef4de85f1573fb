"""The deeds on incidents (リスクケース): enter, edit, take a step, add to the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import Invalid, NotFound, Say, Stale, say
from register.formspec.risk import RiskTerms
from register.models import Incident, IncidentCase, IncidentEvent, IncidentSerial, Measure, Ministry, UseCase
from register.services import lifecycle
from register.services.editing import refuse_stale
from register.services.incident_clocks import set_clocks, stop_clock
from register.services.incident_values import EDITABLE, Told, checked, fold, tied
from register.services.serials import raise_serial
from register.states import IncidentFacts, incident_refusals, incident_step
from register.text import clean
from register.vocab import MINISTRY_ROLES, IncidentDeed, IncidentState, Lifecycle, Source

LONGEST_WORD = 4000
RUNNING = frozenset({Lifecycle.VERIFICATION, Lifecycle.PRODUCTION})


@dataclass(frozen=True)
class Report:
    """What a person hands in on the page of an incident.

    ``cases`` are case numbers as typed; ``suspend`` takes the running ones of them out of use in the same deed;
    ``ministry_id`` is the ministry that it is entered for, when the secretariat enters it.
    """

    values: Mapping[str, Any]
    cases: str = ""
    suspend: bool = False
    ministry_id: int | None = None


def enter(session: Session, report: Report, *, terms: RiskTerms, draft: bool = False, by: Actor) -> Incident:
    """Enter an incident, as a draft or reported at once; raise ``Invalid`` on what cannot stand.

    What the secretariat enters is reported and known to it from the start; its ministry still receives it.
    """
    now, today = session.info["clock"].now(), session.info["clock"].today()
    ministry = _ministry(session, report, by)
    told = checked(session, terms, report.values, report.cases, ministry.id, today)
    incident = Incident(
        ministry_id=ministry.id,
        incident_no=_number(session, ministry, fiscal_year(today)),
        state=IncidentState.DRAFT,
        reporter_id=by.user_id,
        reporter=by.name,
        created_at=now,
        updated_at=now,
        heard_at=now,
        **told.values,
    )
    incident.search_key = fold(told.values, incident.incident_no)
    set_clocks(incident, terms, first=True)
    session.add(incident)
    session.flush()  # its cases and its record need the id
    _tie(session, incident, told)
    if not draft or by.role not in MINISTRY_ROLES:
        _step(session, incident, IncidentDeed.REPORT, "", by)
    if by.role not in MINISTRY_ROLES:
        incident.notified_at = now
    audit.record(session, audit.Event.INCIDENT_ENTERED, incident, by=by, cases=len(told.cases))
    _suspend(session, incident, told, report, by)
    return incident


def edit(
    session: Session, incident: Incident, report: Report, *, terms: RiskTerms, version: int, by: Actor
) -> Incident:
    """Change what is known of an incident; raise ``Stale`` when it was saved since ``version`` was read."""
    deed = editing(incident)
    incident_step(deed, incident.state)
    _refuse_stale(session, incident, version)
    now, today = session.info["clock"].now(), session.info["clock"].today()
    told = checked(session, terms, report.values, report.cases, incident.ministry_id, today)
    changed = {name: value for name, value in told.values.items() if getattr(incident, name) != value}
    for name, value in changed.items():
        setattr(incident, name, value)
    if _tie(session, incident, told) or changed:
        incident.search_key = fold(told.values, incident.incident_no)
        incident.updated_at = now
        set_clocks(incident, terms)
        _note(session, incident, deed, "", by)
        audit.record(session, audit.Event.INCIDENT_EDITED, incident, by=by, cases=len(told.cases))
    _suspend(session, incident, told, report, by)
    return incident


def editing(incident: Incident) -> IncidentDeed:
    """Return which deed an edit is: what was received is the approver's to update."""
    before = incident.state in (IncidentState.DRAFT, IncidentState.REPORTED)
    return IncidentDeed.EDIT if before else IncidentDeed.REVISE


def move(session: Session, incident: Incident, deed: IncidentDeed, *, word: str, version: int, by: Actor) -> Incident:
    """Take a step with an incident; raise ``NotNow`` when the table says no, ``Invalid`` when something is missing."""
    authz.require(by, authz.INCIDENT_DEEDS[deed], incident)
    step = incident_step(deed, incident.state)
    # A line of the record is in nobody's way.
    if deed is not IncidentDeed.COMMENT:
        refuse_stale(incident, version, ())
    word, problems = clean(word), {}
    if step.reason and not word:
        problems["word"] = say("内容を入力してください。")
    elif len(word) > LONGEST_WORD:
        problems["word"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST_WORD)
    elif refusals := incident_refusals(step, facts(session, incident)):
        problems["word"] = refusals[0]
    if problems:
        raise Invalid(problems)
    _step(session, incident, deed, word, by)
    event = audit.Event.INCIDENT_NOTED if deed is IncidentDeed.COMMENT else audit.Event.INCIDENT_MOVED
    audit.record(session, event, incident, by=by, reason=word, deed=deed.value)
    return incident


def facts(session: Session, incident: Incident) -> IncidentFacts:
    """Return what the guards of a step look at."""
    waiting = select(func.count()).where(Measure.incident_id == incident.id, Measure.verified_at.is_(None))
    return IncidentFacts(incident.grade, session.scalar(waiting) or 0)


def case_numbers(session: Session, incident: Incident) -> str:
    """Return the numbers of the tied use cases, as a person would type them."""
    rows = select(UseCase.case_no).join(IncidentCase, IncidentCase.use_case_id == UseCase.id)
    own = rows.where(IncidentCase.incident_id == incident.id).order_by(UseCase.case_no)
    return " ".join(session.scalars(own))


def _ministry(session: Session, report: Report, by: Actor) -> Ministry:
    if by.role in MINISTRY_ROLES:
        return session.get_one(Ministry, by.ministry_id)
    found = session.get(Ministry, report.ministry_id) if report.ministry_id is not None else None
    if found is None:
        raise Invalid({"ministry": say("府省庁を選んでください。")})
    return found


def _number(session: Session, ministry: Ministry, year: int) -> str:
    return f"{ministry.key}-RC{year}-{raise_serial(session, IncidentSerial, ministry.id, year, by=1):03d}"


def _refuse_stale(session: Session, incident: Incident, version: int) -> None:
    try:
        refuse_stale(incident, version, EDITABLE)
    except Stale as stale:
        theirs = {**stale.theirs, "cases": case_numbers(session, incident)}
        raise Stale(stale.sentence, theirs, stale.version) from None


def _tie(session: Session, incident: Incident, told: Told) -> bool:
    """Bring the ties of ``incident`` to what was told; return whether any changed."""
    have, wanted = tied(session, incident.id), {case.id for case in told.cases}
    for use_case_id in wanted - have.keys():
        session.add(IncidentCase(incident_id=incident.id, ministry_id=incident.ministry_id, use_case_id=use_case_id))
    for use_case_id in have.keys() - wanted:
        session.delete(have[use_case_id])
    return have.keys() != wanted


def _step(session: Session, incident: Incident, deed: IncidentDeed, word: str, by: Actor) -> None:
    step, now = incident_step(deed, incident.state), session.info["clock"].now()
    incident.state = step.target or incident.state
    incident.updated_at = now
    stop_clock(incident, deed, now)
    _note(session, incident, deed, word, by)


def _note(session: Session, incident: Incident, deed: IncidentDeed, word: str, by: Actor) -> None:
    """Write a line of the record; what a ministry says starts its follow-up clock anew."""
    now = session.info["clock"].now()
    if by.role in MINISTRY_ROLES:
        incident.heard_at = now
    session.add(
        IncidentEvent(
            incident_id=incident.id,
            ministry_id=incident.ministry_id,
            deed=deed,
            to_state=incident.state,
            at=now,
            actor_id=by.user_id,
            actor_name=by.name,
            body=word,
        )
    )


def _suspend(session: Session, incident: Incident, told: Told, report: Report, by: Actor) -> None:
    """Take the running use cases out of use in the same transaction, each as a deed of its own in the log."""
    if not report.suspend:
        return
    if by.role not in MINISTRY_ROLES:
        raise NotFound(say("お探しのページはありません。"))
    if incident.state is IncidentState.DRAFT:
        raise Invalid({"suspend": say("下書きのままでは停止できません。報告するときに選んでください。")})
    running = [case for case in told.cases if case.lifecycle in RUNNING]
    day = incident.suspended_from or session.info["clock"].today()
    if problem := _cannot_suspend(running, day):
        raise Invalid({"suspend": problem})
    reason = incident.incident_no
    for case in running:
        authz.require(by, authz.Permission.USE_CASE_MOVE, case)
        lifecycle.enter(session, case, Lifecycle.SUSPENDED, on=day, source=Source.WEB, by=by, reason=reason)
        audit.record(session, audit.Event.USE_CASE_MOVED, case, by=by, reason=reason)
    if incident.suspended_from is None:
        incident.suspended_from = day
        audit.record(session, audit.Event.INCIDENT_EDITED, incident, by=by, cases=len(told.cases))


def _cannot_suspend(running: Sequence[UseCase], day: dt.date) -> Say | None:
    if not running:
        return say("停止できる案件がありません。検証段階か常用段階の案件番号を入力してください。")
    late = next((case for case in running if case.lifecycle_since > day), None)
    if late is None:
        return None
    return say(
        "%(case)sは%(day)sに今の状態になりました。停止した日はそれ以降にしてください。",
        case=late.case_no,
        day=late.lifecycle_since,
    )
