"""The trend's page and files: the figures of every round beside each other, each leading to the report of its round."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import event, select

from register.db import Database
from register.models import AuditEntry
from register.runtime import runtime_of
from tests.support import html
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.report_pages import lines, misnamed, shown, tables, text_of
from tests.support.round_files import empty_round, reference_rounds

ClientOf = Callable[[str], Client]
REPORT = "/rounds/2025-2/report"
PAGE = f"{REPORT}/trend"
TABLES = [
    "trend_usage_type", "trend_start_timing", "trend_user_scope", "trend_stage", "trend_confidentiality",
    "trend_output_type", "trend_growth",
]  # fmt: skip
SHEETS = [
    "この集計について", "利用類型の推移", "利用開始時期の推移", "利用者の範囲の推移", "導入段階の推移", "取扱情報の機密性の推移",
    "出力データの種類の推移", "案件の増減の推移",
]  # fmt: skip


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


@pytest.mark.parametrize(
    ("name", "status"),
    [("reporter", 200), ("approver", 200), ("secretariat", 200), ("auditor", 200), ("admin", 404)],
)
def test_who_reads_the_report_reads_the_trend(client_of: ClientOf, name: str, status: int) -> None:
    client = client_of(name)
    for address in (PAGE, f"{PAGE}.csv", f"{PAGE}.xlsx"):
        assert client.get(address).status_code == status, address
    assert client.get("/rounds/1999-1/report/trend").status_code == 404
    assert client.get(f"{PAGE}.json").status_code == 404


def test_the_report_leads_to_it(client_of: ClientOf) -> None:
    assert f'href="{PAGE}"' in client_of("reporter").get(REPORT).text


def test_it_sends_few_statements_once_the_rounds_are_counted(app: Flask, client_of: ClientOf) -> None:
    client, sent = client_of("reporter"), []
    client.get(PAGE)
    event.listen(runtime_of(app).database.engine, "before_cursor_execute", lambda _c, _u, text, *_: sent.append(text))
    assert client.get(PAGE).status_code == 200
    assert 0 < len(sent) <= 6, sent


class TestThePage:
    """What stands in it."""

    def test_there_is_a_table_for_each_question_and_one_of_the_growth(self, client_of: ClientOf) -> None:
        found = tables(client_of("auditor").get(PAGE).text)
        assert list(found) == TABLES
        for table in found.values():
            heads = [text_of(head) for head in table.findall("thead/tr/th")]
            assert heads == ["2025年度第1回", "2025年度第2回"]

    def test_every_cell_names_all_the_heads_above_and_beside_it(self, client_of: ClientOf) -> None:
        for table in tables(client_of("auditor").get(PAGE).text).values():
            assert misnamed(table) == []

    def test_what_could_not_be_said_is_a_dash_and_no_zero(self, client_of: ClientOf) -> None:
        found = tables(client_of("auditor").get(PAGE).text)
        rows = lines(found["trend_usage_type"])
        assert [shown(cell) for cell in rows["OT"]] == ["", "16"]
        assert text_of(rows["OT"][0]) == "－該当する区分なし"
        assert [shown(cell) for cell in rows["total"]] == ["188", "306"]
        assert [shown(cell) for cell in lines(found["trend_user_scope"])["7"]] == ["0", "4"]

    def test_a_figure_leads_to_its_table_in_the_report_of_its_round(self, client_of: ClientOf) -> None:
        client = client_of("auditor")
        addresses = set()
        for table in tables(client.get(PAGE).text).values():
            for cells in lines(table).values():
                for code, cell in zip(("2025-1", "2025-2"), cells, strict=True):
                    link = cell.find(".//a")
                    assert (link is None) is (shown(cell) in ("0", "")), shown(cell)
                    if link is not None:
                        assert link.get("href").startswith(f"/rounds/{code}/report#h-")
                        addresses.add(link.get("href"))
        pages = {code: client.get(f"/rounds/{code}/report").text for code in ("2025-1", "2025-2")}
        for address in addresses:
            page, _, part = address.partition("#")
            assert f'id="{part}"' in pages[page.split("/")[2]], address

    def test_the_charts_have_their_words(self, client_of: ClientOf) -> None:
        drawn = list(html.parse(client_of("auditor").get(PAGE).text)[0].iter("figure"))
        assert [text_of(one.find("figcaption")) for one in drawn] == [
            "利用類型の推移（回ごとの件数）", "案件の増減の推移（回ごとの件数）",
        ]  # fmt: skip
        for one in drawn:
            parts = {part.tag.rpartition("}")[2]: part for part in one.iter()}
            assert parts["svg"].get("role") == "img"
            assert "2025年度第2回" in text_of(parts["desc"])

    def test_a_round_without_another_before_it_stands_alone(self, client_of: ClientOf) -> None:
        found = tables(client_of("auditor").get("/rounds/2025-1/report/trend").text)
        assert list(found) == [*TABLES[:4], TABLES[6]]
        assert [shown(cell) for cell in lines(found["trend_usage_type"])["total"]] == ["188"]

    def test_the_figures_are_the_same_in_english(self, client_of: ClientOf) -> None:
        client = client_of("secretariat")
        japanese = tables(client.get(PAGE).text)
        client.submit(PAGE, {"language": "en"}, button="/language")
        for slug, table in tables(client.get(PAGE).text).items():
            own, other = (
                {code: [shown(cell) for cell in cells] for code, cells in lines(one).items()}
                for one in (table, japanese[slug])
            )
            assert own == other


def test_before_any_round_is_settled_the_page_says_so(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        empty_round(session, number=1, year=2024, rehearsal=True)
    page = client_of("auditor").get("/rounds/2024-1r/report/trend").text
    assert "確定した定期報告はまだありません。" in page
    assert tables(page) == {}


class TestTheFiles:
    """The same tables as CSV and as a workbook."""

    def test_the_csv_names_the_round_of_every_figure(self, client_of: ClientOf) -> None:
        data = client_of("auditor").get(f"{PAGE}.csv").data.decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(data, newline=""))
        assert head[-3:] == ["件数", "回", "状態"]
        assert {(row[5], row[8], row[9]) for row in rows} == {
            ("2025-1", "2025年度第1回", "確定"), ("2025-2", "2025年度第2回", "確定"),
        }  # fmt: skip
        found = {(row[0], row[3], row[5]): row[7] for row in rows}
        assert len(found) == len(rows)
        assert [found["trend_usage_type", "OT", code] for code in ("2025-1", "2025-2")] == ["", "16"]
        assert [found["trend_growth", "total", code] for code in ("2025-1", "2025-2")] == ["188", "306"]

    def test_the_workbook_has_the_tables_and_their_notes(self, client_of: ClientOf) -> None:
        book = CalamineWorkbook.from_filelike(io.BytesIO(client_of("auditor").get(f"{PAGE}.xlsx").data))
        assert book.sheet_names == [*SHEETS, *TABLES]
        about = book.get_sheet_by_index(0).to_python()
        assert ["出力データの種類の推移", "2025年度第1回の様式は、この項目を尋ねていない（－）"] in about
        rows = book.get_sheet_by_name("trend_usage_type").to_python()
        assert rows[0] == ["コード", "利用類型の推移", "2025年度第1回", "2025年度第2回"]
        assert rows[-2:] == [["OT", "その他", "", 16], ["total", "総計", 188, 306]]

    def test_who_took_a_file_out_is_recorded(self, client_of: ClientOf, database: Database) -> None:
        answer = client_of("reporter").get(f"{PAGE}.csv")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="trend-2025-2.csv"'
        with database.reading() as session:
            [entry] = session.scalars(select(AuditEntry).where(AuditEntry.event == "report.exported"))
        assert json.loads(entry.body)["details"] == {"kind": "csv", "trend": True}
