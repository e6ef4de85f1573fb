"""Every figure of a report can be opened, counts what it says, and can be told apart from every other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import NotFound, NotNow
from register.models import Round, SubmissionItem
from register.reports import cases, difference, provenance
from register.reports.figures import offered, resolve
from register.reports.headlines import Unit
from register.reports.place import HEADLINES, MINISTRIES, POPULATIONS, UNANSWERED, Place
from register.reports.report import Report, build
from register.reports.table import PREVIOUS, TOTAL
from register.vocab import Role
from tests.support.data import NOW, lent
from tests.support.databases import KINDS, Databases
from tests.support.round_files import LIBRARY, reference_rounds

SECRETARIAT = Actor("事務局", 1, Role.SECRETARIAT)
NO_TIMING = "利用開始時期が未回答の案件"
TIMED, STAFF, STAGED = (Place(POPULATIONS, key, TOTAL) for key in ("staff_with_timing", "staff", "staff_with_stage"))


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """One database with the reference rounds; the tests only read."""
    with lent(databases, request.param, reference_rounds) as url:
        opened = Database(url, FixedClock(NOW))
        yield opened
        opened.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that reads."""
    with database.reading() as session:
        yield session


@pytest.fixture
def report(session: Session) -> Report:
    """The report of the second round."""
    second = session.scalars(select(Round).where(Round.number == 2)).one()
    return build(session, second, "ja", LIBRARY)


def figures(report: Report) -> Iterator[tuple[Place, int]]:
    """Yield every figure that the report prints and that counts cases, with its value."""
    for table in report.tables.values():
        for row in (*table.body, table.total):
            yield Place(table.slug, row.code, TOTAL), row.total
            for column, cell in zip(table.columns, row.cells, strict=True):
                yield Place(table.slug, row.code, column.code), cell or 0
            if row.folded:
                yield Place(table.slug, row.code, UNANSWERED), row.folded
        for note in table.notes:
            if note.place:
                yield note.place, note.count
    for key, count in report.populations.items():
        yield Place(POPULATIONS, key, TOTAL), count
    for one in report.headlines:
        if one.basis and one.basis.unit is Unit.CASES:
            yield Place(HEADLINES, one.key, "numerator"), one.numerator
            yield Place(HEADLINES, one.key, "denominator"), one.denominator or 0


def counted(session: Session, report: Report, place: Place) -> cases.Cases:
    """Return the cases at a place."""
    return cases.behind(session, resolve(report, place), SECRETARIAT, 1)


def test_every_figure_opens_to_the_cases_that_it_counts(session: Session, report: Report) -> None:
    printed = dict(figures(report))
    assert len(printed) > 250
    assert {place: counted(session, report, place).count for place in printed} == printed


def test_a_figure_of_ministries_opens_to_the_cases_that_make_them_count(session: Session, report: Report) -> None:
    whole = counted(session, report, Place("user_scope_by_usage_type", "3", MINISTRIES))
    assert (whole.count, whole.ministries) == (27, 17)
    said = {one.key: counted(session, report, Place(HEADLINES, one.key, "numerator")) for one in report.headlines[:2]}
    assert {key: one.ministries for key, one in said.items()} == {
        "ministries_started": 25, "ministries_whole_started": 17,
    }  # fmt: skip
    assert counted(session, report, Place(HEADLINES, "risk_cases", "numerator")).count == 0


def test_the_steps_of_every_figure_end_in_its_cases(session: Session, report: Report) -> None:
    for place, value in figures(report):
        proof = provenance.prove(report, resolve(report, place))
        counts = [step.count for step in proof.steps]
        assert counts == sorted(counts, reverse=True), place
        assert (counts[0], counts[-1]) == (306, value), place


def test_the_proof_names_what_is_left_out_with_its_overlap(report: Report) -> None:
    proof = provenance.prove(report, resolve(report, Place("user_scope_by_usage_type", "3", "G1/started")))
    assert [(str(step.name), step.count) for step in proof.steps] == [
        ("全案件", 306),
        ("外部の方を利用者とする案件を除く", 296),
        ("利用開始時期が未回答の案件を除く", 295),
        ("３．単一府省庁のみ-全体", 27),
        ("汎用型１／開始済", 18),
    ]
    assert [(str(one.name), one.count) for one in proof.left_out] == [
        ("外部の方を利用者とする案件", 10),
        (NO_TIMING, 1),
        (f"うち「外部の方を利用者とする案件」でもあり「{NO_TIMING}」でもあるもの", 0),
    ]
    assert len(proof.sha256) == 64


