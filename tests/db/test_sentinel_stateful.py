"""Random edits, moves, incidents and answers between checks: a second check never finds anything to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.models import Incident, Question, QuestionEvent, UseCase
from register.services import ai_systems, use_cases
from register.vocab import IncidentDeed, Lifecycle, QuestionDeed
from tests.support.data import NOW, STAFF, staffed
from tests.support.databases import KINDS, Databases
from tests.support.incidents import Desk
from tests.support.questions import check, move
from tests.support.running_round import LIBRARY, Office
from tests.support.stateful import Deeds, walk

places = st.integers(0, 5)
codes = {
    "usage_type": st.sampled_from([None, "G1", "G2", "S2", "OT"]),
    "user_scope": st.sampled_from([None, "1", "4", "7", "8"]),
    "confidentiality": st.sampled_from([None, "1", "3", "4"]),
    "goal_kind": st.sampled_from([None, "QN", "NO"]),
    "title": st.sampled_from(["要約", "翻訳"]),
    "model_usage": st.sampled_from(["", "商用LLM-A", "商用LLM-B"]),
    "start_on": st.sampled_from([None, dt.date(2025, 4, 1), dt.date(2026, 4, 1)]),
}


def begun(url: str) -> None:
    """Build the staff's database with three cases on a system that both ministries share."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        office = Office(session)
        values = {"name": "共通基盤", "vendor": "株式会社甲", "model_usage": "商用LLM-A", "shared": True}
        shared = ai_systems.create(session, values=values, by=office.people["reporter"])
        for who in ("reporter", "reporter", "other"):
            office.case(who=who, ai_system_id=shared.id)
    database.engine.dispose()


class Checks(Deeds):
    """Two ministries, the secretariat, and the check."""

    desk = Desk

    def __init__(self, databases: Databases, kind: str) -> None:
        super().__init__(databases, kind, begun)
        self.written: list[tuple[int, str]] = []

    @rule(place=places, changes=st.fixed_dictionaries({}, optional=codes))
    def edit(self, place: int, changes: dict[str, Any]) -> None:
        def deed(session: Session, _desk: Desk) -> None:
            case = self.row(session, UseCase, place)
            values = {name: getattr(case, name) for name in use_cases.EDITABLE} | changes
            people = Office(session).people.values()
            by = next(person for person in people if person.ministry_id == case.ministry_id)
            use_cases.edit(session, case, form=LIBRARY.newest, values=values, version=case.version, by=by)

        self.tried(deed)

    @rule(place=places, to=st.sampled_from(Lifecycle))
    def live(self, place: int, to: Lifecycle) -> None:
        self.tried(lambda session, _: Office(session).move(self.row(session, UseCase, place), to))

    @rule(place=places, grade=st.sampled_from(["L1", "L3"]), code=st.sampled_from(["RC01", "RC02"]))
    def happen(self, place: int, grade: str, code: str) -> None:
        def deed(session: Session, desk: Desk) -> None:
            case = self.row(session, UseCase, place)
            who = "reporter" if case.ministry_id == desk.people["reporter"].ministry_id else "other"
            desk.enter(who=who, cases=case.case_no, grade=grade, categories=[code])

        self.tried(deed)

    @rule(place=places, step=st.sampled_from([IncidentDeed.RECEIVE, IncidentDeed.NOTIFY, IncidentDeed.DISMISS]))
    def respond(self, place: int, step: IncidentDeed) -> None:
        def deed(session: Session, desk: Desk) -> None:
            if incident := self.row(session, Incident, place):
                desk.move(incident, step)

        self.tried(deed)

    @rule(place=places, who=st.sampled_from(list(STAFF)), step=st.sampled_from(QuestionDeed))
    def answer(self, place: int, who: str, step: QuestionDeed) -> None:
        def deed(session: Session, _desk: Desk) -> None:
            if question := self.row(session, Question, place):
                move(session, question, step.value, who=who)

        self.tried(deed)

    @rule(days=st.integers(1, 100))
    def wait(self, days: int) -> None:
        self.clock.moment += dt.timedelta(days=days)

    @rule()
    def look(self) -> None:
        with self.database.writing() as session:
            check(session)
        with self.database.writing() as session:
            assert check(session) == {}

    @invariant()
    def every_question_stands_where_its_trail_leads(self) -> None:
        with self.database.reading() as session:
            lines = session.scalars(select(QuestionEvent).order_by(QuestionEvent.id)).all()
            ends = {line.question_id: line.to_state for line in lines}
            states = {question.id: question.state for question in session.scalars(select(Question))}
            assert states == ends
            # A trail is only ever added to.
            now = [(line.question_id, line.deed.value) for line in lines]
            assert now[: len(self.written)] == self.written
            self.written = now


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_apart(databases: Databases, kind: str) -> None:
    walk(lambda: Checks(databases, kind))
