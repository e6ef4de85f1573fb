"""The reference rounds count to the published overview: every figure but the three that the print has wrong."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from register.clock import FixedClock
from register.db import Database
from register.models import Round
from register.reports.report import Report, as_json, build
from tests.support.data import NOW, lent
from tests.support.databases import KINDS, Databases
from tests.support.round_files import CONFIG, LIBRARY, reference_rounds

PUBLISHED = json.loads((CONFIG / "published" / "2025-2.json").read_text(encoding="utf-8"))
TABLES = tuple(PUBLISHED["tables"])
# Which total of which table a printed share speaks of: its denominator should be the total of that table.
SHARES = {
    "started": ("start_timing_by_usage_type", "1"),
    "section_level": ("user_scope_by_usage_type", "1"),
    "confidentiality_1": ("confidentiality", "1"),
}
# Everything in which the print differs from its own cells: (table, row, place, printed, counted).
SLIPS = [
    ("start_timing_by_usage_type", "5", "total", "3", "4"),
    ("stage_by_user_scope", "total", "left out", "4", "3"),
    ("confidentiality", "total", "share", "237/296", "237/295"),
]
# The rounding word of each printed headline; the share itself stands beside it.
WORDS = {
    "ministries_started": "2025年9月末時点で、全府省庁において、生成AIシステムを利用開始済み",
    "ministries_whole_started": "25府省庁中、17府省庁において、府省庁内全体で生成AIを利用開始済み",
    "started": "約90％が利用開始済",
    "by_fiscal_year_end": "約95％が年度内に利用開始予定",
    "started_specialised": "約1割",
    "general": "8割強",
    "section_level": "7割",
    "confidentiality_1": "8割",
    "growth": "前回から100件強増加",
    "risk_cases": "リスクケースの発生事例はなし",
}


@pytest.fixture(scope="module", params=KINDS)
def reports(request: pytest.FixtureRequest, databases: Databases) -> Mapping[int, Report]:
    """The Japanese reports of both rounds by number; nothing is written, so that one database serves every test."""
    with lent(databases, request.param, reference_rounds) as url:
        database = Database(url, FixedClock(NOW))
        with database.reading() as session:
            made = {one.number: build(session, one, "ja", LIBRARY) for one in session.scalars(select(Round))}
        database.engine.dispose()
    return made


@pytest.fixture
def report(reports: Mapping[int, Report]) -> Report:
    """The report of round 2025-2."""
    return reports[2]


@pytest.fixture
def plain(report: Report) -> dict[str, Any]:
    """The same report as its JSON."""
    return as_json(report, str)


def folded(text: str) -> str:
    """Return ``text`` without blanks, in one width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def row_slips(slug: str, counted: list[dict[str, Any]]) -> list[tuple[str, str, str, str, str]]:
    """Name the figures of a table that are printed otherwise; the print lost its blanks, which are zeros."""
    slips = []
    for printed, row in zip(PUBLISHED["tables"][slug]["rows"], counted, strict=True):
        shown = [cell for cell in row["cells"] if cell]
        pairs = [("cells", printed["printed"], shown), ("total", printed["total"], row["total"])]
        pairs += [("ministries", printed.get("distinct_ministries"), row.get("distinct_ministries"))]
        slips += [(slug, row["code"], place, str(was), str(now)) for place, was, now in pairs if was != now]
    return slips


def note_slips(slug: str, counted: list[str]) -> list[tuple[str, str, str, str, str]]:
    """Name the counts that the notes of a table print otherwise."""
    was, now = (re.findall(r"\d+件", " ".join(notes)) for notes in (PUBLISHED["tables"][slug]["notes"], counted))
    return [(slug, "total", "note", *map(" ".join, (was, now)))] if was != now else []


