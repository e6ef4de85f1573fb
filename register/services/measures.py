"""Lasting measures (恒久対策) of an incident: set, done, verified by somebody else, taken up again."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import Forbidden, Invalid, NotNow, Say, say
from register.models import Incident, Measure
from register.services.editing import refuse_stale
from register.states import INCIDENT_AT_WORK
from register.text import clean, clean_line

SHOWN = ("body", "owner", "due_on")
LONGEST = {"body": 2000, "owner": 200}


def add(session: Session, incident: Incident, *, body: str, owner: str, due_on: dt.date | None, by: Actor) -> Measure:
    """Set a measure; raise ``Invalid`` when it does not say what, who and by when."""
    _open(incident)
    told = _checked(body, owner, due_on)
    measure = Measure(incident_id=incident.id, ministry_id=incident.ministry_id, **told)
    session.add(measure)
    _heard(session, incident)
    audit.record(session, audit.Event.MEASURE_SET, incident, by=by)
    return measure


def edit(
    session: Session, measure: Measure, *, body: str, owner: str, due_on: dt.date | None, version: int, by: Actor
) -> Measure:
    """Change what a measure says while nobody has verified it."""
    incident = _incident(session, measure)
    refuse_stale(measure, version, SHOWN)
    _unverified(measure)
    for name, value in _checked(body, owner, due_on).items():
        if getattr(measure, name) != value:
            setattr(measure, name, value)
    _heard(session, incident)
    audit.record(session, audit.Event.MEASURE_SET, incident, by=by)
    return measure


def done(session: Session, measure: Measure, *, on: dt.date | None, version: int, by: Actor) -> Measure:
    """Say that a measure was carried out; the person who says so is its doer."""
    incident = _incident(session, measure)
    refuse_stale(measure, version, SHOWN)
    if measure.done_on is not None:
        raise NotNow(say("この対策は、すでに実施済みです。"))
    if on is None or on > session.info["clock"].today():
        raise Invalid({"on": say("実施した日を、今日以前の日付で入力してください。")})
    measure.done_on, measure.done_by_id, measure.done_by = on, by.user_id, by.name
    _heard(session, incident)
    audit.record(session, audit.Event.MEASURE_MOVED, incident, by=by)
    return measure


def verify(session: Session, measure: Measure, *, version: int, by: Actor) -> Measure:
    """Say that a measure works; raise ``Forbidden`` for the person who carried it out."""
    incident = _incident(session, measure)
    refuse_stale(measure, version, SHOWN)
    _unverified(measure)
    if measure.done_on is None:
        raise NotNow(say("まだ実施していない対策は、確認できません。"))
    if measure.done_by_id == by.user_id:
        raise Forbidden(say("実施した人は、その対策を確認できません。ほかの人に確認を頼んでください。"))
    measure.verified_at = session.info["clock"].now()
    measure.verified_by_id, measure.verified_by = by.user_id, by.name
    _heard(session, incident)
    audit.record(session, audit.Event.MEASURE_MOVED, incident, by=by)
    return measure


def take_up(session: Session, measure: Measure, *, version: int, by: Actor) -> Measure:
    """Take a measure up again: it was not done after all, or does not work; the log keeps who had said so."""
    incident = _incident(session, measure)
    refuse_stale(measure, version, SHOWN)
    if measure.done_on is None:
        raise NotNow(say("まだ実施していない対策です。"))
    measure.done_on = measure.done_by_id = measure.verified_at = measure.verified_by_id = None
    measure.done_by = measure.verified_by = ""
    _heard(session, incident)
    audit.record(session, audit.Event.MEASURE_MOVED, incident, by=by)
    return measure


def _incident(session: Session, measure: Measure) -> Incident:
    incident = session.get_one(Incident, measure.incident_id)
    _open(incident)
    return incident


def _open(incident: Incident) -> None:
    if incident.state not in INCIDENT_AT_WORK:
        raise NotNow(say("この報告は「%(state)s」のため、対策を変えられません。", state=incident.state))


def _unverified(measure: Measure) -> None:
    if measure.verified_at is not None:
        raise NotNow(say("この対策は、すでに確認済みです。"))


def _checked(body: str, owner: str, due_on: dt.date | None) -> dict[str, object]:
    told = {"body": clean(body), "owner": clean_line(owner)}
    blank = {"body": say("対策の内容を入力してください。"), "owner": say("担当を入力してください。")}
    problems: dict[str, Say] = {name: blank[name] for name, text in told.items() if not text}
    for name, text in told.items():
        if len(text) > LONGEST[name]:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=LONGEST[name])
    if due_on is None:
        problems["due_on"] = say("期限を入力してください。")
    if problems:
        raise Invalid(problems)
    return {**told, "due_on": due_on}


def _heard(session: Session, incident: Incident) -> None:
    incident.heard_at = incident.updated_at = session.info["clock"].now()
