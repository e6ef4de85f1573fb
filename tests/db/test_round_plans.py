"""Planning a round: who may take part, which days it has, and two who change its plan at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.errors import Invalid, NotFound, NotNow, Stale
from register.models import Ministry, Round, Submission
from register.services import rounds
from register.services.rounds import Plan
from register.vocab import RoundDeed
from tests.support.rounds import FORMS, SYSTEM

PLAN = Plan(2025, 3, False, dt.date(2025, 10, 31), dt.date(2025, 11, 10), dt.date(2025, 11, 28), "v2", ())


@pytest.fixture
def ids(session: Session) -> tuple[int, ...]:
    """The ministries a and b."""
    return tuple(session.scalars(select(Ministry.id).order_by(Ministry.sort_no)))


@pytest.fixture
def planned(session: Session, ids: tuple[int, ...]) -> Round:
    """A round in draft for both."""
    return rounds.plan(session, replace(PLAN, ministries=ids), forms=FORMS, by=SYSTEM)


def taking_part(session: Session) -> set[int]:
    """Return who takes part."""
    return set(session.scalars(select(Submission.ministry_id)))


def refused(session: Session, wanted: Plan) -> set[str]:
    """Return the fields beside which a plan is refused."""
    with pytest.raises(Invalid) as refusal:
        rounds.plan(session, wanted, forms=FORMS, by=SYSTEM)
    return set(refusal.value.fields)


def test_only_ministries_that_stood_on_the_day_take_part(session: Session, ids: tuple[int, ...]) -> None:
    ministry = session.get_one(Ministry, ids[1])
    ministry.valid_from = dt.date(2025, 11, 1)
    audit.record(session, audit.Event.MINISTRY_CREATED, ministry, by=SYSTEM)
    assert refused(session, replace(PLAN, ministries=ids)) == {"ministries"}
    assert refused(session, replace(PLAN, ministries=(ids[0], 9999))) == {"ministries"}
    assert refused(session, PLAN) == {"ministries"}
    later = replace(PLAN, ministries=ids, as_of=dt.date(2025, 11, 1))
    assert rounds.plan(session, later, forms=FORMS, by=SYSTEM).state.value == "draft"


@pytest.mark.parametrize("day", [dt.date(9999, 12, 31), dt.date(1950, 1, 5)])
def test_a_day_that_is_a_slip_is_refused(session: Session, ids: tuple[int, ...], day: dt.date) -> None:
    assert refused(session, replace(PLAN, ministries=ids, opens_on=day, due_on=day)) == {"opens_on", "due_on"}


def test_who_chooses_the_ministries_is_told_when_somebody_did_before(
    session: Session, planned: Round, ids: tuple[int, ...]
) -> None:
    fewer = replace(PLAN, ministries=ids[:1])
    rounds.revise(session, planned, fewer, version=planned.version, seen=ids, forms=FORMS, by=SYSTEM)
    assert taking_part(session) == {ids[0]}
    both = replace(PLAN, ministries=ids)
    with pytest.raises(Stale) as stale:
        rounds.revise(session, planned, both, version=planned.version, seen=ids, forms=FORMS, by=SYSTEM)
    assert stale.value.version == planned.version
    rounds.revise(session, planned, both, version=planned.version, seen=ids[:1], forms=FORMS, by=SYSTEM)
    assert taking_part(session) == set(ids)


def test_a_return_is_found_by_its_ministry_in_its_round_alone(session: Session, planned: Round) -> None:
    assert rounds.return_of(session, planned, "b").ministry.key == "b"
    with pytest.raises(NotFound):
        rounds.return_of(session, planned, "c")


def test_a_settled_plan_stays(session: Session, planned: Round, ids: tuple[int, ...]) -> None:
    for deed in (RoundDeed.SCHEDULE, RoundDeed.OPEN, RoundDeed.CLOSE, RoundDeed.FREEZE):
        rounds.move(session, planned, deed, forms=FORMS, reason="試すため", by=SYSTEM)
    session.flush()
    with pytest.raises(NotNow):
        rounds.revise(session, planned, replace(PLAN, ministries=ids), version=planned.version, forms=FORMS, by=SYSTEM)
