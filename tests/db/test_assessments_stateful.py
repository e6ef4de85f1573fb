"""Random deeds of several people on high-risk judgments, their cases and incidents: what holds, and the log, agree."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.models import Assessment, AssessmentEvent, AuditEntry, HighRiskFlag, UseCase
from register.queries import reasking
from register.services import use_cases
from register.states import ASSESSMENT_OPEN, FILLED_IN
from register.vocab import AssessmentDeed, AssessmentState, RiskResult
from tests.support.assessments import HIGH, LOW, SHEETS, Panel
from tests.support.data import NOW, STAFF, staffed
from tests.support.databases import KINDS, Databases
from tests.support.incidents import Desk
from tests.support.round_files import FORMS
from tests.support.running_round import Office
from tests.support.stateful import Deeds, walk

people = st.sampled_from(list(STAFF))
places = st.integers(0, 3)
sheets = st.sampled_from([LOW, HIGH, LOW | {"C": "C3"}, {"A": "A1"}])
moves = st.sampled_from(["propose", "send_back", "withdraw"])
results = st.sampled_from([None, RiskResult.NOT_HIGH, RiskResult.POSSIBLE_HIGH])
TOLD = ("assessment.drafted", "assessment.moved", "assessment.decided")
FIXED = ("answers", "reasons", "suggested", "decision", "decision_reason", "decided_on", "decided_by", "review_due")


def begun(url: str) -> None:
    """Build the staff's database with two cases of ministry A."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        for _ in range(2):
            Office(session).case()
    database.engine.dispose()


