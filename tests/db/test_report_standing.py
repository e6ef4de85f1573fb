"""How far a report's figures hold: rounds in progress, rehearsals, returns left out, corrections after freezing."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import NotNow
from register.models import Round, Submission
from register.reports import flow
from register.reports.report import Report, as_json, build
from register.reports.table import TOTAL
from register.services import snapshot_subjects as subjects
from register.services import snapshots
from register.vocab import Role, RoundDeed, SnapshotKind
from tests.support.databases import Build
from tests.support.figures import opened
from tests.support.round_files import LIBRARY, file_of, load
from tests.support.running_round import Office, busy

EVERYBODY = Actor("auditor", role=Role.AUDITOR)
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
    """The people of this test; both ministries reported a case in 2025-2."""
    load(session, file_of(*ROWS))
    return Office(session)


def reported(office: Office, round: Round) -> Report:
    """Return the report of a round in Japanese."""
    office.session.flush()
    return build(office.session, round, "ja", LIBRARY)


def accepted(office: Office, submission: Submission, who: str = "reporter") -> Submission:
    """Have a return accepted whose cases are as they were."""
    office.confirm(submission, who=who)
    return handed_in(office, submission, who)


def handed_in(office: Office, submission: Submission, who: str = "reporter") -> Submission:
    """Send a return, approve and accept it."""
    office.send(submission, who)
    office.approve(submission, "approver" if who == "reporter" else "other-approver")
    office.accept(submission)
    return submission


def sentences(report: Report) -> list[str]:
    """Return what warns of the figures."""
    return [f"{one.word}：{one.sentence}" for one in report.standing.cautions]


def behind(office: Office, round: Round, row: str, column: str) -> int:
    """Return how many cases a figure of the flow leads to."""
    names = {"table": flow.SLUG, "row": row, "column": column}
    return opened(office.session, round, EVERYBODY, **names).cases.visible


class TestInProgress:
    """Before a round is frozen its figures are those of the returns accepted so far."""

    def test_it_says_how_many_ministries_are_in(self, office: Office) -> None:
        current = office.opened()
        told = "途中経過：この回は「受付中」です。2府省庁中%d府省庁の提出を受理した時点の数字で、まだ変わります。"
        report = reported(office, current)
        assert (report.populations["all"], sentences(report)) == (0, [told % 0])
        accepted(office, office.submission(current))
        report = reported(office, current)
        assert (report.populations["all"], sentences(report)) == (1, [told % 1])
        assert str(report.standing.word) == "途中経過（2府省庁中1府省庁を受理）"
        plain = as_json(report, str)
        assert (plain["settled"], plain["ministries"]) == (False, {"all": 2, "accepted": 1})

    def test_it_has_neither_grown_nor_closed_what_is_still_to_come(self, office: Office) -> None:
        current = office.opened()
        accepted(office, office.submission(current))
        report = reported(office, current)
        assert "growth" not in {one.key for one in report.headlines}
        assert report.flow == {"G1>G1": 1}
        assert {kind: number for kind, number in report.change.items() if number} == {"unchanged": 1}
        assert [behind(office, current, row, TOTAL) for row in ("G1", "S1")] == [1, 0]
        assert behind(office, current, "S1", "closed") == 0

    def test_what_an_accepted_ministry_ended_is_closed(self, office: Office) -> None:
        current = office.opened()
        submission = office.submission(current)
        office.end(office.items(submission)[0])
        handed_in(office, submission)
        report = reported(office, current)
        assert (report.flow, report.change["closed"]) == ({"G1>closed": 1}, 1)
        assert behind(office, current, "G1", "closed") == 1


class TestSettled:
    """Once frozen, what is left out and what was corrected is told in footnotes."""

    def frozen(self, office: Office, *, whole: bool) -> Round:
        current = office.opened()
        accepted(office, office.submission(current))
        if whole:
            accepted(office, office.submission(current, "b"), "other")
        return office.go(current, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="府省庁Bは除く")

    def test_a_whole_round_needs_no_word(self, office: Office) -> None:
        standing = reported(office, self.frozen(office, whole=True)).standing
        assert (standing.cautions, standing.notes, str(standing.word)) == ((), (), "確定")

    def test_ministries_that_were_left_out_are_told_and_count_among_those_of_the_round(self, office: Office) -> None:
        report = reported(office, self.frozen(office, whole=False))
        assert [str(note) for note in report.standing.notes] == [
            "2府省庁中1府省庁の提出は受理されておらず、この集計に入っていない"
        ]
        assert (report.headlines[0].numerator, report.headlines[0].denominator) == (1, 2)
        assert "全府省庁" not in str(report.headlines[0].text)

    def test_corrections_are_a_footnote_with_their_last_day(self, office: Office) -> None:
        current = self.frozen(office, whole=True)
        assert as_json(reported(office, current), str)["corrections"] == {"items": 0, "last": None}
        own, other = (office.items(office.submission(current, key))[0] for key in "ab")
        for item, kind in ((own, "G2"), (own, "S1"), (other, "S2")):
            # Shortly after midnight in Tokyo it is still the day before in UTC.
            office.clock.moment += dt.timedelta(hours=16)
            office.correct(item, usage_type=kind)
            office.session.flush()
        report = reported(office, current)
        assert [str(note) for note in report.standing.notes] == [
            "確定後に2件の案件の回答を訂正した（最後の訂正は2025-11-12）。この集計は訂正後の回答による"
        ]
        assert as_json(report, str)["corrections"] == {"items": 2, "last": "2025-11-12"}
        assert report.flow == {"G1>S1": 1, "S1>S2": 1}
        before = office.session.scalars(select(Round).where(Round.number == 2)).one()
        assert reported(office, before).standing.notes == ()


class TestRehearsal:
    """A rehearsal looks like a round and is told apart wherever its name stands."""

    def test_its_name_and_its_file_say_so(self, office: Office) -> None:
        trial = office.opened(rehearsal=True)
        accepted(office, office.submission(trial))
        office.go(trial, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="演習のため")
        report = reported(office, trial)
        assert (str(report.name), report.code) == ("2025年度第3回（演習）", "2025-3r")
        assert sentences(report) == ["演習：これは演習の回の集計です。統計には使えません。"]
        assert as_json(report, str)["rehearsal"] is True
        assert report.previous == "2025-2"

    def test_no_round_is_compared_with_it(self, office: Office) -> None:
        trial = office.opened(rehearsal=True)
        accepted(office, office.submission(trial))
        office.go(trial, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="演習のため")
        assert reported(office, office.planned(number=4)).previous == "2025-2"


@pytest.mark.parametrize(
    ("rehearsal", "deeds", "told"),
    [
        (False, (), "この回はまだ確定していません。確定してから作成してください。"),
        (False, (RoundDeed.CLOSE,), "この回はまだ確定していません。確定してから作成してください。"),
        (
            True,
            (RoundDeed.CLOSE, RoundDeed.FREEZE),
            "演習の回の台帳写しは作成できません。集計の画面で確かめてください。",
        ),
        (False, (RoundDeed.CLOSE, RoundDeed.FREEZE), ""),
    ],
)
def test_a_snapshot_is_of_a_settled_and_real_round(
    office: Office, rehearsal: bool, deeds: tuple[RoundDeed, ...], told: str
) -> None:
    current, by = office.opened(rehearsal=rehearsal), office.people["secretariat"]
    accepted(office, office.submission(current))
    office.go(current, *deeds, reason="府省庁Bは除く")
    office.session.flush()
    assert reported(office, current).snapshot_possible is (not told)
    if told:
        with pytest.raises(NotNow) as refused:
            subjects.of_round(office.session, current, SnapshotKind.REPORT, "ja")
        assert str(refused.value) == told
    else:
        wanted = subjects.of_round(office.session, current, SnapshotKind.REPORT, "ja")
        assert snapshots.ask(office.session, wanted, current, by=by).kind == snapshots.KIND
