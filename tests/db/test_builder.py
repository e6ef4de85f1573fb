"""A table of the builder holds what a count by hand gives, adds up, opens to its cases, and refuses what was not asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Invalid, NotFound
from register.reports import builder, built, cases, provenance
from register.reports.builder import BLANK, DIMENSIONS, Definition, Measure
from register.reports.built import Built
from register.reports.headlines import Unit
from register.reports.place import MINISTRIES, UNANSWERED
from register.reports.report import Report, build
from register.reports.table import TOTAL, share
from register.vocab import Role
from tests.db.test_reports_properties import held, row, rows_of
from tests.support.data import NOW, lent, staffed
from tests.support.databases import KINDS, Databases
from tests.support.report_count import POPULATIONS, Row, Rows
from tests.support.round_files import LIBRARY

SECRETARIAT = Actor("事務局", 1, Role.SECRETARIAT)
FIELDS = ("usage_type", "start_timing", "user_scope", "stage", "confidentiality", "output_type")
NOT_ASKED = {"v1": {"confidentiality", "output_type"}, "v2": set()}
GROUPS = {"G1": "general", "G2": "general", "S1": "specialised", "S2": "specialised", "": BLANK}
SCOPES = {"3": "whole", "6": "external", "7": "external", "": BLANK}
# What a case is in each dimension, told once more; all others are the answer itself.
DERIVED: Mapping[str, Callable[[Row], str]] = {
    "usage_type_group": lambda case: GROUPS.get(case["usage_type"], "other"),
    "started": lambda case: {"1": "started", "": BLANK}.get(case["start_timing"], "before"),
    "user_scope_group": lambda case: SCOPES.get(case["user_scope"], "other"),
}
ASKS = {"usage_type_group": "usage_type", "started": "start_timing", "user_scope_group": "user_scope"}


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """One database for every test here: each works in a session that it rolls back."""
    with lent(databases, request.param, staffed) as url:
        opened = Database(url, FixedClock(NOW))
        yield opened
        opened.engine.dispose()


def code_of(keys: tuple[str, ...], case: Row) -> str:
    """Return the category of a case on one axis."""
    return "/".join(DERIVED[key](case) if key in DERIVED else case[key] or BLANK for key in keys)


def kept(definition: Definition, rows: Rows) -> list[Row]:
    """Return the cases that a declaration counts."""
    inside = [case for case in rows if POPULATIONS[definition.population](case)]
    return [case for case in inside if all((case[field] or BLANK) in codes for field, codes in definition.filters)]


def definitions() -> st.SearchStrategy[Definition]:
    """Return declarations of every shape."""
    keys = st.lists(st.sampled_from(list(DIMENSIONS)), min_size=1, max_size=4, unique=True)
    codes = {
        "usage_type": ("G1", "S2", BLANK),
        "start_timing": ("1", "3", BLANK),
        "user_scope": ("1", "3", "7", BLANK),
        "stage": ("R", "V", BLANK),
        "confidentiality": ("1", "4", BLANK),
        "output_type": ("2", BLANK),
    }
    filters = st.fixed_dictionaries(
        {}, optional={field: st.sets(st.sampled_from(known), min_size=1) for field, known in codes.items()}
    )
    populations, measures = st.sampled_from(list(POPULATIONS)), st.sampled_from(Measure)
    return st.builds(declared, keys, st.integers(1, 2), populations, filters, measures)


def declared(
    keys: list[str], split: int, population: str, filters: dict[str, set[str]], measure: Measure
) -> Definition:
    """Return the declaration of these choices, as the form makes it."""
    chosen: dict[str, Any] = {"population": population, "measure": measure.value}
    chosen |= dict(zip(("rows", "rows_inner"), keys[:split], strict=False))
    chosen |= dict(zip(("columns", "columns_inner"), keys[split : split + 2], strict=False))
    if measure is Measure.OF_ROW and "columns" not in chosen:
        chosen["measure"] = "share_of_table"
    return builder.declare(chosen | {f"only_{field}": sorted(codes) for field, codes in filters.items()})


def asked(definition: Definition) -> set[str]:
    """Return the questions that a declaration rests on."""
    keys = (*definition.rows, *definition.columns)
    narrows = {"staff_with_timing": {"start_timing"}, "staff_with_stage": {"stage"}}.get(definition.population, set())
    return {ASKS.get(key, key) for key in keys} | {field for field, _ in definition.filters} | narrows


def size(definition: Definition, found: list[Row]) -> int:
    """Return how many of what is counted these cases are."""
    return len({case["ministry"] for case in found} if definition.measure is Measure.MINISTRIES else found)


def check_table(made: Built, definition: Definition, rows: Rows) -> None:
    """Hold every cell and every total against the count by hand."""
    table, within = made.table, kept(definition, rows)
    heads = [column.code for column in table.columns]
    at = {
        (one.code, head): number
        for one in table.rows
        for head, number in zip((*heads, TOTAL), (*one.cells, one.total), strict=True)
    }
    columns = definition.columns

    def here(case: Row, code: str, head: str) -> bool:
        return code in (TOTAL, code_of(definition.rows, case)) and (
            head in (TOTAL, "count") or head == code_of(columns, case)
        )

    for (code, head), number in at.items():
        assert number == size(definition, [case for case in within if here(case, code, head)]), (code, head)
    assert {code_of(definition.rows, case) for case in within} <= {one.code for one in table.body}
    assert not columns or {code_of(columns, case) for case in within} <= set(heads)
    assert made.count == len(within)
    if definition.measure is not Measure.MINISTRIES:
        check_sums(made)


def check_sums(made: Built) -> None:
    """Hold the rows and the columns against their totals, and every share against its whole."""
    table, measure = made.table, made.definition.measure
    for one in table.rows:
        assert sum(one.cells) == one.total, one.code
    assert [sum(cells) for cells in zip(*(one.cells for one in table.body), strict=True)] == list(table.total.cells)
    for one in table.rows if measure.share else ():
        wholes = {
            Measure.OF_TABLE: [table.total.total] * (len(one.cells) + 1),
            Measure.OF_ROW: [one.total] * (len(one.cells) + 1),
            Measure.OF_COLUMN: [*table.total.cells, table.total.total],
        }[measure]
        parts = zip((*one.cells, one.total), wholes, one.shares, strict=True)
        assert all(found == share(part, whole) for part, whole, found in parts), one.code


def check_blanks(made: Built, rows: Rows) -> None:
    """Hold that the unanswered cases stand last, and only where there are some."""
    definition, within = made.definition, kept(made.definition, rows)
    axes = ((definition.rows, made.table.body), (definition.columns, made.table.columns))
    for keys, categories in axes:
        for place, key in enumerate(keys):
            codes = [one.code.split("/")[place] for one in categories]
            some = any(code_of((key,), case) == BLANK for case in within)
            assert (BLANK in codes) is some, key
            if place == 0 and some:
                assert codes == [one for one in codes if one != BLANK] + [one for one in codes if one == BLANK]


def check_figures(session: Session, made: Built, rows: Rows, data: st.DataObject) -> None:
    """Hold the cases behind some cells against the cells."""
    within, table = kept(made.definition, rows), made.table
    codes, heads = [one.code for one in table.rows], [*(column.code for column in table.columns), TOTAL]
    for _ in range(2):
        code, head = data.draw(st.sampled_from(codes)), data.draw(st.sampled_from(heads))
        figure = built.figure(made, code, head)
        assert (figure.unit is Unit.MINISTRIES) is (made.definition.measure is Measure.MINISTRIES)
        found = cases.behind(session, figure, SECRETARIAT, 1)
        line = table.row(code)
        number = line.total if head == TOTAL else line.cells[heads.index(head)]
        assert number == (found.ministries if figure.unit is Unit.MINISTRIES else found.count)
        proof = provenance.prove(made.report, figure)
        assert proof.steps[-1].count == found.count
        assert [step.count for step in proof.steps] == sorted((step.count for step in proof.steps), reverse=True)
        assert proof.steps[0].count == len(rows) >= len(within)


def check_example(session: Session, rows: Rows, version: str, definition: Definition, data: st.DataObject) -> None:
    """Import a round and hold a table of it against the count by hand, or its refusal against what was not asked."""
    report = build(session, held(session, rows, version=version), "ja", LIBRARY)
    assert builder.read(definition.plain()) == definition
    assert builder.declare(definition.args()) == definition
    unasked = asked(definition) & NOT_ASKED[version]
    if unasked:
        with pytest.raises(Invalid) as refused:
            built.make(session, report, definition)
        told = " ".join(str(why) for why in refused.value.fields.values())
        assert all(str(builder.QUESTIONS[field]) in told for field in unasked)
        return
    made = built.make(session, report, definition)
    check_table(made, definition, rows)
    check_blanks(made, rows)
    check_figures(session, made, rows, data)
    lines = built.as_csv_rows(made, str)[1]
    assert len(lines) == len(made.table.rows) * (len(made.table.columns) + 1)
    assert len(built.as_plain(made, {}, str)["table"]["rows"]) == len(made.table.rows)


rounds = st.sampled_from(["v2", "v2", "v2", "v1"]).flatmap(lambda v: st.tuples(rows_of(v), st.just(v)))
quick = settings(deadline=None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(quick, max_examples=60)
@given(one=rounds, definition=definitions(), data=st.data())
def test_any_table_counts_as_by_hand(
    database: Database, one: tuple[Rows, str], definition: Definition, data: st.DataObject
) -> None:
    with database.session(write=True) as session:
        check_example(session, *one, definition, data)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@settings(quick, max_examples=15)
@given(one=rounds, definition=definitions(), data=st.data())
def test_any_table_counts_as_by_hand_on_the_large_database_too(
    database: Database, one: tuple[Rows, str], definition: Definition, data: st.DataObject
) -> None:
    with database.session(write=True) as session:
        check_example(session, *one, definition, data)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session whose work is rolled back."""
    with database.session(write=True) as opened:
        yield opened