class Judgments(Deeds):
    """A reporter and an approver of two ministries, the secretariat, an auditor and an administrator."""

    desk = Panel

    def __init__(self, databases: Databases, kind: str) -> None:
        super().__init__(databases, kind, begun)
        self.decided: dict[int, dict[str, Any]] = {}

    @rule(who=st.sampled_from(["reporter", "approver"]), place=places, answers=sheets, propose=st.booleans())
    def start(self, who: str, place: int, answers: dict[str, str], propose: bool) -> None:
        def deed(session: Session, panel: Panel) -> None:
            cases = session.scalars(select(UseCase).order_by(UseCase.id)).all()
            panel.start(cases[place % len(cases)], answers, who=who, propose=propose)

        self.tried(deed)

    @rule(who=st.sampled_from(["reporter", "approver"]), place=places, answers=sheets, propose=st.booleans())
    def edit(self, who: str, place: int, answers: dict[str, str], propose: bool) -> None:
        def deed(session: Session, panel: Panel) -> None:
            if one := self.row(session, Assessment, place):
                panel.edit(one, answers, who=who, propose=propose)

        self.tried(deed)

    @rule(who=people, place=places, deed=moves)
    def move(self, who: str, place: int, deed: str) -> None:
        def step(session: Session, panel: Panel) -> None:
            if one := self.row(session, Assessment, place):
                panel.move(one, deed, who=who)

        self.tried(step)

    @rule(who=people, place=places, result=results, reason=st.sampled_from(["", "理由"]))
    def decide(self, who: str, place: int, result: RiskResult | None, reason: str) -> None:
        def deed(session: Session, panel: Panel) -> None:
            if one := self.row(session, Assessment, place):
                panel.decide(one, result, who=who, reason=reason, on=self.clock.today())

        self.tried(deed)

    @rule(place=places, scope=st.sampled_from(["1", "7"]))
    def change_the_case(self, place: int, scope: str) -> None:
        def deed(session: Session, panel: Panel) -> None:
            cases = session.scalars(select(UseCase).order_by(UseCase.id)).all()
            case = cases[place % len(cases)]
            values = {name: getattr(case, name) for name in use_cases.EDITABLE} | {"user_scope": scope}
            own: dict[str, Any] = {"version": case.version, "by": panel.people["reporter"]}
            use_cases.edit(session, case, form=FORMS["v2"], values=values, **own)

        self.tried(deed)

    @rule(grade=st.sampled_from(["L1", "L3"]))
    def report_an_incident(self, grade: str) -> None:
        def deed(session: Session, panel: Panel) -> None:
            case = session.scalars(select(UseCase).order_by(UseCase.id)).first()
            assert case is not None
            Desk(session).enter(cases=case.case_no, grade=grade, detected_on=self.clock.today())

        self.tried(deed)

    @rule(count=st.sampled_from([1, 30, 400]))
    def time_goes_by(self, count: int) -> None:
        self.clock.moment += dt.timedelta(days=count)

    @invariant()
    def a_case_has_one_judgment_under_way_and_one_that_holds(self) -> None:
        with self.database.reading() as session:
            rows = session.execute(select(Assessment.use_case_id, Assessment.state)).all()
            under_way = Counter(case for case, state in rows if state in ASSESSMENT_OPEN)
            hold = Counter(case for case, state in rows if state is AssessmentState.DECIDED)
            assert max([*under_way.values(), *hold.values(), 0]) <= 1

    @invariant()
    def the_record_ends_where_the_judgment_stands(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(Assessment)):
                own = select(AssessmentEvent).where(AssessmentEvent.assessment_id == one.id)
                events = session.scalars(own.order_by(AssessmentEvent.id)).all()
                assert events[-1].to_state is one.state
                assert [event.at for event in events] == sorted(event.at for event in events)

    @invariant()
    def nobody_decided_on_what_they_filled_in(self) -> None:
        with self.database.reading() as session:
            deciders = select(AssessmentEvent).where(AssessmentEvent.deed == AssessmentDeed.DECIDE)
            for event in session.scalars(deciders):
                wrote = select(func.count()).where(
                    AssessmentEvent.assessment_id == event.assessment_id,
                    AssessmentEvent.deed.in_(FILLED_IN),
                    AssessmentEvent.actor_id == event.actor_id,
                )
                assert session.scalar(wrote) == 0

    @invariant()
    def what_was_decided_stays(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(Assessment).where(Assessment.decided_at.is_not(None))):
                now = {name: getattr(one, name) for name in FIXED}
                assert self.decided.setdefault(one.id, now) == now
                assert one.decision is one.suggested or one.decision_reason

    @invariant()
    def the_flag_is_what_the_decisions_say(self) -> None:
        with self.database.reading() as session:
            for case in session.scalars(select(UseCase)):
                own = select(Assessment).where(Assessment.use_case_id == case.id, Assessment.decided_at.is_not(None))
                told = [one.decision for one in session.scalars(own.order_by(Assessment.decided_at, Assessment.id))]
                flags = session.scalars(select(HighRiskFlag).where(HighRiskFlag.use_case_id == case.id)).all()
                lasting = [flag for flag in flags if flag.lasts]
                assert len(lasting) == (told[-1:] == [RiskResult.POSSIBLE_HIGH])
                assert all(flag.until >= flag.since for flag in flags if flag.until)

    @invariant()
    def a_judgment_that_was_just_made_is_not_asked_for_again(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(Assessment).where(Assessment.state == AssessmentState.DECIDED)):
                causes = reasking.causes_of(session, one.use_case, SHEETS, self.clock.today())
                changed = one.fact_user_scope != one.use_case.user_scope
                assert ("user_scope" in causes) is changed
                assert ("review" in causes) is (one.review_due is not None and one.review_due <= self.clock.today())

    @invariant()
    def the_log_tells_of_every_line_of_the_record(self) -> None:
        with self.database.reading() as session:
            told = session.scalar(select(func.count()).where(AuditEntry.event.in_(TOLD)))
            assert told == session.scalar(select(func.count()).select_from(AssessmentEvent))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_apart(databases: Databases, kind: str) -> None:
    walk(lambda: Judgments(databases, kind))
