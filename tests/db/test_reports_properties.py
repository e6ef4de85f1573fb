"""Rounds of any content count to what a count by hand gives: cells, totals, populations, headlines, flow, drill-down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import ImportRejected, NotFound
from register.models import Ministry, Round
from register.reports import plain
from register.reports.lint import lint
from register.reports.report import Report, as_json, build
from register.vocab import Role
from tests.support.data import NOW, lent, staffed
from tests.support.databases import KINDS, Databases
from tests.support.figures import opened
from tests.support.report_count import TYPES, Row, Rows, bare, figures
from tests.support.round_files import FIRST, LIBRARY, PLAIN, SECOND, empty_round, file_of, load

SECRETARIAT = Actor("事務局", 1, Role.SECRETARIAT)
BLANK = dict.fromkeys(
    ("usage_type", "start_timing", "user_scope", "stage", "confidentiality", "output_type", "risk_case_count"), ""
)
AS_OF = {1: FIRST, 2: SECOND, 3: dt.date(2025, 12, 31)}


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """One database for every test here: each works in a session that it rolls back."""
    with lent(databases, request.param, staffed) as url:
        opened = Database(url, FixedClock(NOW))
        yield opened
        opened.engine.dispose()


def held(session: Session, rows: Rows, *, number: int = 2, version: str = "v2") -> Round:
    """Return a round that holds these rows, which may be none."""
    made = empty_round(session, number=number, version=version, as_of=AS_OF[number])
    if rows:
        data = file_of(*rows, version=version)
        load(session, data, number=number, version=version, as_of=AS_OF[number], create=True)
    return made


def rows_of(version: str) -> st.SearchStrategy[list[dict[str, str]]]:
    """Return rounds of 0 to 40 cases of up to five ministries, which share case numbers."""
    codes = {
        "usage_type": TYPES[version],
        "start_timing": ("1", "2", "3", "4", "5"),
        "user_scope": ("1", "2", "3", "4", "5", "6", "7", "8"),
        "stage": ("R", "V"),
        "confidentiality": ("1", "2", "3", "4"),
        "output_type": ("1", "2", "3", "4", "5", "6"),
        "risk_case_count": ("0", "1", "12"),
    }
    row = st.fixed_dictionaries(
        {
            "ministry": st.sampled_from([f"府省庁{letter}" for letter in "ABCDE"]),
            "case_no": st.integers(1, 12).map("x-{}".format),
            **{field: st.sampled_from([*known, ""]) for field, known in codes.items()},
        }
    )
    return st.sampled_from([0, 1, 3, 12, 40]).flatmap(
        lambda size: st.lists(
            row, min_size=size, max_size=size, unique_by=lambda one: (one["ministry"], one["case_no"])
        )
    )


previous_rounds = st.none() | st.sampled_from(["v1", "v2"]).flatmap(lambda v: st.tuples(rows_of(v), st.just(v)))
rounds = st.sampled_from(["v2", "v2", "v1"]).flatmap(lambda v: st.tuples(rows_of(v), st.just(v)))


def cells(report: Report) -> list[tuple[str, str, str]]:
    """Return the name of every figure that leads to its cases, and of every total."""
    return [
        (slug, row.code, column)
        for slug, table in report.tables.items()
        for row in table.rows
        if row.code != "previous"
        for column, count in zip((*(one.code for one in table.columns), "total"), (*row.cells, row.total), strict=True)
        if count or row.code == "total"
    ]


def figure(counted: dict[str, Any], slug: str, row: str, column: str) -> int:
    """Return one figure of those counted by hand."""
    table = counted["tables"][slug]
    found = next(one for one in table["rows"] if one["code"] == row)
    return int(found["total"] if column == "total" else found["cells"][table["columns"].index(column)])


def check_marks(report: Report) -> None:
    """Hold the marks of the larger stage against the cells; no other table has any."""
    for slug, table in report.tables.items():
        rows = {row.code: row for row in table.rows}
        for code, row in rows.items():
            scope, _, stage = code.partition("/")
            if slug == "stage_by_user_scope" and stage:
                other = rows[f"{scope}/{'V' if stage == 'R' else 'R'}"].cells
                assert row.larger == tuple((a or 0) > (b or 0) for a, b in zip(row.cells, other, strict=True))
            else:
                assert not any(row.larger)


def check_cases(session: Session, now: Round, one: tuple[Rows, str], places: list[tuple[str, str, str]]) -> None:
    """Hold the cases behind figures against the figures: all for the secretariat, its own for a ministry."""
    rows, version = one
    body = session.scalars(select(Ministry).where(Ministry.name == "府省庁A")).one()
    own = [row for row in rows if row["ministry"] == body.name]
    for actor, seen in ((SECRETARIAT, rows), (Actor("担当者", 2, Role.REPORTER, body.id), own)):
        counted = figures(seen, version, None)
        for slug, row, column in places:
            names = {"table": slug, "row": row, "column": column}
            seen_of = opened(session, now, actor, **names).cases
            assert seen_of.visible == figure(counted, slug, row, column), (actor.name, names)


def check_example(
    session: Session, one: tuple[Rows, str], previous: tuple[Rows, str] | None, data: st.DataObject
) -> None:
    """Import the round and the one before, and hold every figure of the report against the count by hand."""
    rows, version = one
    if previous:
        held(session, previous[0], number=1, version=previous[1])
    now = held(session, rows, version=version)
    report = build(session, now, "ja", LIBRARY)
    counted = figures(rows, version, previous)
    assert bare(as_json(report, str)) == counted
    assert lint(plain.of(report), report.dimensions) == ()
    check_marks(report)
    check_cases(session, now, one, data.draw(st.lists(st.sampled_from(cells(report)), min_size=3, max_size=3)))


quick = settings(deadline=None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(quick, max_examples=40)
@given(one=rounds, previous=previous_rounds, data=st.data())
def test_any_round_counts_as_by_hand(
    database: Database, one: tuple[Rows, str], previous: tuple[Rows, str] | None, data: st.DataObject
) -> None:
    with database.session(write=True) as session:
        check_example(session, one, previous, data)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@settings(quick, max_examples=8)
@given(one=rounds, previous=previous_rounds, data=st.data())
def test_any_round_counts_as_by_hand_on_the_large_database_too(
    database: Database, one: tuple[Rows, str], previous: tuple[Rows, str] | None, data: st.DataObject
) -> None:
    with database.session(write=True) as session:
        check_example(session, one, previous, data)


def row(**answers: str) -> Row:
    """Return an answered case with some answers changed."""
    return PLAIN | BLANK | {"usage_type": "G1", "start_timing": "1", "user_scope": "1", "stage": "R"} | answers


EDGES: dict[str, tuple[tuple[Rows, str], tuple[Rows, str] | None]] = {
    "no case": (([], "v2"), None),
    "no case after some": (([], "v2"), ([row()], "v1")),
    "some after no case": (([row()], "v2"), ([], "v1")),
    "all blank": (([row(**BLANK), row(**BLANK, case_no="a-2")], "v2"), ([row(**BLANK)], "v1")),
    "external only": (
        ([row(user_scope="6"), row(user_scope="7", case_no="a-2", stage="", start_timing="")], "v2"),
        None,
    ),
    "the first form": (([row(), row(case_no="a-2", user_scope="3")], "v1"), ([row()], "v1")),
    "the second form before the first": (([row()], "v1"), ([row(usage_type="OT")], "v2")),
    "a scope of the whole before its start": (([row(user_scope="3", start_timing="2")], "v2"), None),
    "a scope of the whole without timing": (([row(user_scope="3", start_timing="")], "v2"), None),
    "risk cases among equal answers": (
        ([row(risk_case_count="2"), row(case_no="a-2", risk_case_count="3"), row(case_no="a-3")], "v2"),
        None,
    ),
    "one number in two ministries": (
        ([row(case_no="x-1"), row(case_no="x-1", ministry="府省庁B", usage_type="S1")], "v2"),
        ([row(case_no="x-1", ministry="府省庁B", usage_type="G2")], "v1"),
    ),
}


def reported(session: Session, one: tuple[Rows, str], previous: tuple[Rows, str] | None = None) -> dict[str, Any]:
    """Return the JSON of the report of a round, after the round before."""
    if previous:
        held(session, previous[0], number=1, version=previous[1])
    return as_json(build(session, held(session, one[0], version=one[1]), "ja", LIBRARY), str)


def test_every_figure_leads_to_as_many_cases(session: Session) -> None:
    gaps: list[dict[str, str]] = [{}, *({field: ""} for field in BLANK), {"user_scope": "6", "start_timing": ""}]
    full = {"usage_type": "S1", "confidentiality": "2", "output_type": "3"}
    bodies = ("府省庁A", "府省庁B")
    rows = [row(ministry=body, case_no=f"x-{n}", **(full | gap)) for body in bodies for n, gap in enumerate(gaps)]
    now = held(session, rows)
    check_cases(session, now, (rows, "v2"), cells(build(session, now, "ja", LIBRARY)))


@pytest.mark.parametrize("edge", EDGES)
def test_a_round_at_an_edge_counts_as_by_hand(session: Session, edge: str) -> None:
    (rows, version), previous = EDGES[edge]
    assert bare(reported(session, (rows, version), previous)) == figures(rows, version, previous)


def headline(plain: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the headline with this key."""
    return next(one for one in plain["headlines"] if one["key"] == key)


