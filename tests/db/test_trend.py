"""All settled rounds beside each other: one vocabulary, columns that add up, growth by its causes, at a fixed cost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.codes import load_roster
from register.formspec.loader import FormLibrary
from register.models import Round
from register.reports import charts, tally
from register.reports.carried import Told
from register.reports.counts import Counts
from register.reports.dimensions import FIELDS
from register.reports.report import build as report_of
from register.reports.table import TOTAL, Column, Table
from register.reports.trend import Trend, build, tables
from register.reports.vocabulary import Bridge
from register.services.round_import import RoundFacts, import_round
from register.vocab import Role, RoundDeed
from tests.support.data import NOW, lent
from tests.support.databases import KINDS, Build, Databases
from tests.support.form_versions import LONGER
from tests.support.round_files import BY, CONFIG, LIBRARY, empty_round, file_of, reference_rounds
from tests.support.running_round import Office, busy

EVERYBODY = Actor("auditor", role=Role.AUDITOR)
VERSIONS = list(LONGER.versions)
# By hand, from the crosswalks of the longer chain: what each code of usage types becomes in form 4.
IN_FORM_4 = {
    "v1": {"G1": "G1", "G2": "G1", "S1": "unmapped", "S2": "unmapped"},
    "v2": {"G1": "G1", "G2": "G1", "S1": "unmapped", "S2": "unmapped", "OT": "OT"},
    "v3": {"G1": "G1", "S1": "S1", "OT": "OT", "N3": "N3"},
    "v4": {"G1": "G1", "S1": "S1", "OT": "OT", "N3": "N3"},
}


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture(scope="module", params=KINDS)
def reference_trend(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Trend]:
    """The trend of the reference rounds."""
    with lent(databases, request.param, reference_rounds) as url:
        database = Database(url, FixedClock(NOW))
        with database.reading() as session:
            yield trend_of(session, 2)
        database.engine.dispose()


def trend_of(session: Session, number: int, forms: FormLibrary = LIBRARY) -> Trend:
    """Return the trend up to a round of the year, in Japanese."""
    current = session.scalars(select(Round).where(Round.number == number, Round.rehearsal.is_(False))).one()
    return build(session, current, EVERYBODY, "ja", forms, str)


def kept(session: Session, number: int) -> Trend:
    """Return the same, and keep what was counted for it."""
    trend = trend_of(session, number)
    for one in trend.counted_now:
        tally.keep(session, one)
    session.flush()
    return trend


def loaded(session: Session, number: int, version: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Import a round of the year with a form of the longer chain."""
    facts = RoundFacts(2025, number, dt.date(2025, 3 * number, 30))
    spec = LONGER.versions[version]
    names = list(spec.columns)
    data = file_of(*rows, columns=names)
    import_round(session, facts, data, spec=spec, create_ministries=True, roster=load_roster(CONFIG), by=BY)
    session.flush()


def cases(*types: tuple[int, str]) -> list[dict[str, str]]:
    """Return rows of a file: the cases of these numbers with these types."""
    return [{"case_no": f"a-2025-{number:04d}", "usage_type": kind} for number, kind in types]


def cells(table: Table) -> dict[str, tuple[int | None, ...]]:
    """Return the cells of each row by its code."""
    return {row.code: row.cells for row in table.rows}


def by_slug(trend: Trend) -> dict[str, Table]:
    """Return the tables of a trend by their names."""
    return {table.slug.removeprefix("trend_"): table for table in trend.tables}


def notes(table: Table) -> list[str]:
    """Return the footnotes of a table."""
    return [str(note.text) for note in table.notes]