def left_out_slips(plain: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Name the printed number of cases left out of the stages that is not the difference from the table before."""
    before, after = (plain["tables"][slug]["rows"] for slug in ("user_scope_by_usage_type", "stage_by_user_scope"))
    totals = [row["total"] for row in (*before, *after) if row["code"] == "total"]
    printed = re.findall(r"(\d+)件は除いている", PUBLISHED["tables"]["stage_by_user_scope"]["notes"][0])
    missing = str(totals[0] - totals[1])
    return [("stage_by_user_scope", "total", "left out", *printed, missing)] if printed != [missing] else []


def share_slips(plain: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Name the printed shares that do not add up with the table beside them."""
    shares = dict(zip((one["key"] for one in plain["headlines"]), PUBLISHED["headlines"], strict=True))
    slips = []
    for key, (slug, code) in SHARES.items():
        totals = {row["code"]: row["total"] for row in plain["tables"][slug]["rows"]}
        printed = f"{shares[key]['numerator']}/{shares[key]['denominator']}"
        counted = f"{totals[code]}/{totals['total']}"
        slips += [(slug, "total", "share", printed, counted)] if printed != counted else []
    return slips


def test_only_the_three_slips_differ_from_the_print(plain: dict[str, Any]) -> None:
    found = [slip for slug in TABLES for slip in row_slips(slug, plain["tables"][slug]["rows"])]
    found += [slip for slug in TABLES for slip in note_slips(slug, plain["tables"][slug]["notes"])]
    assert found + left_out_slips(plain) + share_slips(plain) == SLIPS


@pytest.mark.parametrize("slug", TABLES)
def test_a_table_has_the_printed_rows_and_columns_in_their_order(slug: str, plain: dict[str, Any]) -> None:
    printed, counted = PUBLISHED["tables"][slug], plain["tables"][slug]
    assert counted["columns"] == printed["columns"]
    assert [row["code"] for row in counted["rows"]] == [row["code"] for row in printed["rows"]]
    assert (counted["title"], counted["population"]) == (printed["title"], printed["population"])
    for was, row in zip(printed["rows"], counted["rows"], strict=True):
        missing = [code for code, cell in zip(counted["columns"], row["cells"], strict=True) if cell is None]
        assert missing == was.get("not_applicable", [])


@pytest.mark.parametrize("slug", TABLES)
def test_the_cells_of_a_table_add_up(slug: str, plain: dict[str, Any]) -> None:
    rows = [row for row in plain["tables"][slug]["rows"] if row["code"] != "previous"]
    assert [row["code"] for row in rows if sum(row["cells"]) != row["total"]] == []
    columns = zip(*(row["cells"] for row in rows), strict=True)
    assert [column for *parts, column in columns if sum(parts) != column] == []


def test_the_populations_are_the_printed_ones(plain: dict[str, Any]) -> None:
    assert plain["populations"] == PUBLISHED["populations"]


def test_the_headlines_rest_on_the_printed_figures_and_say_them_alike(plain: dict[str, Any]) -> None:
    counted = plain["headlines"]
    assert [one["key"] for one in counted] == list(WORDS)
    for printed, one in zip(PUBLISHED["headlines"], counted, strict=True):
        assert (one["numerator"], one["denominator"]) == (printed["numerator"], printed["denominator"]), one["key"]
        for text in (printed["text"], one["text"]):
            assert folded(WORDS[one["key"]]) in folded(text)
    assert [one["text"] for one in counted if one["key"] in {"general", "section_level"}] == [
        "汎用型の割合：8割強",
        "課室単位の規模での利用の割合：7割",
    ]


def test_the_flow_follows_the_case_numbers(plain: dict[str, Any]) -> None:
    flow = plain["usage_type_flow"]
    assert {move: flow[move] for move in ("G2>G1", "new>G1", "G1>closed")} == {
        "G2>G1": 38, "new>G1": 98, "G1>closed": 4,
    }  # fmt: skip
    assert all(flow.values())
    assert sum(count for move, count in flow.items() if not move.endswith(">closed")) == 306
    assert sum(count for move, count in flow.items() if not move.startswith("new>")) == 188


def test_growth_is_told_apart_from_what_the_definitions_moved(report: Report, plain: dict[str, Any]) -> None:
    assert plain["usage_type_change"] == {
        "new": 132, "closed": 14, "unchanged": 132, "reclassified": 42, "changed": 0, "unanswered": 0,
    }  # fmt: skip
    assert [str(note.text) for note in report.change_table.notes][:3] == [
        "案件は前回188件、今回306件。差の+118件は、新規132件から今回なし14件を引いたもの",
        "要点に示した前回との差+107件は、ここから要点の対象でない11件（外部の方を利用者とするもの、利用開始時期が未回答のもの）を引いたもの",
        "続けて報告された174件のうち、類型の定義変更による移動は42件、利用の実態の変化による移動は0件。移動は件数の増減に入らない",
    ]


def test_a_file_of_a_finished_round_is_settled_and_whole(plain: dict[str, Any]) -> None:
    assert (plain["rehearsal"], plain["settled"]) == (False, True)
    assert plain["ministries"] == {"all": 25, "accepted": 25}
    assert plain["corrections"] == {"items": 0, "last": None}


def test_the_json_has_the_keys_of_its_contract(plain: dict[str, Any]) -> None:
    assert list(plain) == [
        "round", "as_of", "populations", "exclusions", "left_out", "tables", "headlines", "usage_type_flow",
        "usage_type_change", "rehearsal", "settled", "ministries", "form", "answers_sha256", "corrections",
    ]  # fmt: skip
    assert (plain["round"], plain["as_of"]) == ("2025-2", "2025-09-30")
    assert list(plain["populations"]) == ["all", "staff", "staff_with_timing", "staff_with_stage", "external"]
    assert list(plain["tables"]) == list(TABLES)
    for table in plain["tables"].values():
        assert list(table) == ["title", "population", "columns", "rows", "notes"]
        for row in table["rows"]:
            assert list(row)[:4] == ["code", "label", "cells", "total"]
            assert len(row["cells"]) == len(table["columns"])
    more = {
        (slug, row["code"]): list(row)[4:]
        for slug, table in plain["tables"].items()
        for row in table["rows"]
        if len(row) > 4
    }
    assert more == {("user_scope_by_usage_type", "3"): ["distinct_ministries"]}
    assert {tuple(one)[:4] for one in plain["headlines"]} == {("key", "numerator", "denominator", "text")}
    assert {tuple(one)[4:] for one in plain["headlines"] if one["key"] != "growth"} == {("population", "unit")}
    assert plain["exclusions"] == {"external": 10, "no_timing": 1, "no_stage": 4, "officials": 296}
    assert plain["left_out"]["staff_with_stage"] == {"external": 10, "no_stage": 4}


def test_the_unanswered_start_is_shown_within_its_row(report: Report) -> None:
    rows = report.tables["start_timing_by_usage_type"].rows
    assert {row.code: (row.total, row.folded) for row in rows if row.folded} == {"5": (4, 1)}
