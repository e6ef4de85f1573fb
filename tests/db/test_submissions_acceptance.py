"""Accepting a return: the register follows by the table of the domain, as of the round, and nothing else moves."""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.models import AuditEntry, LifecycleEvent, Submission, UseCase
from register.reports import counts
from register.services.carry_forward import RUNNING
from register.vocab import Confirmation, Lifecycle, RoundDeed, Source, Stage, SubmissionState
from tests.support.audit_log import changes
from tests.support.databases import Build
from tests.support.round_files import SECOND
from tests.support.running_round import FULL, TODAY, Office, busy

DAY = dt.timedelta(days=1)
P, V, R, S, E = Lifecycle
# domain.md section 5: (利用開始時期, 導入段階) and what it makes of a case; None: it stays as it is.
TABLE: dict[tuple[str, str], Lifecycle | None] = {
    ("1", "R"): R,
    ("1", "V"): V,
    ("1", ""): None,
    **dict.fromkeys(product(("2", "3", "4", "5", ""), ("R", "V", "")), P),
}


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def accepted(office: Office, submission: Submission) -> Submission:
    """Send, approve and accept what was filled in."""
    office.send(submission)
    office.approve(submission)
    office.accept(submission)
    office.session.flush()
    return submission


def steps(office: Office, case: UseCase) -> list[tuple[Any, ...]]:
    """Return the steps of a case that a round brought: to where, on which day, of which round."""
    own = select(LifecycleEvent).where(LifecycleEvent.use_case_id == case.id, LifecycleEvent.source == Source.ROUND)
    return [(one.to_state, one.on, one.round_id) for one in office.session.scalars(own.order_by(LifecycleEvent.id))]


@pytest.mark.parametrize("before", [P, V, R])
def test_the_start_and_the_stage_move_a_case_by_the_table(office: Office, before: Lifecycle) -> None:
    cases = {answer: office.case(before) for answer in TABLE}
    submission = office.submission(office.opened())
    for (timing, stage), case in cases.items():
        item = office.item(submission, case)
        office.save(item, "operation", {"start_timing": timing, "stage": stage})
        office.rest(item)
    accepted(office, submission)
    for (timing, stage), case in cases.items():
        expected = TABLE[timing, stage] or before
        assert case.lifecycle is expected, (timing, stage)
        assert steps(office, case) == ([] if expected is before else [(expected, SECOND, submission.round_id)])
        # What the register knew already is no news.
        known = before in RUNNING and (timing, stage) == ("1", RUNNING[before].value)
        assert (case.planned_stage, case.as_of) == (Stage(stage) if stage and not known else None, SECOND)


@pytest.mark.parametrize("before", [S, E])
@pytest.mark.parametrize(("timing", "stage"), [("1", "R"), ("1", "V"), ("5", "")])
def test_what_people_stopped_or_ended_only_people_move(
    office: Office, before: Lifecycle, timing: str, stage: str
) -> None:
    case = office.case(S if before is S else R)
    if before is E:
        office.move(case, E, SECOND + DAY)
    submission = office.submission(office.opened())
    item = office.item(submission, case)
    office.save(item, "operation", {"start_timing": timing, "stage": stage})
    office.save(item, "risk", {"risk_case_count": "0"})
    office.rest(item)
    accepted(office, submission)
    assert (case.lifecycle, steps(office, case)) == (before, [])


def test_a_step_that_was_taken_after_the_rounds_day_stays(office: Office) -> None:
    case = office.case(V)
    submission = office.submission(office.opened())
    office.move(case, R, TODAY)
    office.confirm(submission)
    accepted(office, submission)
    assert (case.lifecycle, case.lifecycle_since) == (R, TODAY)


def test_a_start_has_its_own_day_where_it_lies_before_the_rounds(office: Office) -> None:
    case = office.case(P)
    submission = office.submission(office.opened())
    [item] = office.items(submission)
    office.save(item, "operation", {"start_timing": "1", "stage": "V", "start_on": "2025-07-01"})
    office.rest(item)
    accepted(office, submission)
    assert (case.lifecycle, case.lifecycle_since, case.start_on) == (V, dt.date(2025, 7, 1), dt.date(2025, 7, 1))


def test_facts_follow_and_only_what_does_not_apply_is_erased(office: Office) -> None:
    case = office.case(R)
    before = case.updated_at
    office.clock.moment += dt.timedelta(hours=1)
    submission = office.submission(office.opened())
    [item] = office.items(submission)
    office.save(item, "identity", {"title": "新しい題", "unit": ""})
    office.save(
        item, "goals", {"goal_kind": "NO", "output_type": "", "model_usage": ""}, declined={"model_usage": "秘密"}
    )
    office.save(item, "risk", {"risk_case_count": "0"})
    office.rest(item)
    accepted(office, submission)
    assert (case.title, case.unit, case.goal_kind, case.goal_text) == ("新しい題", FULL["unit"], "NO", "")
    # Missing and declined say nothing of the case: the register keeps what it knows.
    assert (case.output_type, case.model_usage) == (FULL["output_type"], FULL["model_usage"])
    assert case.updated_at > before


