"""The report's pages: the tables as people read them, the cases behind each figure, the files, who may see what."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import event, select

from register.db import Database
from register.models import AuditEntry, Round
from register.reports.cases import PER_PAGE
from register.runtime import runtime_of
from tests.support import html
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.report_pages import lines, links, shown, tables, text_of
from tests.support.round_files import empty_round, reference_rounds

ClientOf = Callable[[str], Client]
PAGE = "/rounds/2025-2/report"
FIRST_PAGE = "/rounds/2025-1/report"
CASES = f"{PAGE}/cases"
KINDS = ("json", "csv", "xlsx")
TABLES = (
    "start_timing_by_usage_type", "user_scope_by_usage_type", "stage_by_user_scope", "confidentiality",
    "external_by_stage", "output_type", "usage_type_change", "usage_type_flow",
)  # fmt: skip
MOVES = ("usage_type_change", "usage_type_flow")
# One of them counts what the person has not read yet.
STATEMENTS = {PAGE: 7, f"{CASES}?table=usage_type_flow&row=new&column=G1": 9}


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


@pytest.fixture
def plain(app: Flask) -> dict[str, Any]:
    """The JSON that the command prints of the second round."""
    done = app.test_cli_runner().invoke(args=["reports", "show", "2025-2", "--format", "json"])
    assert done.exit_code == 0, done.output
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that the database is sent."""
    sent: list[str] = []
    engine = runtime_of(app).database.engine

    def collect(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", collect)
    yield sent
    event.remove(engine, "before_cursor_execute", collect)


def listed(client: Client, address: str) -> list[str]:
    """Return the addresses of the items that a figure leads to, over all pages."""
    found: list[str] = []
    for number in range(1, 10):
        answer = client.get(f"{address}&page={number}")
        assert answer.status_code == 200
        new = re.findall(r'href="(/submissions/items/[^"]+)"', answer.text)
        found += new
        if len(new) < PER_PAGE:
            break
    return found


@pytest.mark.parametrize(
    ("name", "status"),
    [("reporter", 200), ("approver", 200), ("secretariat", 200), ("auditor", 200), ("admin", 404)],
)
def test_everybody_but_the_administrator_reads_the_report(client_of: ClientOf, name: str, status: int) -> None:
    client = client_of(name)
    for address in (PAGE, f"{CASES}?table=confidentiality&row=1&column=total", *(f"{PAGE}.{kind}" for kind in KINDS)):
        assert client.get(address).status_code == status, address
    assert client.get("/rounds/1999-1/report").status_code == 404


@pytest.mark.parametrize("name", ["reporter", "secretariat"])
@pytest.mark.parametrize("address", STATEMENTS)
def test_a_page_takes_few_statements(app: Flask, client_of: ClientOf, name: str, address: str) -> None:
    client = client_of(name)
    assert client.get(PAGE).status_code == 200, "what is counted of a settled round is kept"
    with statements(app) as sent:
        assert client.get(address).status_code == 200
    assert 0 < len(sent) <= STATEMENTS[address], sent


class TestTheTables:
    """What stands in the page."""

    def test_the_figures_are_those_of_the_command(self, client_of: ClientOf, plain: dict[str, Any]) -> None:
        found = tables(client_of("secretariat").get(PAGE).text)
        assert tuple(found) == TABLES
        for slug, counted in plain["tables"].items():
            printed = {code: [shown(cell) for cell in cells] for code, cells in lines(found[slug]).items()}
            expected = {}
            for row in counted["rows"]:
                more = f"({row['distinct_ministries']})" if "distinct_ministries" in row else ""
                sums = [f"{row['total']}{more}"] if len(counted["columns"]) > 1 else []
                expected[row["code"]] = [*("" if not cell else str(cell) for cell in row["cells"]), *sums]
            assert {code: [*cells[:-1], cells[-1].split("うち")[0]] for code, cells in printed.items()} == expected

    def test_every_cell_is_named_by_its_headings(self, client_of: ClientOf) -> None:
        for slug, table in tables(client_of("auditor").get(PAGE).text).items():
            assert text_of(table.find("caption")), slug
            heads = {head.get("id"): head for head in table.iter("th")}
            assert {head.get("scope") for head in heads.values()} <= {"row", "col", "rowgroup", "colgroup"}
            assert all(text_of(head) for head in heads.values())
            for row in table.findall("tbody/tr"):
                for cell in row.findall("td"):
                    scopes = [heads[name].get("scope") for name in cell.get("headers", "").split()]
                    assert "row" in scopes, slug
                    assert "col" in scopes, slug
            summed = [lines(table)["total"]]
            assert [row.findall("td") for row in table.iter("tr") if row.get("class") == "table__sum"] == summed

    def test_a_zero_is_blank_and_said_and_a_missing_category_is_neither(self, client_of: ClientOf) -> None:
        rows = lines(tables(client_of("auditor").get(PAGE).text)["user_scope_by_usage_type"])
        zeros = [cell for cell in rows["4"] if not shown(cell)]
        assert [text_of(cell) for cell in zeros] == ["0"] * 9
        assert [text_of(cell) for cell in rows["previous"][-3:-1]] == ["－該当する区分なし"] * 2

    def test_the_larger_stage_is_marked_by_more_than_colour(self, client_of: ClientOf, plain: dict[str, Any]) -> None:
        found = tables(client_of("auditor").get(PAGE).text)
        cells = {row["code"]: row["cells"] for row in plain["tables"]["stage_by_user_scope"]["rows"]}
        for code, row in lines(found["stage_by_user_scope"]).items():
            other = cells.get(code.translate(str.maketrans("RV", "VR")), [])
            larger = [] if code == "total" else [n for n, cell in enumerate(cells[code]) if cell > other[n]]
            assert [n for n, cell in enumerate(row) if "◆" in text_of(cell)] == larger
            assert [n for n, cell in enumerate(row) if "多い方" in text_of(cell)] == larger
        assert [slug for slug, table in found.items() if "◆" in text_of(table)] == ["stage_by_user_scope"]

    def test_what_the_published_overview_prints_otherwise_is_told(self, client_of: ClientOf) -> None:
        page = client_of("reporter").get(PAGE).text
        assert page.count("公表資料との違い") == 3
        assert "利用類型・利用時期／５．未定：公表資料では3件、この集計では4件。" in page
        assert re.search(r"うち未回答<a [^>]+>1</a>", page)

    def test_the_first_round_has_neither_flow_nor_comparison(self, client_of: ClientOf) -> None:
        page = client_of("auditor").get(FIRST_PAGE).text
        found = tables(page)
        assert tuple(found) == (
            "start_timing_by_usage_type", "user_scope_by_usage_type", "stage_by_user_scope", "external_by_stage",
        )  # fmt: skip
        assert "previous" not in lines(found["user_scope_by_usage_type"])
        assert "公表資料との違い" not in page


class TestTheCasesBehindAFigure:
    """Every figure leads to what it counts."""

    @pytest.mark.parametrize("slug", TABLES)
    def test_a_figure_leads_to_as_many_cases(self, client_of: ClientOf, slug: str) -> None:
        client = client_of("secretariat")
        figures = links(tables(client.get(PAGE).text)[slug])
        small = sorted(figures, key=lambda one: one[1])
        walked = {*small[:: max(1, len(small) // 4)], small[-1], figures[-1]}
        for address, number in walked:
            items = listed(client, address)
            assert (len(items), len(set(items))) == (number, number), address

    def test_every_figure_but_a_zero_has_its_cases(self, client_of: ClientOf) -> None:
        for slug, table in tables(client_of("secretariat").get(PAGE).text).items():
            for code, cells in lines(table).items():
                for place, cell in enumerate(cells):
                    both_rounds = slug in MOVES and code == "total" and place == len(cells) - 1
                    without = code == "previous" or both_rounds or shown(cell) in ("", "0")
                    assert (cell.find("a") is None) is without, (slug, code, place)

    def test_the_page_says_whose_cases_it_lists(self, client_of: ClientOf) -> None:
        page = client_of("auditor").get(f"{CASES}?table=stage_by_user_scope&row=3/V&column=S1/started").text
        named = [text_of(one) for one in html.parse(page)[0].findall(".//dl[@class='sum']//dd")]
        assert [
            part
            for part, words in zip(("導入段階", "全体／検証段階", "特化型１／開始済"), named, strict=False)
            if part not in words
        ] == []

    def test_a_ministry_sees_its_own_cases_only(self, client_of: ClientOf) -> None:
        own, whole = client_of("reporter"), client_of("secretariat")
        address = f"{CASES}?table=start_timing_by_usage_type&row=total&column=G1"
        mine, everything = set(listed(own, address)), set(listed(whole, address))
        assert set() < mine < everything
        page = own.get(address)
        assert "自分の府省庁のものだけを表示しています" in page.text
        assert "自分の府省庁のものだけを表示しています" not in whole.get(address).text
        assert set(re.findall(r"府省庁[A-Y]", page.text)) == {"府省庁A"}
        assert {own.get(item).status_code for item in mine} == {200}
        assert own.get(min(everything - mine)).status_code == 404

    def test_a_ministry_without_a_case_behind_a_figure_is_told(self, client_of: ClientOf) -> None:
        own, whole = client_of("reporter"), client_of("secretariat")
        found = tables(own.get(PAGE).text)["external_by_stage"]
        address = next(link for link, _ in links(found) if not listed(own, link))
        assert "見られる案件はありません。" in own.get(address).text
        assert listed(whole, address)

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "table=none&row=total&column=total",
            "table=confidentiality&row=9&column=total",
            "table=confidentiality&row=1&column=X",
            "table=confidentiality&row=1",
            "table=user_scope_by_usage_type&row=previous&column=total",
            "table=usage_type_flow&row=total&column=total",
            "table=usage_type_change&row=total&column=total",
            "table=usage_type_change&row=new&column=G1",
            "table=usage_type_change&row=G1&column=count",
        ],
    )
    def test_no_figure_no_page(self, client_of: ClientOf, query: str) -> None:
        assert client_of("secretariat").get(f"{CASES}?{query}").status_code == 404

    @pytest.mark.parametrize("number", ["0", "-1", "x", "99999"])
    def test_a_page_that_is_not_there_is_the_nearest_one(self, client_of: ClientOf, number: str) -> None:
        query = "table=confidentiality&row=1&column=total"
        answer = client_of("secretariat").get(f"{CASES}?{query}&page={number}")
        assert answer.status_code == 200
        assert answer.text.count("/submissions/items/") == (PER_PAGE if number != "99999" else 237 % PER_PAGE)


class TestTheFiles:
    """The tables as files; who took them out is recorded."""

    def test_the_json_is_the_command_s(self, client_of: ClientOf, plain: dict[str, Any]) -> None:
        answer = client_of("secretariat").get(f"{PAGE}.json")
        assert answer.mimetype == "application/json"
        assert json.loads(answer.data) == plain

    def test_the_csv_has_a_line_for_every_figure(self, client_of: ClientOf, plain: dict[str, Any]) -> None:
        data = client_of("auditor").get(f"{PAGE}.csv").data
        assert data.startswith(b"\xef\xbb\xbf")
        head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        assert head == ["表", "表の名前", "対象", "行コード", "行", "列コード", "列", "件数", "回", "状態"]
        assert {tuple(row[8:]) for row in rows} == {("2025年度第2回", "確定")}
        assert {row[0]: row[1] for row in rows if row[0] in plain["tables"]} == {
            slug: one["title"] for slug, one in plain["tables"].items()
        }
        found = {(row[0], row[2], row[3], row[5]): row[7] for row in rows}
        assert len(found) == len(rows)
        expected = {
            (slug, one["population"], row["code"], column): "" if cell is None else str(cell)
            for slug, one in plain["tables"].items()
            for row in one["rows"]
            for column, cell in zip((*one["columns"], "total"), (*row["cells"], row["total"]), strict=True)
        }
        moves = {
            f"{row}>{column}": int(cell) for (slug, _, row, column), cell in found.items()
            if slug == "usage_type_flow" and "total" not in (row, column) and cell != "0"
        }  # fmt: skip
        assert {key: cell for key, cell in found.items() if key[0] not in MOVES} == expected
        kinds = {key[2]: int(cell) for key, cell in found.items() if key[0] == MOVES[0] and key[3] == "count"}
        assert {kind: kinds.get(kind, 0) for kind in plain["usage_type_change"]} == plain["usage_type_change"]
        assert kinds["total"] == sum(plain["usage_type_change"].values())
        assert moves == plain["usage_type_flow"]

    def test_the_workbook_has_two_sheets_for_every_table(self, client_of: ClientOf, plain: dict[str, Any]) -> None:
        data = client_of("reporter").get(f"{PAGE}.xlsx").data
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        assert book.sheet_names == [
            "この集計について", "要点", "利用時期", "利用者の範囲（政府職員）", "導入段階（政府職員）", "取扱情報の機密性（政府職員）",
            "導入段階（外部向け）", "出力データの種類", "類型の移り変わり", "増減と移動の内訳",
            *plain["tables"], "usage_type_flow", "usage_type_change",
        ]  # fmt: skip
        about = book.get_sheet_by_index(0).to_python()
        assert [row[1] for row in about[1:4]] == ["2025年度第2回", dt.date(2025, 9, 30), "確定"]
        assert ["導入段階（政府職員）", "導入段階の記載がない4件は除いている"] in about
        first = book.get_sheet_by_index(1).to_python()[1:]
        assert [tuple(row) for row in first] == [
            (one["text"], one["numerator"], "" if one["denominator"] is None else one["denominator"])
            for one in plain["headlines"]
        ]
        for slug, one in plain["tables"].items():
            head, *rows = book.get_sheet_by_name(slug).to_python()
            assert head[1] == one["title"]
            assert rows == [
                [row["code"], row["label"], *("" if cell is None else cell for cell in row["cells"]), row["total"]]
                for row in one["rows"]
            ]

    def test_the_sheets_for_people_have_the_same_figures(self, client_of: ClientOf, plain: dict[str, Any]) -> None:
        book = CalamineWorkbook.from_filelike(io.BytesIO(client_of("reporter").get(f"{PAGE}.xlsx").data))
        for name, one in zip(book.sheet_names[2:8], plain["tables"].values(), strict=True):
            title, lead, _, *lines = book.get_sheet_by_name(name).to_python()
            assert title[0] == one["title"]
            assert f"（{plain['populations'][one['population']]}件）" in lead[0]
            single = len(one["columns"]) == 1
            figures = [[cell for cell in line if isinstance(cell, float) or cell == "－"] for line in lines]
            assert [line for line in figures if line] == [
                ["－" if cell is None else cell for cell in (*row["cells"], *([] if single else [row["total"]]))]
                for row in one["rows"]
            ]
            assert [line[0] for line in lines if str(line[0]).startswith("※")] == [f"※ {note}" for note in one["notes"]]

    @pytest.mark.parametrize("kind", KINDS)
    def test_who_took_a_file_out_is_recorded(self, client_of: ClientOf, database: Database, kind: str) -> None:
        client = client_of("reporter")
        client.get(PAGE)
        answer = client.get(f"{PAGE}.{kind}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="report-2025-2.{kind}"'
        with database.reading() as session:
            entries = session.scalars(select(AuditEntry).where(AuditEntry.event.startswith("report"))).all()
            current = session.scalars(select(Round).where(Round.number == 2)).one()
        assert [(one.event, one.actor_name, one.subject_table, one.subject_id) for one in entries] == [
            ("report.exported", "reporter", "round", str(current.id))
        ]
        assert json.loads(entries[0].body)["details"] == {"kind": kind}

    def test_other_kinds_are_not_there(self, client_of: ClientOf) -> None:
        assert client_of("secretariat").get(f"{PAGE}.pdf").status_code == 404


class TestARoundWithoutCases:
    """Nobody has reported yet."""

    @pytest.fixture(autouse=True)
    def opened(self, database: Database) -> None:
        """A third round that holds nothing."""
        with database.writing() as session:
            empty_round(session, number=3)

    def test_the_page_says_so_and_shows_no_table(self, client_of: ClientOf) -> None:
        page = client_of("reporter").get("/rounds/2025-3/report").text
        assert "この回に報告された案件はありません。" in page
        assert tables(page) == {}

    @pytest.mark.parametrize("table", ["output_type", "usage_type_flow"])
    def test_a_figure_leads_to_no_case(self, client_of: ClientOf, table: str) -> None:
        address = f"/rounds/2025-3/report/cases?table={table}&row={'new' if 'flow' in table else 'total'}&column=total"
        assert "見られる案件はありません。" in client_of("secretariat").get(address).text

    def test_its_files_hold_zeros(self, client_of: ClientOf) -> None:
        client = client_of("secretariat")
        plain = json.loads(client.get("/rounds/2025-3/report.json").data)
        assert set(plain["populations"].values()) == {0}
        assert len(client.get("/rounds/2025-3/report.csv").data.splitlines()) > 100
        book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/rounds/2025-3/report.xlsx").data))
        assert book.get_sheet_by_name("output_type").to_python()[-1][2:] == [0, 0]


def test_an_english_page_has_the_same_figures(client_of: ClientOf) -> None:
    client = client_of("secretariat")
    japanese = tables(client.get(PAGE).text)
    client.submit(PAGE, {"language": "en"}, button="/language")
    page = client.get(PAGE).text
    assert html.parse(page)[0].get("lang") == "en"
    english = tables(page)
    assert list(english) == list(japanese)
    for slug, table in english.items():
        assert [links(table), list(lines(table))] == [links(japanese[slug]), list(lines(japanese[slug]))]
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text_of(table)), slug