def reported(session: Session, *rows: Row, version: str = "v2", language: str = "ja") -> Report:
    """Return the report of a round that holds these cases."""
    return build(session, held(session, list(rows), version=version), language, LIBRARY)


def table(session: Session, report: Report, **chosen: Any) -> Built:
    """Return the table of these choices."""
    return built.make(session, report, builder.declare(chosen))


def notes(made: Built) -> list[str]:
    """Return the footnotes of a table."""
    return [str(note.text) for note in made.table.notes]


A, B = row(case_no="x-1"), row(case_no="x-2", ministry="府省庁B", usage_type="S1", start_timing="2")
C = row(case_no="x-3", ministry="府省庁B", usage_type="S2", user_scope="6", start_timing="", stage="")


def test_a_ministry_counts_once_in_every_total(session: Session) -> None:
    made = table(session, reported(session, A, B, C), rows="usage_type", measure="ministries")
    lines = {one.code: one.total for one in made.table.rows}
    assert lines == {"G1": 1, "G2": 0, "S1": 1, "S2": 1, "OT": 0, TOTAL: 2}
    assert "総計は重複を除いた府省庁の数のため、各欄の数の合計とは一致しないことがある" in notes(made)
    assert built.as_csv_rows(made, str)[0].count("府省庁の数") == 1


