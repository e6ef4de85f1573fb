"""Sheets for people: as they are printed for the eye, and numbers all the same for whoever counts on."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from register.formats import xlsx
from register.formats.xlsx_print import DASH, Figure, Head, Line, Printed

CREATED = datetime(2025, 11, 30, 1, 2, 3, tzinfo=UTC)
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
TABLE = Printed(
    "段階",
    "導入段階の表",
    "2025年度第2回",
    (Head("汎用型１", ("開始済", "開始前")), Head("その他", ("開始済",)), Head("総計")),
    (
        Line("課室", "常用", (Figure(124, marked=True), Figure(0, sparse=True), Figure(None), Figure(1124))),
        Line("課室", "検証", (Figure(43), Figure(1), Figure(2), Figure(0, word='（"17"）'))),
        Line("全体", "常用", (Figure(0), Figure(1), Figure(2), Figure(3))),
        Line("", "総計", (Figure(1), Figure(1), Figure(1), Figure(1)), strong=True),
    ),
    ("※ 注", "※ " + "長い注" * 60),
    "◆",
)
SIMPLE = Printed("単", "表", "", (Head("件数"),), (Line("", "新規", (Figure(5),)),), ("※ " + "あ" * 100,))


def parts(*tables: Printed) -> dict[str, ElementTree.Element]:
    """Return the parts of a workbook of these tables."""
    with zipfile.ZipFile(io.BytesIO(xlsx.write(tables, created=CREATED))) as archive:
        return {
            name.rpartition("/")[2]: ElementTree.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".xml")
        }


def shown(found: dict[str, ElementTree.Element]) -> dict[str, str]:
    """Return the number format of every cell of the first sheet that holds a number."""
    codes = {one.get("numFmtId"): one.get("formatCode") for one in found["styles.xml"].iterfind(".//m:numFmt", NS)}
    styles = [one.get("numFmtId") for one in found["styles.xml"].iterfind("m:cellXfs/m:xf", NS)]
    numbers = [one for one in found["sheet1.xml"].iterfind(".//m:c", NS) if one.find("m:v", NS) is not None]
    return {
        one.get("r", ""): codes.get(styles[int(one.get("s", "0"))], styles[int(one.get("s", "0"))])
        for one in numbers
        if one.get("t") != "s"
    }


def rows(table: Printed) -> list[list[object]]:
    """Return the cells of a table's sheet as a program reads them."""
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(xlsx.write([table], created=CREATED)))
        .get_sheet_by_index(0)
        .to_python()
    )


def test_it_stands_as_it_is_printed() -> None:
    assert rows(TABLE)[:9] == [
        ["導入段階の表", "", "", "", "", ""],
        ["2025年度第2回", "", "", "", "", ""],
        ["", "", "", "", "", ""],
        ["", "", "汎用型１", "", "その他", "総計"],
        ["", "", "開始済", "開始前", "開始済", ""],
        ["課室", "常用", 124.0, 0.0, DASH, 1124.0],
        ["", "検証", 43.0, 1.0, 2.0, 0.0],
        ["全体", "常用", 0.0, 1.0, 2.0, 3.0],
        ["総計", "", 1.0, 1.0, 1.0, 1.0],
    ]


def test_headings_lines_and_notes_are_merged_where_they_span() -> None:
    merged = [one.get("ref") for one in parts(TABLE)["sheet1.xml"].iterfind(".//m:mergeCell", NS)]
    assert merged == ["A4:B5", "C4:D4", "F4:F5", "A6:A7", "A9:B9", "A11:L11", "A12:L12"]
    assert [one.get("ref") for one in parts(SIMPLE)["sheet1.xml"].iterfind(".//m:mergeCell", NS)] == ["A7:L7"]


def test_marks_words_and_blank_zeros_are_formats_of_numbers() -> None:
    formats = shown(parts(TABLE))
    assert formats["C6"] == '"◆"#,##0'
    assert formats["D6"] == "#,##0;-#,##0;"
    assert formats["F7"] == "#,##0\"（'17'）\""
    assert {formats["C8"], formats["F6"]} == {"#,##0"}


def test_it_prints_on_a4_landscape_as_wide_as_the_page() -> None:
    found = parts(TABLE)
    sheet = found["sheet1.xml"]
    setup = sheet.find("m:pageSetup", NS)
    assert setup is not None
    assert (setup.get("paperSize"), setup.get("orientation"), setup.get("fitToHeight")) == ("9", "landscape", "0")
    assert sheet.find("m:sheetPr/m:pageSetUpPr", NS).get("fitToPage") == "1"
    titles = found["workbook.xml"].find(".//m:definedName[@name='_xlnm.Print_Titles']", NS)
    assert titles.text == "段階!$4:$5"


def test_headings_and_labels_stay_in_sight() -> None:
    for table, corner in ((TABLE, "C6"), (SIMPLE, "B5")):
        pane = parts(table)["sheet1.xml"].find(".//m:pane", NS)
        assert pane is not None
        assert (pane.get("state"), pane.get("topLeftCell")) == ("frozen", corner)


def test_every_cell_of_the_table_has_its_border_and_figures_stand_right() -> None:
    found = parts(TABLE)
    styles = list(found["styles.xml"].iterfind("m:cellXfs/m:xf", NS))
    for cell in found["sheet1.xml"].iterfind(".//m:c", NS):
        column, row = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", "")).groups()
        style = styles[int(cell.get("s", "0"))]
        if 4 <= int(row) <= 9:
            assert style.get("applyBorder") == "1", cell.get("r")
        if 6 <= int(row) <= 9 and column >= "C":
            assert style.find("m:alignment", NS).get("horizontal") == "right", cell.get("r")


def test_a_long_note_has_the_height_that_it_needs() -> None:
    heights = [
        float(one.get("ht", "0")) for one in parts(TABLE)["sheet1.xml"].iterfind(".//m:row", NS) if one.get("ht")
    ]
    assert len(heights) == 2
    assert heights[1] > 2 * heights[0]


def test_text_never_becomes_a_formula() -> None:
    odd = Printed("x", "=1", "=2", (Head("=3"),), (Line("=4", "=5", (Figure(1),)),), ("=6",))
    with zipfile.ZipFile(io.BytesIO(xlsx.write([odd], created=CREATED))) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
    assert rows(odd)[0][0] == "=1"


def test_equal_content_gives_equal_bytes() -> None:
    assert xlsx.write([TABLE], created=CREATED) == xlsx.write([TABLE], created=CREATED)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "甲", "乙"]), st.none() | st.integers(0, 9)), min_size=1, max_size=8))
def test_any_table_can_be_written_and_read(told: list[tuple[str, int | None]]) -> None:
    lines = tuple(Line(group, f"行{place}", (Figure(value, sparse=True),)) for place, (group, value) in enumerate(told))
    read = rows(Printed("x", "表", "", (Head("件数"),), lines))[4:]
    assert [row[-1] for row in read] == [DASH if value is None else value for _, value in told]


@pytest.mark.parametrize("width", [1, 12])
def test_a_wide_table_keeps_its_columns_readable(width: int) -> None:
    figures = tuple(Figure(place) for place in range(width))
    heads = tuple(Head(f"2025年度第{place}回") for place in range(width))
    found = parts(Printed("x", "表", "", heads, (Line("", "長い名前" * 30, figures),)))
    sizes = [float(one.get("width", "0")) for one in found["sheet1.xml"].iterfind(".//m:col", NS)]
    assert 40 < sizes[0] < 50
    assert all(10 < size < 20 for size in sizes[1:])
