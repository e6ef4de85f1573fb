"""Saying that there was no risk case in a month (該当なし): never the same as saying nothing."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.models import Incident, Ministry, NilReport
from register.states import INCIDENT_COUNTED
from register.vocab import IncidentKind


def declare(session: Session, month: dt.date, *, by: Actor) -> NilReport:
    """Say for the actor's ministry that nothing happened in ``month``; raise ``NotNow`` when that cannot be said.

    Saying it again changes nothing. A near miss, a draft and what was dismissed do not stand against it.
    """
    ministry = session.get_one(Ministry, by.ministry_id, with_for_update=True)
    first, after = month.replace(day=1), next_month(month)
    if after > session.info["clock"].today():
        raise NotNow(say("月が終わってから報告してください。"))
    own = select(NilReport).where(NilReport.ministry_id == ministry.id, NilReport.month == first)
    if (already := session.scalar(own)) is not None:
        return already
    known = select(Incident.id).where(
        Incident.ministry_id == ministry.id,
        Incident.kind == IncidentKind.RISK_CASE,
        Incident.state.in_(INCIDENT_COUNTED),
        Incident.detected_on >= first,
        Incident.detected_on < after,
    )
    if session.scalar(known.limit(1)) is not None:
        raise NotNow(say("この月に覚知したリスクケースが報告されています。該当なしとは報告できません。"))
    now = session.info["clock"].now()
    made = NilReport(ministry_id=ministry.id, month=first, at=now, actor_id=by.user_id, actor_name=by.name)
    session.add(made)
    audit.record(session, audit.Event.NIL_DECLARED, made, by=by, month=first)
    return made


def next_month(month: dt.date) -> dt.date:
    """Return the first day of the month after that of ``month``."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