class TestTheReferenceRounds:
    """The published rounds: form 1, then form 2."""

    def test_the_figures_are_the_printed_ones(self, reference_trend: Trend) -> None:
        found = by_slug(reference_trend)
        assert [column.code for column in reference_trend.rounds] == ["2025-1", "2025-2"]
        assert cells(found["usage_type"]) == {
            "G1": (86, 218), "G2": (69, 32), "S1": (28, 36), "S2": (5, 4), "OT": (None, 16), TOTAL: (188, 306),
        }  # fmt: skip
        started = cells(found["start_timing"])
        assert (started["1"], started["unanswered"], started[TOTAL]) == ((145, 275), (0, 1), (188, 306))
        assert cells(found["stage"])["unanswered"] == (1, 4)
        assert cells(found["confidentiality"])[TOTAL] == (None, 306)
        assert cells(found["output_type"])["unanswered"] == (None, 77)

    def test_the_growth_is_that_of_the_report(self, reference_trend: Trend) -> None:
        assert cells(by_slug(reference_trend)["growth"]) == {
            "new": (None, 132), "unchanged": (None, 132), "reclassified": (None, 42), "changed": (None, 0),
            TOTAL: (188, 306), "closed": (None, 14), "difference": (None, 118),
        }  # fmt: skip

    def test_the_notes_say_what_became_of_which_code(self, reference_trend: Trend) -> None:
        told = notes(by_slug(reference_trend)["usage_type"])
        assert "2025年度第1回の様式からは「その他」に対応付けられない（－）" in told
        [moved] = [note for note in told if "の「汎用型２」は「汎用型２」に数えた（2025年度第1回 69件）" in note]
        assert "定型的な指示文やテンプレート、フォーマットを使う利用に限られました" in moved
        assert len(told) == 6
        assert notes(by_slug(reference_trend)["output_type"]) == ["2025年度第1回の様式は、この項目を尋ねていない（－）"]
        assert notes(by_slug(reference_trend)["start_timing"]) == ["選択肢の年は、それぞれの回の基準日から数える"]

    def test_no_label_names_the_years_of_one_round(self, reference_trend: Trend) -> None:
        labels = [row.label for row in by_slug(reference_trend)["start_timing"].rows]
        assert [label for label in labels if "令和" in label or "{" in label] == []
        assert labels[1] == "２．基準日の暦年中に利用開始予定"

    def test_the_charts_say_the_same(self, reference_trend: Trend) -> None:
        found = by_slug(reference_trend)
        drawn = charts.over_rounds(found["usage_type"], str)
        assert drawn is not None
        assert (
            "2025年度第1回の188件から2025年度第2回の306件へ。2025年度第2回で最も多いのは「汎用型１」で218件。"
            in drawn.svg
        )
        grown = charts.over_rounds(found["growth"], str)
        assert grown is not None
        assert "2025年度第2回は306件。最も多いのは「新規」で132件。" in grown.svg
        assert "2025年度第1回" not in grown.svg


def test_a_table_of_many_rows_is_drawn_with_the_rest_as_one(reference_trend: Trend) -> None:
    drawn = charts.over_rounds(by_slug(reference_trend)["output_type"], str)
    assert drawn is not None
    assert ">ほか</text>" in drawn.svg


def test_a_chain_of_forms_is_brought_into_the_newest(session: Session) -> None:
    loaded(session, 1, "v1", cases((1, "G1"), (2, "G2"), (3, "S1"), (4, "S2"), (5, "")))
    loaded(session, 2, "v2", cases((1, "G1"), (2, "G2"), (3, "S1"), (6, "OT")))
    loaded(session, 3, "v3", cases((1, "G1"), (2, "G1"), (3, "N3"), (6, "OT"), (7, "S1")))
    table = by_slug(trend_of(session, 3, LONGER))["usage_type"]
    assert cells(table) == {
        "G1": (2, 2, 2), "S1": (None, None, 1), "OT": (None, 1, 1), "N3": (None, None, 1),
        "unanswered": (1, 0, 0), "unmapped": (2, 1, 0), TOTAL: (5, 4, 5),
    }  # fmt: skip
    told = [note for note in notes(table) if "対応付けできない（" in note]
    assert [note.split("は対応")[0].split("の「")[1] + note.split("（")[-1].split("）")[0] for note in told] == [
        "特化型１」2025年度第1回 1件", "特化型２」2025年度第1回 1件", "特化型１」2025年度第2回 1件",
    ]  # fmt: skip
    assert any("「汎用型２」は「汎用型１」に数えた（2025年度第2回 1件）" in note for note in notes(table))
    # In the words of the second round, nothing is lost yet.
    assert cells(by_slug(trend_of(session, 2, LONGER))["usage_type"])["S1"] == (1, 1)