def last_rows(plain: dict[str, Any]) -> dict[str, str]:
    """Return the code of the last row of every table."""
    return {slug: table["rows"][-1]["code"] for slug, table in plain["tables"].items()}


class TestNoCases:
    """A round of which nothing is known yet."""

    def test_a_file_with_a_heading_only_is_refused(self, session: Session) -> None:
        with pytest.raises(ImportRejected) as refused:
            load(session, file_of())
        assert [problem.line for problem in refused.value.problems] == [1]

    def test_every_figure_is_zero_and_no_share_is_claimed(self, session: Session) -> None:
        plain = reported(session, ([], "v2"))
        assert set(plain["populations"].values()) == {0}
        assert {cell for one in plain["tables"].values() for row in one["rows"] for cell in row["cells"]} == {0}
        texts = [one["text"] for one in plain["headlines"] if one["denominator"] == 0]
        assert len(texts) == 8
        assert [text for text in texts if not text.endswith(("ない", "示さない"))] == []


def test_blank_answers_are_counted_in_totals_and_told_in_notes(session: Session) -> None:
    plain = reported(session, ([row(**BLANK), row(**BLANK, case_no="a-2")], "v2"))
    assert plain["populations"] == {"all": 2, "staff": 2, "staff_with_timing": 0, "staff_with_stage": 0, "external": 0}
    tables = plain["tables"]
    assert tables["start_timing_by_usage_type"]["rows"][-2:] == [
        {"code": "5", "label": "５．未定", "cells": [0] * 5, "total": 2},
        {"code": "total", "label": "総計", "cells": [0] * 5, "total": 2},
    ]
    assert tables["start_timing_by_usage_type"]["notes"] == [
        "利用開始時期未回答が2件あり、「未定」として集計",
        "「利用類型」未回答の2件は、総計にのみ含む",
    ]
    assert "「利用開始時期」未回答の2件は除いている" in tables["user_scope_by_usage_type"]["notes"]
    assert "導入段階の記載がない2件は除いている" in tables["stage_by_user_scope"]["notes"]
    assert [one["total"] for one in tables["output_type"]["rows"]] == [0, 0, 0, 0, 0, 0, 2, 2]