def test_nothing_else_of_the_register_moves(office: Office) -> None:
    case, other, theirs = office.case(R), office.case(V), office.case(R, who="other")
    current = office.opened()
    submission = office.submission(current)
    office.save(office.item(submission, case), "risk", {"risk_case_count": "0"})
    left_alone = (theirs.version, theirs.as_of, theirs.updated_at)
    for item in office.items(submission):
        office.rest(item)
    accepted(office, submission)
    assert (theirs.version, theirs.as_of, theirs.updated_at) == left_alone
    assert [steps(office, one) for one in (case, other, theirs)] == [[], [], []]
    assert (case.lifecycle, other.lifecycle, theirs.lifecycle) == (R, V, R)


class TestNew:
    """A case that is new in the round enters the register under its number."""

    def test_it_is_registered_as_it_was_answered(self, office: Office) -> None:
        submission = office.submission(office.opened())
        item = office.add(submission, title="新しい案件", start_on="2025-05-01")
        accepted(office, submission)
        case = office.session.get_one(UseCase, item.use_case_id)
        assert (case.case_no, case.title, case.ministry_id) == ("a-2025-0001", "新しい案件", submission.ministry_id)
        assert {name: getattr(case, name) for name in ("usage_type", "user_scope", "confidentiality", "goal_text")} == {
            name: FULL[name] for name in ("usage_type", "user_scope", "confidentiality", "goal_text")
        }
        assert (case.lifecycle, case.lifecycle_since, case.as_of) == (R, dt.date(2025, 5, 1), SECOND)
        assert steps(office, case) == [(R, dt.date(2025, 5, 1), submission.round_id)]

    def test_its_state_is_that_of_the_table(self, office: Office) -> None:
        submission = office.submission(office.opened())
        items = {
            (timing, stage): office.add(submission, start_timing=timing, stage=stage, start_on="")
            for timing, stage in TABLE
        }
        accepted(office, submission)
        for answer, item in items.items():
            # Started without a stage: verification, with a warning.
            case = office.session.get_one(UseCase, item.use_case_id)
            assert case.lifecycle is (TABLE[answer] or V), answer

    def test_it_is_not_registered_twice_when_the_return_comes_back(self, office: Office) -> None:
        submission = office.submission(office.opened())
        item = office.add(submission)
        accepted(office, submission)
        office.give_back(submission)
        office.save(item, "identity", {"title": "改めた題"})
        accepted(office, submission)
        [case] = office.session.scalars(select(UseCase)).all()
        assert (case.id, case.title, item.confirmation) == (item.use_case_id, "改めた題", Confirmation.NEW)
        office.give_back(submission)
        assert office.lay_out_new(submission) == 0


class TestEnded:
    """A case that was reported as ended is retired on its day."""

    @pytest.mark.parametrize("before", [P, V, R, S])
    def test_it_is_retired_with_its_reason(self, office: Office, before: Lifecycle) -> None:
        case = office.case(before)
        submission = office.submission(office.opened())
        office.end(office.item(submission, case), SECOND - DAY, "契約を更新しないため")
        accepted(office, submission)
        assert (case.lifecycle, case.lifecycle_since) == (E, SECOND - DAY)
        assert steps(office, case) == [(E, SECOND - DAY, submission.round_id)]
        [event] = office.session.scalars(select(LifecycleEvent).where(LifecycleEvent.to_state == E)).all()
        assert (event.reason, event.actor_name, event.from_state) == ("契約を更新しないため", "secretariat", before)
        assert counts.count(office.session, submission.round_id).count(()) == 0

    def test_a_later_step_by_hand_stays(self, office: Office) -> None:
        case = office.case(V)
        submission = office.submission(office.opened())
        office.end(office.item(submission, case), SECOND)
        office.move(case, R, TODAY)
        accepted(office, submission)
        assert (case.lifecycle, case.lifecycle_since) == (R, TODAY)

    def test_what_was_retired_by_hand_keeps_its_day(self, office: Office) -> None:
        case = office.case(R)
        office.move(case, E, SECOND + DAY)
        submission = office.submission(office.opened())
        office.end(office.item(submission, case), SECOND)
        accepted(office, submission)
        assert (case.lifecycle_since, steps(office, case)) == (SECOND + DAY, [])


