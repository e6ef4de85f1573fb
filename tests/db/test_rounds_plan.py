"""Planning a round and taking it through its states, up to the figures that are fixed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.errors import Invalid, NotNow, Stale
from register.models import AuditEntry, Ministry, Round, Submission
from register.reports import counts
from register.services import rounds
from register.vocab import RoundDeed, RoundState, SubmissionState
from tests.support.audit_log import changes
from tests.support.databases import Build
from tests.support.editions import begun, held, published
from tests.support.round_files import SECOND
from tests.support.running_round import DUE, LIBRARY, OPENS, Office, busy

CLOSE_FREEZE = (RoundDeed.CLOSE, RoundDeed.FREEZE)


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def refused(office: Office, **changes: Any) -> dict[str, str]:
    """Return what is said against a plan with these changes; nothing of it is stored."""
    with pytest.raises(Invalid) as refusal:
        office.planned(**changes)
    office.session.flush()
    assert office.session.scalar(select(func.count()).select_from(Round)) == 0
    return {name: str(sentence) for name, sentence in refusal.value.fields.items()}


def revised(office: Office, current: Round, version: int | None = None, **changes: Any) -> Round:
    """Revise the plan of a round as the secretariat that has just read it."""
    return rounds.revise(
        office.session,
        current,
        office.plan(**changes),
        version=current.version if version is None else version,
        forms=LIBRARY,
        by=office.people["secretariat"],
    )


def taking_part(office: Office, current: Round) -> list[str]:
    """Return the ministries that take part, in official order."""
    office.session.flush()
    return [office.session.get_one(Ministry, one.ministry_id).key for one in rounds.returns(office.session, current)]


class TestPlan:
    """A plan names its round, its days, its form and who takes part."""

    def test_a_round_is_planned_with_a_return_of_every_ministry_that_takes_part(self, office: Office) -> None:
        made = office.planned(instructions=" 記入要領\r\nを読んでください ", contact="内線 1234")
        assert (made.code, made.state, made.rehearsal) == ("2025-3", RoundState.DRAFT, False)
        assert (made.as_of, made.opens_on, made.due_on) == (SECOND, OPENS, DUE)
        assert (made.instructions, made.contact) == ("記入要領\nを読んでください", "内線 1234")
        assert rounds.form_of(made) == LIBRARY.versions["v2"]
        assert taking_part(office, made) == ["a", "b"]
        assert {one.state for one in rounds.returns(office.session, made)} == {SubmissionState.NOT_STARTED}

    @pytest.mark.parametrize(
        ("day", "after"),
        [
            ("2025-11-03", "2025-11-04"),  # 文化の日
            ("2025-11-08", "2025-11-10"),  # 土曜日
            ("2025-11-23", "2025-11-25"),  # 勤労感謝の日と振替休日
            ("2025-12-29", "2026-01-05"),  # 年末年始
            ("2026-09-22", "2026-09-24"),  # 国民の休日
        ],
    )
    def test_a_day_on_which_the_offices_are_closed_is_refused_with_the_next_one_that_is_not(
        self, office: Office, day: str, after: str
    ) -> None:
        closed = dt.date.fromisoformat(day)
        said = f"閉庁日です。{after}以降の開庁日にしてください。"
        assert refused(office, opens_on=closed, due_on=dt.date(2026, 12, 1)) == {"opens_on": said}
        assert refused(office, opens_on=OPENS - dt.timedelta(days=4), due_on=closed) == {"due_on": said}

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"fiscal_year": 25}, {"fiscal_year": "年度は西暦4桁で入力してください。"}),
            ({"number": 0}, {"number": "回は1から99までの数で入力してください。"}),
            ({"number": 100}, {"number": "回は1から99までの数で入力してください。"}),
            ({"as_of": None}, {"as_of": "基準日を入力してください。"}),
            ({"opens_on": None}, {"opens_on": "受付開始日を入力してください。"}),
            ({"due_on": None}, {"due_on": "提出期限を入力してください。"}),
            ({"due_on": dt.date(2025, 10, 31)}, {"due_on": "提出期限は受付開始日以降の日付にしてください。"}),
            ({"form": "v9"}, {"form": "選択肢の中から選んでください。"}),
            ({"ministries": ()}, {"ministries": "参加する府省庁を選んでください。"}),
            (
                {"ministries": (999,)},
                {"ministries": "基準日に置かれていない府省庁が選ばれています。基準日と府省庁を確認してください。"},
            ),
            ({"contact": "あ" * 4001}, {"contact": "4000文字以内で入力してください。"}),
        ],
        ids="-".join,
    )
    def test_bad_values_are_told_by_field(self, office: Office, changes: dict[str, Any], said: dict[str, str]) -> None:
        assert refused(office, **changes) == said

    def test_all_bad_values_are_told_at_once(self, office: Office) -> None:
        said = refused(office, as_of=None, opens_on=None, due_on=dt.date(2025, 11, 3), form="", ministries=())
        assert set(said) == {"as_of", "opens_on", "due_on", "form", "ministries"}

    def test_a_ministry_that_is_named_twice_takes_part_once(self, office: Office) -> None:
        own = office.ministry().id
        assert taking_part(office, office.planned(ministries=(own, own))) == ["a"]

    def test_a_number_is_given_once_and_its_rehearsal_stands_beside_it(self, office: Office) -> None:
        office.planned()
        assert office.planned(rehearsal=True).code == "2025-3r"
        for again in (False, True):
            with pytest.raises(Invalid) as refusal:
                office.planned(rehearsal=again)
            assert str(refusal.value.fields["number"]) == "この年度と回の定期報告はすでにあります。"
        assert office.planned(number=4).code == "2025-4"


class TestRevise:
    """A plan changes as long as nobody answers it; then only its deadline and what ministries read."""

    @pytest.mark.parametrize("deeds", [(), (RoundDeed.SCHEDULE,)])
    def test_everything_changes_before_the_opening(self, office: Office, deeds: tuple[RoundDeed, ...]) -> None:
        current = office.go(office.planned(), *deeds)
        only = (office.ministry("b").id,)
        day = dt.date(2025, 12, 1)
        revised(office, current, as_of=day, opens_on=day, due_on=day, form="v1", ministries=only, contact="課")
        assert (current.as_of, current.opens_on, current.due_on, current.contact) == (day, day, day, "課")
        assert rounds.form_of(current).version == "v1"
        assert taking_part(office, current) == ["b"]
        revised(office, current, ministries=(office.ministry("a").id, *only))
        assert taking_part(office, current) == ["a", "b"]

    @pytest.mark.parametrize("deeds", [(), (RoundDeed.CLOSE,)])
    def test_a_running_round_keeps_what_is_being_answered(self, office: Office, deeds: tuple[RoundDeed, ...]) -> None:
        current = office.go(office.opened(), *deeds)
        later = dt.date(2025, 12, 5)
        own = (office.ministry("b").id,)
        closed = dt.date(2025, 11, 3)
        revised(office, current, as_of=later, opens_on=closed, due_on=later, form="v1", ministries=own, contact="課")
        assert (current.as_of, current.opens_on, current.due_on, current.contact) == (SECOND, OPENS, later, "課")
        assert rounds.form_of(current).version == "v2"
        assert taking_part(office, current) == ["a", "b"]

    def test_a_settled_round_keeps_everything(self, office: Office) -> None:
        current = office.go(office.opened(), *CLOSE_FREEZE, reason="すべて除く")
        with pytest.raises(NotNow, match="確定した回の予定は変えられません。"):
            revised(office, current)

    def test_a_plan_that_another_saved_since_is_not_overwritten(self, office: Office) -> None:
        current = office.planned()
        office.session.flush()
        seen = current.version
        revised(office, current, contact="先に")
        office.session.flush()
        with pytest.raises(Stale) as stale:
            revised(office, current, seen, contact="後で")
        assert stale.value.theirs["contact"] == "先に"
        assert current.contact == "先に"

    def test_bad_values_are_refused_as_in_a_new_plan(self, office: Office) -> None:
        current = office.planned()
        with pytest.raises(Invalid) as refusal:
            revised(office, current, due_on=dt.date(2025, 11, 3), ministries=())
        assert set(refusal.value.fields) == {"due_on", "ministries"}


class TestMove:
    """A round goes through its states; the log tells each step with what it did."""

    def test_opening_lays_every_case_before_its_ministry(self, database: Database) -> None:
        with database.writing() as session:
            office = Office(session)
            office.case()
            office.case(who="other")
            current = office.go(office.planned(), RoundDeed.SCHEDULE)
        with database.writing() as session:
            Office(session).go(session.get_one(Round, current.id), RoundDeed.OPEN)
        with database.reading() as session:
            own = select(AuditEntry).where(AuditEntry.event == audit.Event.ROUND_MOVED).order_by(AuditEntry.seq)
            entry = session.scalars(own).all()[-1]
            assert '"deed":"open"' in entry.body
            assert '"cases":2' in entry.body
            assert sorted(change["table"] for change in changes(entry)) == [
                "round",
                "submission_item",
                "submission_item",
            ]
            assert audit.verify(session).finding is None

    def test_a_round_is_opened_again_with_a_reason(self, office: Office) -> None:
        current = office.go(office.opened(), RoundDeed.CLOSE)
        with pytest.raises(Invalid, match="理由を入力してください。"):
            office.go(current, RoundDeed.REOPEN)
        assert office.go(current, RoundDeed.REOPEN, reason="間に合わないため").state is RoundState.OPEN

    def test_a_reason_has_its_length_wherever_it_is_given(self, office: Office) -> None:
        current = office.go(office.opened(), RoundDeed.CLOSE)
        for deed in (RoundDeed.REOPEN, RoundDeed.FREEZE):
            with pytest.raises(Invalid, match="4000文字以内で入力してください。"):
                office.go(current, deed, reason="あ" * 4001)

    def test_a_scheduled_round_goes_back_to_its_draft(self, office: Office) -> None:
        current = office.go(office.planned(), RoundDeed.SCHEDULE, RoundDeed.UNSCHEDULE)
        assert current.state is RoundState.DRAFT


class TestFreeze:
    """Freezing fixes what was accepted; what was not is left out only for a reason."""

    def test_every_accepted_return_is_fixed(self, office: Office) -> None:
        office.case()
        current = office.opened()
        for key, who, approver in (("a", "reporter", "approver"), ("b", "other", "other-approver")):
            submission = office.submission(current, key)
            if key == "a":
                office.confirm(submission)
                office.send(submission)
            else:
                office.nil(submission, who=who)
            office.approve(submission, who=approver)
            office.accept(submission)
        office.go(current, *CLOSE_FREEZE)
        assert {one.state for one in rounds.returns(office.session, current)} == {SubmissionState.FROZEN}
        published(office.session, held(office.session, begun(office.session, current)))
        assert current.state is RoundState.PUBLISHED

    @pytest.mark.parametrize("state", [one for one in SubmissionState if one.value not in ("accepted", "frozen")])
    def test_what_was_not_accepted_is_left_out_for_a_reason(self, office: Office, state: SubmissionState) -> None:
        office.case()
        current = office.opened()
        submission = office.submission(current)
        office.handed_in(submission)
        office.accept(submission)
        other = office.submission(current, "b")
        other.state = state
        office.go(current, RoundDeed.CLOSE)
        with pytest.raises(Invalid) as refusal:
            office.go(current, RoundDeed.FREEZE, reason=" 　\r\n")
        assert str(refusal.value.fields["reason"]) == (
            "受理していない府省庁が1あります。除いて確定する場合は、理由を入力してください。"
        )
        assert (current.state, submission.state) == (RoundState.CLOSED, SubmissionState.ACCEPTED)
        office.go(current, RoundDeed.FREEZE, reason="期限までに提出がないため")
        assert (submission.state, other.state) == (SubmissionState.FROZEN, state)

    def test_the_figures_are_those_of_what_was_accepted(self, office: Office) -> None:
        office.case()
        office.case(who="other")
        current = office.opened()
        submission = office.submission(current)
        office.handed_in(submission)
        office.accept(submission)
        theirs = office.submission(current, "b")
        office.confirm(theirs, who="other")
        before = counts.count(office.session, current.id)
        office.go(current, *CLOSE_FREEZE, reason="府省庁Bは除く")
        office.session.flush()
        assert counts.count(office.session, current.id) == before
        assert before.count(()) == 1

    def test_who_was_left_out_can_do_nothing_more(self, office: Office) -> None:
        office.case(who="other")
        current = office.opened()
        theirs = office.submission(current, "b")
        office.confirm(theirs, who="other")
        office.go(current, *CLOSE_FREEZE, reason="府省庁Bは除く")
        with pytest.raises(NotNow, match="この回は「確定」のため"):
            office.send(theirs, who="other")


def test_the_plan_is_named_in_the_log_with_its_returns(database: Database) -> None:
    with database.writing() as session:
        current = Office(session).planned()
    with database.writing() as session:
        office = Office(session)
        revised(office, session.get_one(Round, current.id), ministries=(office.ministry("b").id,))
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.event.like("round.%")).order_by(AuditEntry.seq))
        made, changed = entries.all()
        assert [(one.event, one.subject_label) for one in (made, changed)] == [
            ("round.created", "2025-3"),
            ("round.revised", "2025-3"),
        ]
        assert sorted((one["table"], one["op"]) for one in changes(made)) == [
            ("round", "insert"),
            ("submission", "insert"),
            ("submission", "insert"),
        ]
        assert ("submission", "delete") in {(one["table"], one["op"]) for one in changes(changed)}
        assert session.scalar(select(func.count()).select_from(Submission)) == 1
        assert audit.verify(session).finding is None
