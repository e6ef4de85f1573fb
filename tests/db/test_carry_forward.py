"""Opening a round: what the register and the last report know is laid before the ministry, and none of it is an answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.errors import NotNow
from register.models import SubmissionItem, UseCase, counted
from register.reports import counts
from register.services import use_cases
from register.vocab import Confirmation, Lifecycle, RoundDeed
from tests.support.databases import Build
from tests.support.round_files import FIRST, PLAIN, SECOND, file_of, load
from tests.support.running_round import FULL, LIBRARY, Office, busy

AUTOMATIC = {"by": "automatic"}
V1 = {name: PLAIN[name] for name in PLAIN if name not in ("ministry", "case_no")}


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def reported(office: Office, *rows: dict[str, str], version: str = "v1") -> list[UseCase]:
    """Import a round of June that held these cases; return what they became in the register."""
    load(office.session, file_of(*rows, version=version), number=1, version=version, as_of=FIRST)
    return list(office.session.scalars(select(UseCase).order_by(UseCase.case_no)))


def laid(office: Office, case: UseCase, **changes: Any) -> SubmissionItem:
    """Open a round and return what it lays out of ``case``."""
    return office.item(office.submission(office.opened(**changes)), case)


class TestByLifecycle:
    """domain.md section 5: what the state of a case says of its start and its stage."""

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            (Lifecycle.PRODUCTION, {"start_timing": "1", "stage": "R"}),
            (Lifecycle.VERIFICATION, {"start_timing": "1", "stage": "V"}),
        ],
    )
    def test_a_running_case_has_started_in_its_stage(
        self, office: Office, state: Lifecycle, expected: dict[str, str]
    ) -> None:
        item = laid(office, office.case(state))
        facts = {name: value for name, value in FULL.items() if name not in ("start_on", "risk_case_count")}
        assert item.carried == facts | expected
        assert (item.confirmation, item.answers, item.states) == (Confirmation.UNCONFIRMED, {}, {})
        assert (item.recheck, item.mapping, item.notes) == ({}, {}, {})

    @pytest.mark.parametrize(
        ("day", "code"),
        [
            ("2025-12-31", "2"),
            ("2026-01-01", "3"),
            ("2026-03-31", "3"),
            ("2026-04-01", "4"),
            ("2025-10-01", "2"),
            ("2025-09-30", None),
            ("2025-06-01", None),
        ],
    )
    def test_a_planned_case_starts_when_its_day_says_seen_from_the_rounds_day(
        self, office: Office, day: str, code: str | None
    ) -> None:
        case = office.case(Lifecycle.PLANNED, start_on=dt.date.fromisoformat(day), planned_stage="V")
        item = laid(office, case)
        assert (item.carried.get("start_timing"), item.carried["start_on"]) == (code, day)
        assert item.carried["stage"] == "V"

    @pytest.mark.parametrize("before", ["5", "2"])
    def test_a_planned_case_without_a_day_stays_undecided_but_keeps_no_old_year(
        self, office: Office, before: str
    ) -> None:
        [case] = reported(office, {"start_timing": before, "start_on": "", "stage": ""}, version="v2")
        item = laid(office, case)
        assert item.carried.get("start_timing") == ("5" if before == "5" else None)
        assert "stage" not in item.carried

    def test_a_suspended_case_shows_its_last_answers(self, office: Office) -> None:
        [case] = reported(office, {"start_timing": "1", "stage": "V"}, version="v2")
        office.move(case, Lifecycle.SUSPENDED)
        item = laid(office, case)
        assert (item.carried["start_timing"], item.carried["stage"]) == ("1", "V")

    def test_a_suspended_case_that_never_was_reported_leaves_its_start_open(self, office: Office) -> None:
        item = laid(office, office.case(Lifecycle.SUSPENDED))
        assert not {"start_timing", "stage"} & item.carried.keys()

    @pytest.mark.parametrize(("on", "asked"), [("2025-09-29", False), ("2025-09-30", False), ("2025-10-01", True)])
    def test_a_case_retired_on_or_before_the_rounds_day_is_not_asked_about(
        self, office: Office, on: str, asked: bool
    ) -> None:
        case = office.case(Lifecycle.PRODUCTION)
        office.move(case, Lifecycle.RETIRED, dt.date.fromisoformat(on))
        submission = office.submission(office.opened())
        assert [item.use_case_id for item in office.items(submission)] == ([case.id] if asked else [])

    @pytest.mark.parametrize(
        ("then", "since", "timing", "stage"),
        [
            (Lifecycle.PLANNED, Lifecycle.VERIFICATION, "2", "V"),
            (Lifecycle.PLANNED, Lifecycle.PRODUCTION, "2", "R"),
            (Lifecycle.PLANNED, Lifecycle.RETIRED, None, None),
            (Lifecycle.VERIFICATION, Lifecycle.PRODUCTION, "1", "V"),
            (Lifecycle.PRODUCTION, Lifecycle.SUSPENDED, "1", "R"),
            (Lifecycle.PRODUCTION, Lifecycle.RETIRED, "1", "R"),
        ],
    )
    def test_a_case_that_moved_since_is_shown_as_it_was_on_the_rounds_day(
        self, office: Office, then: Lifecycle, since: Lifecycle, timing: str | None, stage: str | None
    ) -> None:
        case = office.case(then)
        office.move(case, since, SECOND + dt.timedelta(days=1))
        item = laid(office, case)
        assert (item.carried.get("start_timing"), item.carried.get("stage")) == (timing, stage)

    def test_a_case_that_moved_on_the_rounds_day_is_shown_as_it_became(self, office: Office) -> None:
        case = office.case(Lifecycle.VERIFICATION)
        office.move(case, Lifecycle.PRODUCTION, SECOND)
        assert laid(office, case).carried["stage"] == "R"

    def test_a_case_that_is_younger_than_the_rounds_day_was_planned_on_it(self, office: Office) -> None:
        known = {name: FULL[name] for name in ("title", "usage_type", "user_scope", "confidentiality")}
        case = use_cases.create(office.session, form=LIBRARY.newest, values=known, by=office.people["reporter"])
        office.move(case, Lifecycle.VERIFICATION)
        item = laid(office, case)
        assert (item.carried["start_timing"], item.carried["stage"]) == ("2", "V")

    def test_each_ministry_gets_its_own_cases_in_the_order_of_their_numbers(self, office: Office) -> None:
        own = [office.case(title=f"案件{number}") for number in range(3)]
        theirs = office.case(who="other")
        current = office.opened()
        assert [item.use_case_id for item in office.items(office.submission(current))] == [case.id for case in own]
        assert [item.use_case_id for item in office.items(office.submission(current, "b"))] == [theirs.id]
        assert [item.case_no for item in office.items(office.submission(current))] == [case.case_no for case in own]


class TestWhatTheLastReportKnows:
    """Beside the register's facts, the last report knows what only a report asks."""

    def test_the_register_speaks_first(self, office: Office) -> None:
        [case] = reported(office, {"title": "前の題", "usage_type": "S1"}, version="v2")
        case.title, case.usage_type = "今の題", "S2"
        assert laid(office, case).carried["title"] == "今の題"
        assert laid(office, case, number=4).carried["usage_type"] == "S2"

    def test_what_the_register_lost_is_not_brought_back_by_an_old_answer(self, office: Office) -> None:
        [case] = reported(office, {"output_type": "3"}, version="v2")
        case.output_type = None
        assert "output_type" not in laid(office, case).carried

    @pytest.mark.parametrize(("before", "now"), [("0", 0), ("2", None), ("", None)])
    def test_the_risk_cases_of_a_period_are_counted_anew_and_only_a_zero_is_shown(
        self, office: Office, before: str, now: int | None
    ) -> None:
        [case] = reported(office, {"risk_case_count": before}, version="v2")
        assert laid(office, case).carried.get("risk_case_count") == now

    def test_the_newest_report_speaks_and_an_older_one_does_not(self, office: Office) -> None:
        [case] = reported(office, {"risk_case_count": "2"})
        load(office.session, file_of({"risk_case_count": "0"}), number=2)
        assert laid(office, case).carried["risk_case_count"] == 0

    def test_a_later_round_and_a_rehearsal_are_not_the_last_report(self, office: Office) -> None:
        [case] = reported(office, {"risk_case_count": "2"}, version="v2")
        load(office.session, file_of({"risk_case_count": "0"}), number=4, as_of=dt.date(2025, 12, 31))
        trial = office.submission(office.opened(rehearsal=True))
        office.save(office.item(trial, case), "risk", {"risk_case_count": "0"})
        office.handed_in(trial)
        office.accept(trial)
        assert "risk_case_count" not in laid(office, case).carried

    def test_what_was_never_accepted_was_never_reported(self, office: Office) -> None:
        [case] = reported(office, {"risk_case_count": "2"}, version="v2")
        first = office.submission(office.opened())
        office.save(office.item(first, case), "risk", {"risk_case_count": "0"})
        office.handed_in(first)
        assert "risk_case_count" not in laid(office, case, number=4).carried
        office.accept(first)
        assert laid(office, case, number=5).carried["risk_case_count"] == 0

    def test_an_answer_that_hangs_on_another_goes_with_it(self, office: Office) -> None:
        [case] = reported(office, {"goal_kind": "QN", "goal_text": "半分にする"}, version="v2")
        case.goal_kind = "NO"
        assert "goal_text" not in laid(office, case).carried