def test_a_case_without_a_confidentiality_is_in_the_total_only(session: Session) -> None:
    rows = [row(confidentiality="1"), row(case_no="a-2")]
    table = reported(session, (rows, "v2"))["tables"]["confidentiality"]
    assert [(one["code"], one["total"]) for one in table["rows"]] == [
        ("1", 1), ("2", 0), ("3", 0), ("4", 0), ("total", 2),
    ]  # fmt: skip
    assert "「取扱情報の機密性」未回答の1件は、総計にのみ含む" in table["notes"]


def test_a_case_without_a_timing_stands_before_its_start_in_the_tables_of_stages(session: Session) -> None:
    tables = reported(session, ([row(start_timing=""), row(start_timing="", user_scope="6", case_no="a-2")], "v2"))[
        "tables"
    ]
    for slug, code in (("stage_by_user_scope", "1/R"), ("external_by_stage", "6/R")):
        found = next(one for one in tables[slug]["rows"] if one["code"] == code)
        assert dict(zip(tables[slug]["columns"], found["cells"], strict=True))["G1/before"] == 1


def test_external_cases_are_in_no_table_of_officials(session: Session) -> None:
    rows = [row(user_scope="6"), row(user_scope="7", case_no="a-2", start_timing="")]
    plain = reported(session, (rows, "v2"))
    assert plain["populations"] == {"all": 2, "staff": 0, "staff_with_timing": 0, "staff_with_stage": 0, "external": 2}
    assert {slug: one["rows"][-1]["total"] for slug, one in plain["tables"].items()} == {
        "start_timing_by_usage_type": 2, "user_scope_by_usage_type": 0, "stage_by_user_scope": 0,
        "confidentiality": 0, "external_by_stage": 2, "output_type": 2,
    }  # fmt: skip


