"""Random deeds of several people on referrals to the Advisory Board: what holds, and the log, agree."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.errors import Forbidden
from register.models import AuditEntry, Referral, ReferralCondition, ReferralEvent, ReferralPackage, UseCase
from register.queries.referrals import PACKAGE, digest
from register.states import REFERRAL_OPEN
from register.vocab import Lifecycle, ReferralDeed, ReferralState
from tests.support.data import NOW, STAFF, staffed
from tests.support.databases import KINDS, Databases
from tests.support.referrals import Table
from tests.support.running_round import Office
from tests.support.stateful import Deeds, walk

people, places = st.sampled_from(list(STAFF)), st.integers(0, 3)
deeds = st.sampled_from([deed.value for deed in ReferralDeed if deed is not ReferralDeed.EDIT])
days = st.integers(-2, 10)
conditions = st.sampled_from(["", "半年後に報告する", "半年後に報告する\n苦情の窓口を置く"])
TOLD = ("referral.drafted", "referral.edited", "referral.moved")
FIXED = ("number", "sha256", "sent_at", "sent_by", *PACKAGE)
ADVISED = (ReferralState.ADVISED, ReferralState.RESPONDED, ReferralState.CLOSED)


def begun(url: str) -> None:
    """Build the staff's database with two cases of ministry A."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        for _ in range(2):
            Office(session).case()
    database.engine.dispose()


class Referrals(Deeds):
    """A reporter and an approver of two ministries, the secretariat, an auditor and an administrator."""

    desk = Table

    def __init__(self, databases: Databases, kind: str) -> None:
        super().__init__(databases, kind, begun)
        self.sent: dict[int, dict[str, Any]] = {}

    @initialize()
    def ask_of_both_cases(self) -> None:
        """Have something to take steps with from the first one on."""
        for place in range(2):
            self.draft(place)

    @rule(place=places)
    def draft(self, place: int) -> None:
        self.tried(lambda session, table: table.draft(self.row(session, UseCase, place)))

    @rule(place=places, text=st.sampled_from(["", "人が確かめる。", "毎週、人が確かめる。"]))
    def edit(self, place: int, text: str) -> None:
        def deed(session: Session, table: Table) -> None:
            if referral := self.row(session, Referral, place):
                table.edit(referral, mitigation=text)

        self.tried(deed)

    @rule(place=places, who=people, step=deeds, day=days, told=conditions, responses=st.integers(0, 2))
    def move(self, place: int, who: str, step: str, day: int, told: str, responses: int) -> None:
        """Take a step that names a day, with conditions or answers to the first of them."""
        own: dict[str, Any] = {"on": self.clock.today() + dt.timedelta(days=day)}
        own |= {"conditions": told, "responses": dict.fromkeys(range(1, responses + 1), "そうする。")}

        def deed(session: Session, table: Table) -> None:
            if referral := self.row(session, Referral, place):
                table.move(referral, step, who=who, **own)

        self.tried(deed)

    @rule(place=places, far=st.integers(0, 7))
    def go_on(self, place: int, far: int) -> None:
        """Take the steps to a close as those who may, as far as it goes: chance alone rarely gets there."""
        way = (("approver", "send"), ("secretariat", "schedule"), ("secretariat", "advise"))
        way = (*way, ("approver", "respond"), ("secretariat", "close"))
        for who, step in way[:far]:
            today = self.clock.today()

            def deed(session: Session, table: Table, who: str = who, step: str = step, today: dt.date = today) -> None:
                if referral := self.row(session, Referral, place):
                    table.move(referral, step, who=who, on=today)

            self.tried(deed)

    @rule(place=places, to=st.sampled_from([Lifecycle.RETIRED, Lifecycle.SUSPENDED]))
    def end_the_use(self, place: int, to: Lifecycle) -> None:
        self.tried(lambda session, _: Office(session).move(self.row(session, UseCase, place), to))

    @rule(count=st.sampled_from([1, 9]))
    def time_goes_by(self, count: int) -> None:
        self.clock.moment += dt.timedelta(days=count)

    @invariant()
    def a_case_has_one_referral_under_way(self) -> None:
        with self.database.reading() as session:
            open_ones = select(Referral.use_case_id).where(Referral.state.in_(REFERRAL_OPEN))
            assert max([*Counter(session.scalars(open_ones)).values(), 0]) <= 1

    @invariant()
    def the_record_ends_where_the_referral_stands(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(Referral)):
                own = select(ReferralEvent).where(ReferralEvent.referral_id == one.id)
                events = session.scalars(own.order_by(ReferralEvent.id)).all()
                assert [event.at for event in events] == sorted(event.at for event in events)
                assert (events[-1].to_state if events else ReferralState.DRAFT) is one.state

    @invariant()
    def what_was_sent_stays_as_it_was_sent(self) -> None:
        with self.database.reading() as session:
            found = session.scalars(select(ReferralPackage)).all()
            for one in found:
                now = {name: getattr(one, name) for name in FIXED}
                assert self.sent.setdefault(one.id, now) == now
                assert one.sha256 == digest(session.get_one(Referral, one.referral_id), one)
            assert {one.id for one in found} == set(self.sent)

    @invariant()
    def the_secretariat_knows_of_what_was_sent_and_of_nothing_else(self) -> None:
        with self.database.reading() as session:
            sent = set(session.scalars(select(ReferralPackage.referral_id)))
            assert set(session.scalars(select(Referral.id).where(Referral.sent_at.is_not(None)))) == sent
            unsent = select(Referral.state).where(Referral.sent_at.is_(None))
            assert set(session.scalars(unsent)) <= {ReferralState.DRAFT, ReferralState.WITHDRAWN}

    @invariant()
    def no_opinion_before_the_meeting_and_none_unanswered_at_the_end(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(Referral).where(Referral.state.in_(ADVISED))):
                assert all((one.opinion, one.publicity, one.meeting_on, one.opinion_on))
                assert one.meeting_on <= one.opinion_on <= self.clock.today()
                own = select(ReferralCondition).where(ReferralCondition.referral_id == one.id)
                rest = session.scalars(own.order_by(ReferralCondition.number)).all()
                assert [condition.number for condition in rest] == list(range(1, len(rest) + 1))
                if one.state is not ReferralState.ADVISED:
                    assert all((one.response, *(condition.response for condition in rest)))

    @invariant()
    def the_log_tells_of_every_line_of_the_record(self) -> None:
        with self.database.reading() as session:
            told = session.scalar(select(func.count()).where(AuditEntry.event.in_(TOLD)))
            counts = [session.scalar(select(func.count()).select_from(model)) for model in (Referral, ReferralEvent)]
            assert told == sum(counts)

    @invariant()
    def a_stranger_takes_no_step(self) -> None:
        with self.database.reading() as session:
            if referral := self.row(session, Referral, 0):
                for who in ("other", "other-approver", "auditor", "admin"):
                    with pytest.raises(Forbidden):
                        Table(session).move(referral, "send", who=who)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_apart(databases: Databases, kind: str) -> None:
    walk(lambda: Referrals(databases, kind), times=20)