def test_growth_says_of_every_round_how_it_came_about(session: Session) -> None:
    loaded(session, 1, "v1", cases((1, "G1"), (2, "G2"), (3, "S1")))
    loaded(session, 2, "v2", cases((1, "G1"), (2, "G1"), (4, "S1"), (5, "")))
    loaded(session, 3, "v2", cases((1, "S1"), (2, "G1"), (5, "G1")))
    trend = trend_of(session, 3)
    found = cells(by_slug(trend)["growth"])
    assert found == {
        "new": (None, 2, 0), "unchanged": (None, 1, 1), "reclassified": (None, 1, 0), "changed": (None, 0, 1),
        "unanswered": (None, 0, 1), TOTAL: (3, 4, 3), "closed": (None, 1, 1), "difference": (None, 1, -1),
    }  # fmt: skip
    for place, number in enumerate((2, 3), 1):
        current = session.scalars(select(Round).where(Round.number == number)).one()
        told = report_of(session, current, "ja", LIBRARY).change
        assert {kind: found[kind][place] for kind in told} == told


class TestWhichRounds:
    """Settled ones, no rehearsals, up to the one that is shown."""

    @pytest.fixture
    def office(self, session: Session) -> Office:
        """The people; three rounds are settled, the third without a case."""
        loaded(session, 1, "v1", cases((1, "G1")))
        loaded(session, 2, "v2", cases((1, "G1"), (2, "S1")))
        empty_round(session, number=3)
        session.flush()
        return Office(session)

    def test_later_ones_are_left_out(self, office: Office) -> None:
        codes = [[one.code for one in trend_of(office.session, number).rounds] for number in (1, 2, 3)]
        assert codes == [["2025-1"], ["2025-1", "2025-2"], ["2025-1", "2025-2", "2025-3"]]
        assert cells(by_slug(trend_of(office.session, 3))["usage_type"])["G1"] == (1, 1, 0)

    def test_a_running_one_shows_those_before_it(self, office: Office) -> None:
        running = office.opened(number=4)
        office.session.flush()
        trend = build(office.session, running, EVERYBODY, "ja", LIBRARY, str)
        assert (trend.settled, [one.code for one in trend.rounds]) == (False, ["2025-1", "2025-2", "2025-3"])

    def test_a_rehearsal_is_never_counted(self, office: Office) -> None:
        rehearsal = office.opened(number=3, rehearsal=True)
        office.go(rehearsal, RoundDeed.CLOSE)
        office.session.flush()
        trend = build(office.session, rehearsal, EVERYBODY, "ja", LIBRARY, str)
        assert (trend.settled, [one.code for one in trend.rounds]) == (False, ["2025-1", "2025-2", "2025-3"])

    def test_who_may_know_of_no_round_sees_no_other(self, office: Office) -> None:
        current = office.session.scalars(select(Round).where(Round.number == 2)).one()
        trend = build(office.session, current, Actor("admin", role=Role.ADMIN), "ja", LIBRARY, str)
        # For the one that is shown the guard answers.
        assert [one.code for one in trend.rounds] == ["2025-2"]