class TestByCrosswalk:
    """From form 1 to form 2: what means the same is carried over, what was narrowed or split is looked at again."""

    def test_what_was_narrowed_or_split_must_be_looked_at_again(self, office: Office) -> None:
        cases = reported(
            office,
            *({"case_no": f"a-{code}", "usage_type": code, "confidentiality": ""} for code in ("G1", "G2", "S1", "S2")),
        )
        submission = office.submission(office.opened())
        again = {case.usage_type: office.item(submission, case).recheck for case in cases}
        assert again == {
            "G1": {"user_scope": "split"},
            "G2": {"user_scope": "split", "usage_type": "narrowed"},
            "S1": {"user_scope": "split", "usage_type": "narrowed"},
            "S2": {"user_scope": "split", "usage_type": "narrowed"},
        }

    def test_it_is_noted_of_every_answer_who_carried_it_over(self, office: Office) -> None:
        [case] = reported(office, V1 | {"usage_type": "G1"})
        item = laid(office, case)
        assert item.carried.keys() - item.mapping.keys() == {"user_scope"}
        assert set(map(str, item.mapping.values())) == {str(AUTOMATIC)}
        assert item.carried.keys() >= {"unit", "title", "purpose", "usage_type", "stage", "risk_case_count", "start_on"}
        assert not item.carried.keys() & {"additional_learning", "referenced_data", "risk_case_detail"}

    def test_a_case_that_was_asked_by_the_same_form_is_not_mapped(self, office: Office) -> None:
        [case] = reported(office, {}, version="v2")
        item = laid(office, case)
        assert (item.recheck, item.mapping) == ({}, {})

    def test_new_questions_stand_against_confirming_in_one_deed(self, office: Office) -> None:
        [case] = reported(office, V1 | {"usage_type": "G1", "confidentiality": ""})
        submission = office.submission(office.opened())
        item = office.item(submission, case)
        assert office.why_not(item) == "様式の定義が変わった項目があります。案件を開いて確認してください。"
        office.save(item, "operation", {"user_scope": "1"})
        assert [name for name in office.left(item) if name not in item.carried] == ["confidentiality"]
        assert office.why_not(item) == "この回で新しく尋ねる項目があります。案件を開いて入力してください。"
        with pytest.raises(NotNow, match="案件 a-2025-0001：この回で新しく尋ねる項目があります"):
            office.confirm(submission, item)
        office.save(item, "operation", {"confidentiality": "1"})
        assert office.why_not(item) == ""
        office.confirm(submission, item)
        assert item.confirmation is Confirmation.CHANGED


