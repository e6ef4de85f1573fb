"""Random deeds of several people on incidents: states, clocks, measures and the log agree after each of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.models import AuditEntry, Incident, IncidentEvent, LifecycleEvent, Measure, Ministry, NilReport, UseCase
from register.services import measures, nil_reports
from register.states import INCIDENT_COUNTED
from register.vocab import IncidentDeed, IncidentKind, IncidentState, Lifecycle
from tests.support.data import NOW, STAFF, staffed
from tests.support.databases import KINDS, Databases
from tests.support.incidents import Desk
from tests.support.running_round import Office
from tests.support.stateful import Deeds, walk

people = st.sampled_from(list(STAFF))
places = st.integers(0, 3)
days = st.integers(0, 45)
grades = st.sampled_from([None, "L0", "L1", "L2", "L3"])
deeds = st.sampled_from([deed.value for deed in IncidentDeed if deed not in (IncidentDeed.EDIT, IncidentDeed.REVISE)])
MOVED = ("incident.entered", "incident.edited", "incident.moved", "incident.noted")


def begun(url: str) -> None:
    """Build the staff's database with a case that runs."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        Office(session).case()
    database.engine.dispose()


class Incidents(Deeds):
    """A reporter and an approver of two ministries, the secretariat, an auditor and an administrator."""

    desk = Desk

    def __init__(self, databases: Databases, kind: str) -> None:
        super().__init__(databases, kind, begun)
        self.facts: dict[int, dict[str, Any]] = {}

    @rule(who=people, back=days, grade=grades, draft=st.booleans(), suspend=st.booleans(), near=st.booleans())
    def enter(self, who: str, back: int, grade: str | None, draft: bool, suspend: bool, near: bool) -> None:
        if STAFF[who][1] is None:
            return

        def deed(session: Session, desk: Desk) -> None:
            case = session.scalars(select(UseCase)).one()
            own: dict[str, Any] = {"cases": case.case_no} if STAFF[who][1] == "a" else {}
            own |= {"detected_on": self.clock.today() - dt.timedelta(days=back), "grade": grade}
            desk.enter(who=who, draft=draft, suspend=suspend, kind=list(IncidentKind)[near].value, **own)

        self.tried(deed)

    @rule(place=places, who=st.sampled_from(["reporter", "approver"]), back=days, grade=grades)
    def edit(self, place: int, who: str, back: int, grade: str | None) -> None:
        def deed(session: Session, desk: Desk) -> None:
            if incident := self.row(session, Incident, place):
                day = self.clock.today() - dt.timedelta(days=back)
                desk.edit(incident, who=who, detected_on=day, grade=grade)

        self.tried(deed)

    @rule(place=places, who=people, deed=deeds)
    def move(self, place: int, who: str, deed: str) -> None:
        def step(session: Session, desk: Desk) -> None:
            if incident := self.row(session, Incident, place):
                desk.move(incident, deed, who=who)

        self.tried(step)

    @rule(place=places, who=st.sampled_from(["reporter", "approver"]), word=st.sampled_from(["done", "verify", "up"]))
    def work_on_a_measure(self, place: int, who: str, word: str) -> None:
        def deed(session: Session, desk: Desk) -> None:
            incident = self.row(session, Incident, place)
            if incident is None:
                return
            one = session.scalars(select(Measure).where(Measure.incident_id == incident.id)).first()
            own: dict[str, Any] = {"by": desk.people[who], "version": one.version if one else 0}
            if one is None:
                desk.measure(incident, who=who)
            elif word == "done":
                measures.done(session, one, on=self.clock.today(), **own)
            else:
                (measures.verify if word == "verify" else measures.take_up)(session, one, **own)

        self.tried(deed)

    @rule(who=st.sampled_from(["reporter", "other"]), back=st.integers(1, 3))
    def say_that_there_was_nothing(self, who: str, back: int) -> None:
        month = (self.clock.today().replace(day=1) - dt.timedelta(days=28 * back)).replace(day=1)
        self.tried(lambda session, desk: nil_reports.declare(session, month, by=desk.people[who]))

    @rule(count=st.integers(1, 9))
    def time_goes_by(self, count: int) -> None:
        self.clock.moment += dt.timedelta(days=count)

    @invariant()
    def the_record_ends_where_the_incident_stands(self) -> None:
        with self.database.reading() as session:
            for incident in session.scalars(select(Incident)):
                own = select(IncidentEvent).where(IncidentEvent.incident_id == incident.id)
                events = session.scalars(own.order_by(IncidentEvent.id)).all()
                states = [event.to_state for event in events]
                assert (states[-1] if states else IncidentState.DRAFT) is incident.state
                assert [event.at for event in events] == sorted(event.at for event in events)

    @invariant()
    def what_was_written_down_of_a_clock_stays(self) -> None:
        with self.database.reading() as session:
            for incident in session.scalars(select(Incident)):
                before = self.facts.get(incident.id, {})
                for name in ("report_late", "notify_late", "notified_at", "reported_at"):
                    assert before.get(name) is None or before[name] == getattr(incident, name)
                for name in ("report_due", "notify_due"):
                    assert getattr(incident, name) <= before.get(name, dt.date.max)
                kept = ("report_late", "notify_late", "notified_at", "reported_at", "report_due", "notify_due")
                self.facts[incident.id] = {name: getattr(incident, name) for name in kept}

    @invariant()
    def nobody_verified_what_they_did(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(Measure).where(Measure.verified_at.is_not(None))):
                assert one.done_on is not None
                assert one.verified_by_id != one.done_by_id
            waiting = select(func.count()).select_from(Measure).join(Measure.incident)
            ended = Incident.state.in_((IncidentState.MEASURES_DONE, IncidentState.CLOSED))
            assert session.scalar(waiting.where(ended, Measure.verified_at.is_(None))) == 0

    @invariant()
    def the_log_tells_of_every_step(self) -> None:
        with self.database.reading() as session:
            told = session.scalar(select(func.count()).where(AuditEntry.event.in_(MOVED)))
            drafts = session.scalar(select(func.count()).where(AuditEntry.event == "incident.entered"))
            written = session.scalar(select(func.count()).select_from(IncidentEvent))
            suspended = session.scalar(select(func.count()).where(AuditEntry.event == "use_case.moved")) or 0
            # A draft is told and leaves no line; what a suspension adds to its report is told and leaves none either.
            assert (told or 0) - (drafts or 0) - suspended <= (written or 0) <= (told or 0)

    @invariant()
    def a_month_without_any_was_one_when_that_was_said(self) -> None:
        with self.database.reading() as session:
            for nil in session.scalars(select(NilReport)):
                known = select(func.count()).where(
                    Incident.ministry_id == nil.ministry_id,
                    Incident.kind == IncidentKind.RISK_CASE,
                    Incident.state.in_(INCIDENT_COUNTED),
                    Incident.reported_at < nil.at,
                    Incident.updated_at < nil.at,
                    Incident.detected_on >= nil.month,
                    Incident.detected_on < nil_reports.next_month(nil.month),
                )
                assert session.scalar(known) == 0

    @invariant()
    def a_case_is_taken_out_of_use_only_by_its_own_ministry(self) -> None:
        with self.database.reading() as session:
            own = set(session.scalars(select(Incident.incident_no).join(Ministry).where(Ministry.key == "a")))
            stopped = select(LifecycleEvent.reason).where(LifecycleEvent.to_state == Lifecycle.SUSPENDED)
            assert set(session.scalars(stopped)) <= own


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_apart(databases: Databases, kind: str) -> None:
    walk(lambda: Incidents(databases, kind))