def test_shares_are_rounded_half_up_and_dashes_over_nothing(session: Session) -> None:
    assert [str(share(part, 16)) for part in (1, 3, 5)] == ["6.3", "18.8", "31.3"]
    assert (share(0, 3), share(1, 0), share(2, 3)) == (Decimal("0.0"), None, Decimal("66.7"))
    assert Decimal("6.25").quantize(Decimal("0.1"), ROUND_HALF_UP) == share(1, 16)
    made = table(session, reported(session, A, B, C), rows="stage", columns="usage_type", measure="share_of_column")
    heads = [column.code for column in made.table.columns]
    shares = dict(zip((*heads, TOTAL), made.table.row("R").shares, strict=True))
    assert shares == {
        "G1": Decimal("100.0"), "G2": None, "S1": Decimal("100.0"), "S2": Decimal("0.0"), "OT": None,
        TOTAL: Decimal("66.7"),
    }  # fmt: skip
    assert built.as_csv_rows(made, str)[0][-1] == "割合（％）"
    sheets = built.as_sheets(made, ("名", "1", "今日"), str)
    assert [sheet.name for sheet in sheets] == ["この集計について", "表", "割合（％）"]
    assert [list(sheet.header)[:2] for sheet in sheets[1:]] == [["コード", "導入段階×利用類型"]] * 2


def test_what_is_left_out_and_how_blanks_stand_is_told(session: Session) -> None:
    report = reported(session, A, B, C)
    made = table(session, report, rows="started", population="staff", only_usage_type=["G1", "OT"])
    assert notes(made) == [
        "外部の方を利用者とする案件1件は除いている",
        "絞り込みにより、対象の2件のうち1件を除いている",
    ]
    whole = table(session, report, rows="started", columns="output_type")
    assert [one.label for one in whole.table.body] == ["開始済", "開始前", "未回答"]
    assert [one.label for one in whole.table.columns][-1] == "未回答・対象外"
    assert notes(whole) == [
        "「出力データの種類」の「未回答・対象外」は、回答を要しない案件を含む",
        "利用開始時期が未回答の案件は、公表する表と違い、「開始前」に含めていない",
    ]