def test_nothing_that_was_carried_is_counted(office: Office) -> None:
    office.case()
    current = office.opened()
    submission = office.submission(current)
    assert counts.count(office.session, current.id).count(()) == 0
    # Not even when somebody would take the return: only what was confirmed is an answer.
    submission.state = submission.state.ACCEPTED
    assert counts.count(office.session, current.id).count(()) == 0
    waiting = select(func.count()).select_from(SubmissionItem).where(SubmissionItem.round_id == current.id)
    assert (office.session.scalar(waiting), office.session.scalar(waiting.where(counted()))) == (1, 0)


def test_a_case_that_comes_later_is_laid_out_when_somebody_asks(office: Office) -> None:
    office.case()
    current = office.opened()
    submission = office.submission(current)
    late = office.case(title="後から登録した案件")
    assert len(office.items(submission)) == 1
    assert office.lay_out_new(submission) == 1
    assert office.item(submission, late).carried["title"] == "後から登録した案件"
    assert office.lay_out_new(submission) == 0


def test_opening_again_after_the_closing_lays_nothing_out_twice(office: Office) -> None:
    office.case()
    current = office.opened()
    office.go(current, RoundDeed.CLOSE, RoundDeed.REOPEN, reason="一府省庁が間に合わないため")
    assert len(office.items(office.submission(current))) == 1
