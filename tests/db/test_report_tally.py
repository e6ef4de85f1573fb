"""What was counted of a settled round is kept, and never shown once an answer has changed."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from register.db import Database
from register.models import Ministry, Round, RoundTally, SubmissionItem
from register.reports import tally
from register.reports.report import Report, as_json, build
from register.vocab import RoundDeed
from tests.support.databases import Build
from tests.support.round_files import LIBRARY, file_of, load
from tests.support.running_round import Office, busy

ROWS = (
    {"case_no": "a-2025-0001", "usage_type": "G1"},
    {"case_no": "b-2025-0001", "usage_type": "S1", "ministry": "府省庁B"},
)


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test; both ministries reported a case in 2025-2, and the next round is settled too."""
    load(session, file_of(*ROWS))
    office = Office(session)
    current = office.opened()
    for key, who, approver in (("a", "reporter", "approver"), ("b", "other", "other-approver")):
        submission = office.submission(current, key)
        office.confirm(submission, who=who)
        office.send(submission, who)
        office.approve(submission, approver)
        office.accept(submission)
    office.go(current, RoundDeed.CLOSE, RoundDeed.FREEZE)
    session.flush()
    return office


def of(office: Office, number: int) -> Round:
    """Return a round of the year."""
    return office.session.scalars(select(Round).where(Round.number == number)).one()


def reported(office: Office, number: int = 3) -> Report:
    """Return the report of a round, and keep what was counted for it."""
    office.session.flush()
    report = build(office.session, of(office, number), "ja", LIBRARY)
    for one in report.counted_now:
        tally.keep(office.session, one)
    office.session.flush()
    return report


def test_a_settled_round_is_counted_once(office: Office) -> None:
    first = reported(office)
    assert {one.round.number for one in first.counted_now} == {2, 3}
    again = reported(office)
    assert again.counted_now == ()
    assert as_json(again, str) == as_json(first, str)
    assert again.sha256 == first.sha256 != ""
    # Its own moves were never asked for: the round before has them counted when its page is opened.
    assert reported(office, 2).counted_now == ()


def test_a_report_that_was_counted_takes_few_statements(office: Office, database: Database) -> None:
    seen: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, text, *_: seen.append(text))
    reported(office)
    office.session.expire_all()
    current = of(office, 3)
    seen.clear()
    build(office.session, current, "ja", LIBRARY)
    assert len(seen) <= 6, seen
    assert not any("GROUP BY" in text and "submission_item.answers" in text for text in seen)


@pytest.mark.parametrize("number", [2, 3])
def test_a_correction_of_either_round_has_it_counted_anew(office: Office, number: int) -> None:
    before = reported(office)
    item = office.items(office.submission(of(office, number)))[0]
    office.correct(item, usage_type="S2")
    after = reported(office)
    assert {one.round.number for one in after.counted_now} == ({2, 3} if number == 2 else {3})
    assert (after.sha256 == before.sha256) == (number == 2)
    assert after.flow == ({"S2>G1": 1, "S1>S1": 1} if number == 2 else {"G1>S2": 1, "S1>S1": 1})
    assert reported(office).counted_now == ()
    office.correct(item, usage_type="G1")
    assert reported(office).sha256 == before.sha256, "the same answers have the same digest"


def test_the_digest_is_of_every_answer_that_counts(office: Office) -> None:
    report = reported(office)
    lines = office.session.execute(
        select(Ministry.key, SubmissionItem.case_no, SubmissionItem.answers, SubmissionItem.states)
        .join(Ministry, Ministry.id == SubmissionItem.ministry_id)
        .where(SubmissionItem.round_id == of(office, 3).id)
    )
    told = sorted(json.dumps(list(row), ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in lines)
    assert report.sha256 == hashlib.sha256("".join(f"{line}\n" for line in told).encode()).hexdigest()
    kept = office.session.get_one(RoundTally, of(office, 3).id)
    assert (kept.items, kept.sha256) == (2, report.sha256)


def test_a_round_in_progress_is_never_kept(office: Office) -> None:
    running = office.opened(number=4)
    report = reported(office, 4)
    assert (report.sha256, running.number in {one.round.number for one in report.counted_now}) == ("", False)
    assert office.session.get(RoundTally, running.id) is None