def sent(engine: Engine, session: Session, number: int) -> list[str]:
    """Return the statements that a trend sends."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    session.expire_all()
    event.listen(engine, "before_cursor_execute", note)
    trend_of(session, number)
    event.remove(engine, "before_cursor_execute", note)
    return seen


def test_the_cost_grows_neither_with_rounds_nor_with_cases(session: Session, database: Database) -> None:
    counts = {}
    for number in (1, 2, 3, 4):
        loaded(session, number, "v2", cases(*((case, "G1") for case in range(1, 3 * number))))
        first = sent(database.engine, session, number)
        assert len(first) <= 8, "only the newest round is counted"
        assert len(kept(session, number).counted_now) == 1
        again = sent(database.engine, session, number)
        assert not any("submission_item.answers" in statement for statement in again)
        # The test asks for the round itself.
        counts[number] = len(again) - 1
    assert set(counts.values()) == {2}


def test_a_correction_of_an_early_round_is_seen(session: Session) -> None:
    loaded(session, 1, "v2", cases((1, "G1"), (2, "G1")))
    loaded(session, 2, "v2", cases((1, "G1"), (2, "G1")))
    kept(session, 2)
    assert kept(session, 2).counted_now == ()
    office = Office(session)
    first = session.scalars(select(Round).where(Round.number == 1)).one()
    office.correct(office.items(office.submission(first))[0], usage_type="S1")
    session.flush()
    trend = kept(session, 2)
    assert cells(by_slug(trend)["usage_type"])["S1"] == (1, 0)
    assert cells(by_slug(trend)["growth"])["changed"] == (None, 1)
    assert kept(session, 2).counted_now == ()


answers = {
    version: st.sampled_from([*IN_FORM_4[version], None, "??"]) for version in VERSIONS
}  # an answer that no form knows stands for data of another system
some_rounds = st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=5).flatmap(
    lambda versions: st.tuples(
        *(st.tuples(st.just(one), st.lists(answers[one], max_size=12)) for one in sorted(versions))
    )
)


def told_of(place: int, version: str, types: Sequence[str | None]) -> Told:
    """Return a round of form ``version`` whose cases have these usage types."""
    forms = LONGER.versions
    name = FIELDS.index("usage_type")
    rows = ((tuple(kind if at == name else "1" for at in range(len(FIELDS))), n) for kind, n in Counter(types).items())
    counts = Counts(tuple(rows), (), 0)
    column = Column(f"2025-{place}", f"第{place}回", "")
    return Told(column, Bridge(forms[version], forms["v4"], LONGER.between(version, "v4")), counts, None)


@settings(max_examples=120, deadline=None)
@given(some_rounds)
def test_any_rounds_add_up_to_their_cases(rounds: Sequence[tuple[str, Sequence[str | None]]]) -> None:
    told = [told_of(place, *one) for place, one in enumerate(rounds)]
    found = {table.slug: table for table in tables(LONGER.versions["v4"], told, "ja")}
    for table in found.values():
        for place, (_, types) in enumerate(rounds):
            parts = [row.cells[place] for row in table.body]
            total = table.total.cells[place]
            assert total in (None, len(types))
            assert sum(part or 0 for part in parts) == (total or 0) or table.slug == "trend_growth"
            assert (total is None) <= (parts == [None] * len(parts))
    usage = found["trend_usage_type"]
    for place, (version, types) in enumerate(rounds):
        known = IN_FORM_4[version]
        expected = Counter("unanswered" if kind is None else known.get(kind, "unmapped") for kind in types)
        shown = {row.code: row.cells[place] for row in usage.body}
        assert {code: cell for code, cell in shown.items() if cell} == {code: n for code, n in expected.items() if n}
        assert {code for code, cell in shown.items() if cell is None} == {"G1", "S1", "OT", "N3"} - {*known.values()}
    lost = sum(row.cells[place] or 0 for row in usage.body for place in range(len(rounds)) if row.code == "unmapped")
    assert any("対応付けできない（" in note for note in notes(usage)) is (lost > 0)
