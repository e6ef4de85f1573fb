"""The deeds on referrals to the Advisory Board (報告・相談): draft, edit, take a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import NotNow, say
from register.models import Ministry, Referral, ReferralEvent, ReferralSerial, UseCase
from register.queries.referrals import PACKAGE, facts
from register.services.editing import refuse_stale
from register.services.referral_words import Line, Words, package, take
from register.services.serials import raise_serial
from register.states import REFERRAL_OPEN, ReferralStep, referral_refusals, referral_step
from register.vocab import Lifecycle, ReferralDeed, ReferralState

EDITABLE = (*PACKAGE, "publicity")


def draft(session: Session, use_case: UseCase, values: Mapping[str, Any], *, by: Actor) -> Referral:
    """Begin a referral of ``use_case``; raise ``NotNow`` when it has one that is open, or is no longer in use."""
    refuse_second(session, use_case)
    told, now, today = package(values), session.info["clock"].now(), session.info["clock"].today()
    ministry = session.get_one(Ministry, use_case.ministry_id)
    serial = raise_serial(session, ReferralSerial, ministry.id, fiscal_year(today), by=1)
    referral = Referral(
        ministry_id=ministry.id,
        referral_no=f"{ministry.key}-AB{fiscal_year(today)}-{serial:03d}",
        use_case_id=use_case.id,
        state=ReferralState.DRAFT,
        author_id=by.user_id,
        author_name=by.name,
        created_at=now,
        updated_at=now,
        **told,
    )
    session.add(referral)
    audit.record(session, audit.Event.REFERRAL_DRAFTED, referral, by=by)
    return referral


def refuse_second(session: Session, use_case: UseCase) -> None:
    """Raise ``NotNow`` when ``use_case`` cannot have another referral now."""
    if use_case.lifecycle is Lifecycle.RETIRED:
        raise NotNow(say("利用を終えた案件は、報告・相談できません。"))
    running = select(Referral.referral_no).where(Referral.use_case_id == use_case.id, Referral.state.in_(REFERRAL_OPEN))
    number = session.scalar(running)
    if number:
        raise NotNow(say("この案件には、終わっていない報告・相談（%(number)s）があります。", number=number))


def edit(session: Session, referral: Referral, values: Mapping[str, Any], *, version: int, by: Actor) -> Referral:
    """Change the package while it is the ministry's; raise ``Stale`` when it was saved since ``version`` was read."""
    step = referral_step(ReferralDeed.EDIT, referral.state)
    refuse_stale(referral, version, EDITABLE)
    told = package(values)
    changed = {name: value for name, value in told.items() if getattr(referral, name) != value}
    for name, value in changed.items():
        setattr(referral, name, value)
    if changed:
        _note(session, referral, step, Line(""), by)
        audit.record(session, audit.Event.REFERRAL_EDITED, referral, by=by)
    return referral


def move(
    session: Session, referral: Referral, deed: ReferralDeed, words: Words, *, version: int, by: Actor
) -> Referral:
    """Take a step with a referral; raise ``NotNow`` when the table says no, ``Invalid`` when something is missing."""
    authz.require(by, authz.REFERRAL_DEEDS[deed], referral)
    step = ready(session, referral, deed)
    refuse_stale(referral, version, ())
    line = take(session, referral, deed, words, by)
    referral.state = step.target or referral.state
    _note(session, referral, step, line, by)
    reason = line.body if step.reason else ""
    audit.record(session, audit.Event.REFERRAL_MOVED, referral, by=by, reason=reason, deed=deed.value)
    return referral


def ready(session: Session, referral: Referral, deed: ReferralDeed) -> ReferralStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when neither the state nor the day allows it."""
    step = referral_step(deed, referral.state)
    for sentence in referral_refusals(step, facts(referral, session.info["clock"].today())):
        raise NotNow(sentence)
    return step


def _note(session: Session, referral: Referral, step: ReferralStep, line: Line, by: Actor) -> None:
    """Write a line of the record."""
    referral.updated_at = session.info["clock"].now()
    session.add(
        ReferralEvent(
            referral_id=referral.id,
            ministry_id=referral.ministry_id,
            deed=step.deed,
            to_state=referral.state,
            at=referral.updated_at,
            actor_id=by.user_id,
            actor_name=by.name,
            on=line.on,
            body=line.body,
        )
    )
