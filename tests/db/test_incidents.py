"""Incidents on both databases: who takes which step when, clocks that no edit puts off, a record that is never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, Incident, IncidentCase, IncidentEvent, LifecycleEvent, Measure, UseCase
from register.queries import incidents as queries
from register.queries import worklist
from register.services import incidents, measures
from register.states import INCIDENT, incident_steps
from register.vocab import IncidentDeed, IncidentState, Lifecycle, Precision
from tests.support.assessments import SHEETS
from tests.support.data import STAFF
from tests.support.incidents import RISK, TODAY, WAYS, Desk, told
from tests.support.running_round import Office

DAY = dt.timedelta(days=1)
STEPS = [step.deed for step in INCIDENT if step.deed not in (IncidentDeed.EDIT, IncidentDeed.REVISE)]


@pytest.fixture
def desk(session: Session) -> Iterator[Desk]:
    """The people at their desks; what they did must be told in the log in the end."""
    yield Desk(session)
    session.commit()
    assert audit.verify(session).finding is None


def lines(session: Session, incident: Incident) -> list[tuple[str, str]]:
    """Return the record of an incident: each deed and where it led."""
    rows = session.scalars(select(IncidentEvent).where(IncidentEvent.incident_id == incident.id))
    return [(row.deed.value, row.to_state.value) for row in rows]


def test_a_report_needs_five_things_at_most(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        incidents.enter(desk.session, incidents.Report({}), terms=RISK, by=desk.people["reporter"])
    assert set(refused.value.fields) == {"title", "detected_on", "categories", "cases"}
    desk.session.rollback()
    made = desk.enter(grade=None)
    assert made.incident_no == "a-RC2025-001"
    assert (made.state, made.grade, made.affected_precision) == (IncidentState.REPORTED, None, Precision.UNKNOWN)
    assert desk.enter(who="other").incident_no == "b-RC2025-001"
    assert lines(desk.session, made) == [("report", "reported")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"detected_on": TODAY + DAY}, "detected_on"),
        ({"occurred_on": TODAY}, "occurred_on"),
        ({"occurred_on": TODAY + DAY, "occurred_precision": "exact"}, "occurred_on"),
        ({"occurred_precision": "estimate"}, "occurred_on"),
        ({"categories": ["RC01", "RC77"]}, "categories"),
        ({"grade": "L9"}, "grade"),
        ({"information": "3"}, "information"),
        ({"title": "題" * 201}, "title"),
        ({"affected_count": 3}, "affected_count"),
        ({"affected_count": -1, "affected_precision": "exact"}, "affected_count"),
        ({"affected_precision": "exact"}, "affected_count"),
        ({"suspended_to": TODAY}, "suspended_from"),
        ({"suspended_from": TODAY, "suspended_to": TODAY - DAY}, "suspended_to"),
        ({"unregistered": ""}, "cases"),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field(session: Session, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Desk(session).enter(**changes)
    assert list(refused.value.fields) == [field]


def test_a_case_of_another_ministry_is_no_case(desk: Desk) -> None:
    foreign = Office(desk.session).case(who="other")
    with pytest.raises(Invalid) as refused:
        desk.enter(cases=foreign.case_no)
    assert str(refused.value) == f"案件番号「{foreign.case_no}」の案件は見つかりません。"


@pytest.mark.parametrize("state", IncidentState)
def test_who_takes_which_step_when(session: Session, state: IncidentState) -> None:
    desk = Desk(session)
    number = desk.at(state).id
    session.commit()
    for name, deed in product(STAFF, dict.fromkeys(STEPS)):
        made, by = session.get_one(Incident, number, populate_existing=True), desk.people[name]
        step = next((one for one in incident_steps(state) if one.deed is deed), None)
        if not authz.can(by, authz.INCIDENT_DEEDS[deed], made):
            with pytest.raises(Forbidden):
                desk.move(made, deed.value, who=name)
        elif step is None:
            with pytest.raises(NotNow):
                desk.move(made, deed.value, who=name)
        else:
            assert step in queries.steps_for(made, by)
            desk.move(made, deed.value, who=name)
            session.flush()
            assert made.state is (step.target or state), (name, deed)
            assert lines(session, made)[-1] == (deed.value, made.state.value)
        session.rollback()


@pytest.mark.parametrize("step", [step for step in INCIDENT if step.reason], ids=lambda step: f"{step.deed}")
def test_a_step_that_wants_words_is_not_taken_without(session: Session, step: Any) -> None:
    desk = Desk(session)
    made = desk.at(min(step.sources))
    who = next(name for name, by in desk.people.items() if authz.can(by, authz.INCIDENT_DEEDS[step.deed], made))
    with pytest.raises(Invalid) as refused:
        desk.move(made, step.deed.value, who=who, word="　")
    assert list(refused.value.fields) == ["word"]


def test_the_secretariat_is_told_only_with_a_grade(desk: Desk) -> None:
    made = desk.at(IncidentState.RECEIVED, grade=None)
    with pytest.raises(Invalid, match="重大度"):
        desk.move(made, "notify")


def test_the_clocks_run_from_the_day_of_detection(desk: Desk) -> None:
    # 2025-11-07 is a Friday, 11-24 a holiday.
    desk.on(dt.date(2025, 11, 21))
    made = desk.enter(detected_on=dt.date(2025, 11, 21), grade="L3")
    assert (made.report_due, made.notify_due) == (dt.date(2025, 11, 25), dt.date(2025, 11, 27))
    assert (made.report_late, made.notify_late) == (False, None)


@pytest.mark.parametrize(
    ("before", "after"), [({"grade": "L3"}, {"grade": "L1"}), ({"detected_on": TODAY - DAY}, {"detected_on": TODAY})]
)
def test_an_edit_never_puts_a_clock_off(desk: Desk, before: dict[str, Any], after: dict[str, Any]) -> None:
    made = desk.enter(draft=True, **before)
    due = made.report_due, made.notify_due
    desk.edit(made, **after)
    assert (made.report_due, made.notify_due) == due


def test_a_graver_grade_brings_the_clock_nearer(desk: Desk) -> None:
    made = desk.enter(draft=True, grade="L1")
    before = made.notify_due
    desk.edit(made, grade="L3")
    assert made.notify_due < before


def test_what_came_late_stays_late(desk: Desk) -> None:
    made = desk.enter(draft=True, detected_on=dt.date(2025, 10, 1), grade="L3")
    desk.move(made, "report", who="reporter")
    desk.move(made, "receive")
    desk.move(made, "notify")
    assert (made.report_late, made.notify_late) == (True, True)
    told_at = made.notified_at
    desk.on(TODAY + 30 * DAY)
    desk.move(made, "complete")
    desk.move(made, "reopen")
    desk.edit(made, who="approver", detected_on=TODAY, grade="L1")
    assert (made.report_late, made.notify_late, made.notified_at) == (True, True, told_at)


def test_an_overdue_incident_is_found_and_one_in_time_is_not(desk: Desk) -> None:
    late = desk.enter(draft=True, detected_on=dt.date(2025, 10, 1))
    desk.enter(draft=True)
    desk.session.flush()
    found = desk.session.scalars(select(Incident.id).where(queries.overdue(TODAY))).all()
    assert found == [late.id]


def test_the_follow_up_starts_anew_with_every_word_of_the_ministry(desk: Desk) -> None:
    made = desk.at(IncidentState.IN_RESPONSE, grade="L2")
    assert queries.follow_up_due(made, RISK) == dt.date(2025, 11, 17)
    desk.on(dt.date(2025, 11, 14))
    desk.move(made, "comment", who="secretariat", word="状況は")
    assert queries.follow_up_due(made, RISK) == dt.date(2025, 11, 17)
    desk.move(made, "comment", who="reporter", word="調査中")
    assert queries.follow_up_due(made, RISK) == dt.date(2025, 11, 21)
    assert queries.follow_up_due(desk.at(IncidentState.RECEIVED), RISK) is None


@pytest.mark.parametrize("grade", [None, "L0", "L1", "L2", "L3"])
def test_an_incident_falls_silent_on_the_day_after_its_follow_up(desk: Desk, grade: str | None) -> None:
    session, people = desk.session, desk.people
    made = desk.at(IncidentState.IN_RESPONSE, grade=grade or "L1")
    made.grade = grade
    audit.record(session, audit.Event.INCIDENT_EDITED, made, by=people["approver"])
    desk.at(IncidentState.RECEIVED)
    desk.at(IncidentState.MEASURES_DONE)
    session.flush()
    due = queries.follow_up_due(made, RISK)
    assert due is not None

    def told(name: str, day: dt.date) -> list[str]:
        found = worklist.tasks(session, people[name], RISK, SHEETS, day)
        return [str(task.text) for task in found if task.args.get("late") == "silent" and task.count == 1]

    tell, ask = ["リスクケースの経過を事務局に知らせる"], ["経過の報告がないリスクケースを府省庁に確かめる"]
    for name, sentence in (("approver", tell), ("secretariat", ask), ("other-approver", []), ("reporter", [])):
        assert told(name, due) == []
        assert told(name, due + DAY) == sentence, name
    state = queries.ListState({"late": ("silent",)})
    page = queries.list_page(session, people["secretariat"], state, RISK, due + DAY)
    assert [row.incident_no for row in page.rows] == [made.incident_no]
    desk.on(due + DAY)
    desk.move(made, "comment", who="reporter", word="調査中")
    session.flush()
    assert told("approver", due + DAY) == []


def test_an_edit_in_sight_of_an_older_version_is_refused_with_what_is_stored(desk: Desk) -> None:
    made = desk.enter()
    seen = made.version
    desk.edit(made, title="先の題")
    report = incidents.Report(told(title="後の題"))
    with pytest.raises(Stale) as stale:
        incidents.edit(desk.session, made, report, terms=RISK, version=seen, by=desk.people["reporter"])
    assert stale.value.theirs["title"] == "先の題"
    with pytest.raises(Stale):
        incidents.move(desk.session, made, IncidentDeed.RECEIVE, word="", version=seen, by=desk.people["approver"])


def test_an_edit_that_changes_nothing_leaves_no_line(desk: Desk) -> None:
    made = desk.enter()
    desk.session.flush()
    before = made.version
    desk.edit(made)
    desk.session.flush()
    assert made.version == before
    assert len(lines(desk.session, made)) == 1


def test_a_report_suspends_its_running_cases_in_the_same_deed(desk: Desk) -> None:
    office = Office(desk.session)
    running, planned = office.case(), office.case(to=None)
    made = desk.enter(cases=f"{running.case_no}、{planned.case_no}", suspend=True, unregistered="")
    assert (running.lifecycle, planned.lifecycle) == (Lifecycle.SUSPENDED, Lifecycle.PLANNED)
    assert made.suspended_from == running.lifecycle_since == TODAY
    step = desk.session.scalars(select(LifecycleEvent).where(LifecycleEvent.use_case_id == running.id)).all()[-1]
    assert (step.to_state, step.reason) == (Lifecycle.SUSPENDED, made.incident_no)
    assert queries.of_case(desk.session, running, desk.people["reporter"]) == [made]


def test_nothing_is_suspended_by_a_draft_or_where_nothing_runs(session: Session) -> None:
    desk, office = Desk(session), Office(session)
    case, planned = office.case(), office.case(to=None)
    session.commit()
    for wrong in ({"draft": True, "cases": case.case_no}, {"cases": planned.case_no}):
        with pytest.raises(Invalid) as refused:
            desk.enter(suspend=True, **wrong)  # type: ignore[arg-type]
        assert list(refused.value.fields) == ["suspend"]
        session.rollback()
    assert session.get_one(UseCase, case.id).lifecycle is Lifecycle.PRODUCTION
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_ties_follow_the_edit(desk: Desk) -> None:
    office = Office(desk.session)
    one, two = office.case(), office.case()
    made = desk.enter(cases=one.case_no)
    desk.edit(made, cases=two.case_no)
    desk.session.flush()
    assert list(desk.session.scalars(select(IncidentCase.use_case_id))) == [two.id]
    assert incidents.case_numbers(desk.session, made) == two.case_no


def test_what_the_secretariat_enters_is_known_to_it_and_received_by_the_ministry(desk: Desk) -> None:
    own = desk.people["approver"].ministry_id
    made = desk.enter(who="secretariat", ministry_id=own)
    assert made.ministry_id == own
    assert made.state is IncidentState.REPORTED
    assert made.notified_at is not None
    assert authz.can(desk.people["secretariat"], authz.Permission.INCIDENT_READ, made)
    desk.move(made, "receive")
    desk.move(made, "notify")
    assert (made.state, made.notify_late) == (IncidentState.IN_RESPONSE, False)
    with pytest.raises(Invalid) as refused:
        desk.enter(who="secretariat")
    assert list(refused.value.fields) == ["ministry"]


class TestMeasures:
    """Lasting measures: who did it is not who verified it, and the incident waits for both."""

    def test_the_doer_does_not_verify(self, desk: Desk) -> None:
        made = desk.at(IncidentState.IN_RESPONSE)
        one = desk.measure(made)
        desk.session.flush()
        with pytest.raises(Invalid, match="対策が1件"):
            desk.move(made, "complete")
        with pytest.raises(NotNow, match="まだ実施していない"):
            measures.verify(desk.session, one, version=one.version, by=desk.people["approver"])
        measures.done(desk.session, one, on=TODAY, version=one.version, by=desk.people["reporter"])
        with pytest.raises(Forbidden, match="実施した人"):
            measures.verify(desk.session, one, version=one.version, by=desk.people["reporter"])
        measures.verify(desk.session, one, version=one.version, by=desk.people["approver"])
        desk.move(made, "complete")
        assert (one.done_by, one.verified_by) == ("reporter", "approver")
        with pytest.raises(NotNow):
            measures.take_up(desk.session, one, version=one.version, by=desk.people["approver"])

    def test_one_that_does_not_work_is_taken_up_again(self, desk: Desk) -> None:
        one = desk.measure(desk.at(IncidentState.IN_RESPONSE))
        measures.done(desk.session, one, on=TODAY, version=1, by=desk.people["reporter"])
        measures.verify(desk.session, one, version=one.version, by=desk.people["approver"])
        measures.take_up(desk.session, one, version=one.version, by=desk.people["approver"])
        assert (one.done_on, one.done_by, one.verified_at, one.verified_by) == (None, "", None, "")

    @pytest.mark.parametrize("state", [state for state in IncidentState if len(WAYS[state]) != 1])
    def test_it_is_set_while_the_incident_is_worked_on(self, session: Session, state: IncidentState) -> None:
        desk = Desk(session)
        made = desk.at(state)
        if state in (IncidentState.RECEIVED, IncidentState.IN_RESPONSE):
            assert desk.measure(made).incident_id == made.id
            return
        with pytest.raises(NotNow):
            desk.measure(made)

    def test_it_says_what_who_and_by_when(self, session: Session) -> None:
        desk = Desk(session)
        made = desk.at(IncidentState.IN_RESPONSE)
        with pytest.raises(Invalid) as refused:
            measures.add(session, made, body="", owner=" ", due_on=None, by=desk.people["reporter"])
        assert set(refused.value.fields) == {"body", "owner", "due_on"}
        one = desk.measure(made)
        with pytest.raises(Invalid):
            measures.done(session, one, on=TODAY + DAY, version=1, by=desk.people["reporter"])
        with pytest.raises(Stale):
            measures.done(session, one, on=TODAY, version=7, by=desk.people["reporter"])


def test_the_log_tells_every_deed_and_no_words(desk: Desk) -> None:
    made = desk.at(IncidentState.CLOSED, title="秘密の題")
    desk.session.commit()
    entries = desk.session.scalars(select(AuditEntry).where(AuditEntry.subject_label == made.incident_no)).all()
    assert [entry.event for entry in entries] == ["incident.entered", *["incident.moved"] * 5]
    assert not any("秘密の題" in entry.body or "理由" in entry.body for entry in entries)


def test_measures_are_found_by_the_list_of_open_ones(desk: Desk) -> None:
    made = desk.at(IncidentState.IN_RESPONSE)
    desk.measure(made)
    desk.session.flush()
    assert desk.session.scalar(select(func.count()).select_from(Measure)) == 1
    page = queries.incident_page(desk.session, made, desk.people["reporter"], RISK, TODAY)
    assert len(page.measures) == 1
    assert page.may("comment")
    assert not page.may("close")