def test_a_filter_of_a_later_form_tells_which_option_is_strange(session: Session) -> None:
    report = reported(session, A, version="v1")
    chosen = {"rows": "stage", "only_usage_type": ["OT", "G1"]}
    with pytest.raises(Invalid) as refused:
        builder.refuse_unknown(builder.declare(chosen), report.dimensions)
    assert list(refused.value.fields) == ["only_usage_type"]
    made = table(session, report, **chosen)
    assert made.count == 1
    assert "絞り込みのうち「利用類型」の選択肢OTは、この回の様式にない" in notes(made)


def test_two_groupings_of_one_question_leave_out_what_no_case_can_be(session: Session) -> None:
    made = table(session, reported(session, A, B), rows="usage_type_group", rows_inner="usage_type")
    assert [one.code for one in made.table.body] == [
        "general/G1", "general/G2", "specialised/S1", "specialised/S2", "other/OT",
    ]  # fmt: skip


def test_a_form_without_a_part_has_no_row_for_it(session: Session) -> None:
    made = table(session, reported(session, A, version="v1"), rows="usage_type_group")
    assert [one.code for one in made.table.body] == ["general", "specialised"]


def test_in_english_a_table_speaks_english(session: Session) -> None:
    made = table(session, reported(session, A, C, language="en"), rows="user_scope_group", columns="started")
    assert [one.label for one in made.table.rows] == [
        "One ministry: the whole of it", "Other officials", "Outside users", "Total",
    ]  # fmt: skip
    assert [one.label for one in made.table.columns] == ["Started", "Before", "Not answered"]


WRONG = {
    "nothing": ({}, {"rows": "行にするものを選んでください。"}),
    "unknown": (
        {"rows": "ministry", "measure": "sum"},
        {"rows": "選択肢の中から選んでください。", "measure": "選択肢の中から選んでください。"},
    ),
    "twice": (
        {"rows": "stage", "columns": "stage"},
        {"columns": "「導入段階」は、すでに行か列に選ばれています。"},
    ),
    "inner without outer": (
        {"rows": "stage", "columns_inner": "usage_type"},
        {"columns": "列の内訳を選ぶときは、列にするものも選んでください。"},
    ),
    "share of a row without columns": (
        {"rows": "stage", "measure": "share_of_row"},
        {"measure": "行の総計に対する割合は、列を選んだときだけ表せます。"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_table_is_refused_beside_its_field(name: str) -> None:
    chosen, told = WRONG[name]
    with pytest.raises(Invalid) as refused:
        builder.declare(chosen)
    assert {field: str(why) for field, why in refused.value.fields.items()} == told


def test_an_unknown_population_and_what_a_form_did_not_ask_are_refused(session: Session) -> None:
    report = reported(session, A, version="v1")
    with pytest.raises(Invalid) as refused:
        table(session, report, rows="stage", population="x")
    assert list(refused.value.fields) == ["population"]
    with pytest.raises(Invalid) as refused:
        table(session, report, rows="confidentiality", columns="stage", only_output_type=["1"])
    assert {field: str(why) for field, why in refused.value.fields.items()} == {
        "rows": "「取扱情報の機密性」は、この回の様式では尋ねていません。",
        "only_output_type": "「出力データの種類」は、この回の様式では尋ねていません。",
    }


@pytest.mark.parametrize(
    ("code", "head"), [("x", TOTAL), ("G1", "x"), ("", ""), (UNANSWERED, "stage"), ("G1", MINISTRIES), ("G1/R", TOTAL)]
)
def test_a_place_that_is_not_there_opens_nothing(session: Session, code: str, head: str) -> None:
    made = table(session, reported(session, A), rows="usage_type", columns="stage")
    with pytest.raises(NotFound):
        built.figure(made, code, head)


def test_an_empty_round_has_an_empty_table(session: Session) -> None:
    made = table(session, reported(session), rows="usage_type", columns="stage", measure="share_of_table")
    assert made.table.total.total == 0
    assert set(made.table.total.shares) == {None}