def test_a_form_without_a_question_has_no_table_and_no_headline_of_it(session: Session) -> None:
    plain = reported(session, ([row()], "v1"))
    assert set(plain["tables"]) == {
        "start_timing_by_usage_type", "user_scope_by_usage_type", "stage_by_user_scope", "external_by_stage",
    }  # fmt: skip
    assert "confidentiality_1" not in {one["key"] for one in plain["headlines"]}
    assert plain["tables"]["start_timing_by_usage_type"]["columns"] == ["G1", "G2", "S1", "S2"]


def test_a_first_round_compares_itself_with_nothing(session: Session) -> None:
    plain = reported(session, ([row()], "v2"))
    assert set(last_rows(plain).values()) == {"total"}
    assert "growth" not in {one["key"] for one in plain["headlines"]}
    assert plain["usage_type_flow"] == {}


def test_only_one_table_names_the_round_before(session: Session) -> None:
    plain = reported(session, ([row()], "v2"), ([row(), row(case_no="a-2", usage_type="S2", start_timing="")], "v1"))
    assert [slug for slug, code in last_rows(plain).items() if code == "previous"] == ["user_scope_by_usage_type"]
    table = plain["tables"]["user_scope_by_usage_type"]
    assert table["rows"][-2]["code"] == "total"
    assert table["rows"][-1]["cells"] == [1, 0, 0, 0, 0, 0, 0, 1, None, None]
    assert (headline(plain, "growth")["numerator"], headline(plain, "growth")["text"]) == (-1, "前回から1件減少")


def test_no_ministry_of_the_whole_is_a_zero_and_not_a_gap(session: Session) -> None:
    plain = reported(session, ([row()], "v2"))
    whole = plain["tables"]["user_scope_by_usage_type"]["rows"][2]
    assert (whole["code"], whole["total"], whole["distinct_ministries"]) == ("3", 0, 0)
    assert headline(plain, "ministries_whole_started")["numerator"] == 0


def test_the_ministries_of_the_whole_are_counted_once_and_started_ones_apart(session: Session) -> None:
    rows = [
        row(user_scope="3"), row(user_scope="3", case_no="a-2"), row(user_scope="3", case_no="a-3", start_timing="2"),
        row(user_scope="3", ministry="府省庁B", start_timing="3"), row(user_scope="3", ministry="府省庁C", start_timing=""),
    ]  # fmt: skip
    plain = reported(session, (rows, "v2"))
    assert plain["tables"]["user_scope_by_usage_type"]["rows"][2]["distinct_ministries"] == 2
    whole = headline(plain, "ministries_whole_started")
    assert (whole["numerator"], whole["denominator"]) == (1, 3)


def test_the_round_before_is_the_nearest_by_year_and_number(session: Session) -> None:
    def earlier(of: Round) -> str | None:
        return build(session, of, "ja", LIBRARY).previous

    later = held(session, [], number=3)
    middle = held(session, [], number=1)
    first = empty_round(session, year=2024)
    assert [earlier(one) for one in (first, middle, later)] == [None, "2024-2", "2025-1"]


@pytest.mark.parametrize(
    "names",
    [
        {"table": "none"},
        {"table": "confidentiality"},
        {"row": "9"},
        {"row": "previous"},
        {"row": ""},
        {"column": "OT/started"},
        {"column": "G1"},
    ],
)
def test_a_figure_that_the_report_does_not_have_leads_nowhere(session: Session, names: dict[str, str]) -> None:
    made = held(session, [row()], version="v1")
    asked = {"table": "user_scope_by_usage_type", "row": "total", "column": "total"}
    assert opened(session, made, SECRETARIAT, **asked).cases.visible == 1
    with pytest.raises(NotFound):
        opened(session, made, SECRETARIAT, **(asked | names))