class TestTheRegisterWentOn:
    """Between the opening and the acceptance people go on working in the register."""

    def test_what_was_confirmed_as_it_stood_leaves_the_hand_edits_alone(self, office: Office) -> None:
        case = office.case(R)
        submission = office.submission(office.opened())
        case.title, case.start_on = "手で直した題", dt.date(2025, 5, 1)
        audit.record(office.session, audit.Event.USE_CASE_EDITED, case, by=office.people["reporter"])
        office.confirm(submission)
        accepted(office, submission)
        assert (case.title, case.start_on, case.as_of) == ("手で直した題", dt.date(2025, 5, 1), SECOND)

    def test_what_the_return_says_anew_wins(self, office: Office) -> None:
        case = office.case(R)
        submission = office.submission(office.opened())
        [item] = office.items(submission)
        case.title, case.unit = "手で直した題", "手で直した課"
        audit.record(office.session, audit.Event.USE_CASE_EDITED, case, by=office.people["reporter"])
        office.save(item, "identity", {"title": "報告した題", "unit": FULL["unit"], "purpose": FULL["purpose"]})
        office.rest(item)
        accepted(office, submission)
        assert (case.title, case.unit) == ("報告した題", "手で直した課")

    def test_an_answer_that_is_taken_back_after_an_acceptance_is_taken_back_in_the_register(
        self, office: Office
    ) -> None:
        case = office.case(R)
        submission = office.submission(office.opened())
        [item] = office.items(submission)
        office.save(item, "identity", {"title": "報告した題"})
        office.rest(item)
        accepted(office, submission)
        assert case.title == "報告した題"
        office.give_back(submission)
        office.save(item, "identity", {"title": FULL["title"]})
        accepted(office, submission)
        assert (item.confirmation, case.title) == (Confirmation.CHANGED, FULL["title"])

    def test_a_plan_without_a_day_any_more_has_none_in_the_register(self, office: Office) -> None:
        case = office.case(P, start_on=dt.date(2026, 5, 1), planned_stage="V")
        submission = office.submission(office.opened())
        [item] = office.items(submission)
        office.save(item, "operation", {"start_timing": "5", "start_on": "", "stage": ""})
        office.rest(item)
        accepted(office, submission)
        assert (case.start_on, case.planned_stage) == (None, None)


def test_an_older_round_does_not_turn_the_register_back(office: Office) -> None:
    case = office.case(V)
    older = office.submission(office.opened(number=3))
    newer = office.submission(office.opened(number=4, as_of=TODAY))
    office.save(office.item(newer, case), "identity", {"title": "新しい題"})
    office.rest(office.item(newer, case))
    accepted(office, newer)
    office.save(office.item(older, case), "identity", {"title": "古い題"})
    office.save(office.item(older, case), "operation", {"start_timing": "5"})
    office.rest(office.item(older, case))
    accepted(office, older)
    assert (case.title, case.lifecycle, case.as_of) == ("新しい題", V, TODAY)


def test_a_rehearsal_leaves_the_register_and_every_figure_alone(office: Office) -> None:
    case, ended = office.case(R), office.case(R)
    real = office.submission(office.opened())
    trial = office.submission(office.opened(rehearsal=True))
    before = [(one.version, one.lifecycle, one.as_of) for one in (case, ended)]
    office.save(office.item(trial, case), "operation", {"start_timing": "5", "stage": ""})
    office.end(office.item(trial, ended), SECOND)
    office.rest(office.item(trial, case))
    new = office.add(trial)
    accepted(office, trial)
    assert trial.state is SubmissionState.ACCEPTED
    assert [(one.version, one.lifecycle, one.as_of) for one in (case, ended)] == before
    assert new.use_case_id is None
    assert counts.count(office.session, real.round_id).count(()) == 0
    assert len(office.items(real)) == 2
    # It works like a real one for those who practise: it may be frozen, and looks at its own figures.
    office.go(trial.round, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="練習のため")
    office.session.flush()
    assert counts.count(office.session, trial.round_id).count(()) == 2
    assert office.opened(number=4).code == "2025-4"


def test_what_the_round_did_is_one_named_deed_of_the_secretariat(database: Database) -> None:
    with database.writing() as session:
        office = Office(session)
        case = office.case(P)
        submission = office.submission(office.opened())
        office.save(office.item(submission, case), "operation", {"start_timing": "1", "stage": "R"})
        office.rest(office.item(submission, case))
        office.add(submission, title="秘密の案件")
        office.send(submission)
        office.approve(submission)
    with database.writing() as session:
        Office(session).accept(session.get_one(Submission, submission.id))
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event == audit.Event.SUBMISSION_ACCEPTED)).one()
        assert (entry.actor_name, entry.subject_label) == ("secretariat", "2025-3 府省庁A")
        tables = [(change["table"], change["op"]) for change in changes(entry)]
        assert sorted(tables) == [
            ("lifecycle_event", "insert"),
            ("lifecycle_event", "insert"),
            ("submission", "update"),
            ("submission_event", "insert"),
            ("submission_item", "update"),
            ("use_case", "insert"),
            ("use_case", "update"),
        ]
        assert "秘密" not in entry.body
        assert audit.verify(session).finding is None
