"""Deadlines: that a return came late is a fact that stays; an extension is one ministry's own."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from register.errors import Invalid, NotNow
from register.models import Round
from register.vocab import RoundDeed
from tests.support.databases import Build
from tests.support.running_round import DUE, Office, busy

DAY = dt.timedelta(days=1)


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


class TestLate:
    """That a return came late is a fact of its first handing in, and stays."""

    @pytest.mark.parametrize(("after", "late"), [(-1, False), (0, False), (1, True), (30, True)])
    def test_the_deadline_is_the_last_day(self, office: Office, after: int, late: bool) -> None:
        submission = office.sent()
        office.on(DUE + after * DAY)
        assert office.approve(submission).late is late

    def test_it_stays_when_the_return_is_handed_in_again_or_the_deadline_moves(self, office: Office) -> None:
        submission = office.sent()
        office.on(DUE + DAY)
        office.approve(submission)
        office.give_back(submission)
        office.extend(submission, dt.date(2025, 12, 26))
        office.send(submission)
        assert office.approve(submission).late

    def test_who_was_in_time_once_is_not_late_the_second_time(self, office: Office) -> None:
        submission = office.approve(office.sent())
        first = submission.submitted_at
        office.give_back(submission)
        office.on(DUE + DAY)
        office.send(submission)
        office.approve(submission)
        assert (submission.late, submission.submitted_at) == (False, office.clock.now())
        assert submission.submitted_at != first

    def test_an_extension_is_the_deadline_of_its_ministry(self, office: Office) -> None:
        submission = office.sent()
        office.extend(submission, dt.date(2025, 12, 5))
        office.on(dt.date(2025, 12, 5))
        assert not office.approve(submission).late


class TestExtend:
    """One ministry gets a later day, with a reason."""

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            (None, "新しい期限を入力してください。"),
            (DUE, "新しい期限は、今の期限より後で、今日以降の日付にしてください。"),
            (DUE - DAY, "新しい期限は、今の期限より後で、今日以降の日付にしてください。"),
            (dt.date(2025, 11, 29), "閉庁日です。2025-12-01以降の開庁日にしてください。"),
            (dt.date(2025, 12, 30), "閉庁日です。2026-01-05以降の開庁日にしてください。"),
            (dt.date(2025, 12, 1), None),
        ],
    )
    def test_the_new_day_is_a_later_business_day(self, office: Office, day: dt.date | None, said: str | None) -> None:
        submission = office.ready()
        if said is None:
            assert office.extend(submission, day).due_on == day
            return
        with pytest.raises(Invalid) as refused:
            office.extend(submission, day)
        assert {name: str(sentence) for name, sentence in refused.value.fields.items()} == {"due_on": said}
        assert submission.due_on is None

    def test_a_day_that_has_gone_by_is_none(self, office: Office) -> None:
        submission = office.ready()
        office.on(dt.date(2025, 12, 15))
        with pytest.raises(Invalid) as refused:
            office.extend(submission, dt.date(2025, 12, 12), " ")
        assert set(refused.value.fields) == {"due_on", "reason"}

    def test_after_the_closing_it_lets_its_ministry_hand_in_while_it_runs(self, office: Office) -> None:
        submission = office.ready()
        office.go(office.session.get_one(Round, submission.round_id), RoundDeed.CLOSE)
        with pytest.raises(NotNow, match="事務局に期限の延長を相談してください"):
            office.send(submission)
        office.extend(submission, dt.date(2025, 12, 5))
        office.on(dt.date(2025, 12, 5))
        office.send(submission)
        office.on(dt.date(2025, 12, 6))
        with pytest.raises(NotNow, match="受付は終わりました"):
            office.approve(submission)
        office.on(dt.date(2025, 12, 5))
        assert not office.approve(submission).late

    def test_another_ministry_gets_nothing_by_it(self, office: Office) -> None:
        submission = office.ready()
        current = office.session.get_one(Round, submission.round_id)
        office.extend(submission, dt.date(2025, 12, 5))
        office.go(current, RoundDeed.CLOSE)
        with pytest.raises(NotNow, match="受付は終わりました"):
            office.nil(office.submission(current, "b"), who="other")