def test_a_blank_that_is_counted_as_an_answer_is_told(report: Report) -> None:
    folded = provenance.prove(report, resolve(report, Place("start_timing_by_usage_type", "5", TOTAL)))
    assert [str(one) for one in folded.blanks] == ["「利用開始時期」が未回答の1件を「未定」に数えている"]
    other = provenance.prove(report, resolve(report, Place("start_timing_by_usage_type", "1", TOTAL)))
    assert other.blanks == ()
    before = provenance.prove(report, resolve(report, Place("stage_by_user_scope", "total", "G1/before")))
    assert "「利用開始時期」が未回答の1件を含む" not in map(str, before.blanks), "it has no stage and is left out"


def between(session: Session, report: Report, first: Place, second: Place) -> difference.Difference:
    """Return what sets two figures apart."""
    return difference.compare(session, report, resolve(report, first), resolve(report, second), SECRETARIAT)


def test_why_295_and_not_296(session: Session, report: Report) -> None:
    found = between(session, report, TIMED, STAFF)
    assert (found.first.count, found.second.count, found.amount, found.both) == (295, 296, -1, 295)
    assert (found.first.alone.count, found.second.alone.count) == (0, 1)
    assert [item.answers.get("start_timing") for item in found.second.alone.rows] == [None]
    assert [(str(one.name), one.count) for one in found.second.explained] == [(NO_TIMING, 1)]


def test_why_292_is_3_less_than_295_and_4_less_than_296(session: Session, report: Report) -> None:
    of_tables, of_staff = between(session, report, TIMED, STAGED), between(session, report, STAFF, STAGED)
    assert [(one.first.alone.count, one.second.alone.count) for one in (of_tables, of_staff)] == [(3, 0), (4, 0)]
    assert [(str(one.name), one.count) for one in of_staff.first.explained] == [("導入段階の記載がない案件", 4)]


def test_any_two_figures_are_told_apart_case_by_case(session: Session, report: Report) -> None:
    names = [place for _, group in offered(report) for place, _, _ in group][::7]
    held = {}
    for place in names:
        behind = resolve(report, place).behind
        held[place] = set(session.scalars(select(SubmissionItem.id).where(behind)))
    for first, second in pairwise(names):
        found = between(session, report, first, second)
        assert found.both == len(held[first] & held[second])
        assert found.first.alone.count == len(held[first] - held[second])
        assert found.second.alone.count == len(held[second] - held[first])


def test_what_is_offered_says_the_value_of_each_figure(session: Session, report: Report) -> None:
    told = {place: value for _, group in offered(report) for place, _, value in group}
    assert len(told) > 50
    assert PREVIOUS not in {place.row for place in told}
    assert {place: counted(session, report, place).count for place in told} == told
    assert [Place.read(str(place)) for place in told] == list(told)


def test_a_figure_of_the_round_before_is_not_compared(session: Session, report: Report) -> None:
    closed = Place("usage_type_flow", "G1", "closed")
    with pytest.raises(NotNow):
        between(session, report, closed, STAFF)
    with pytest.raises(NotNow):
        between(session, report, STAFF, closed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "::",
        "headlines:growth:numerator",
        "headlines:ministries_started:denominator",
        "headlines:started:total",
        "headlines:risk_cases:denominator",
        "headlines:none:numerator",
        "populations:staff:no_stage",
        "populations:none:total",
        "exclusions:external:external",
        "exclusions:external:none",
        "user_scope_by_usage_type:1:ministries",
        "user_scope_by_usage_type:total:ministries",
        "start_timing_by_usage_type:1:unanswered",
        "start_timing_by_usage_type:unanswered:stage",
        "confidentiality:5:total",
    ],
)
def test_what_is_no_figure_of_cases_cannot_be_opened(report: Report, text: str) -> None:
    with pytest.raises(NotFound):
        resolve(report, Place.read(text))
