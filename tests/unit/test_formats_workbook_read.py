"""Workbooks in: real types at their true places, and what the parser keeps to itself."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from register.formats import xlsx
from register.formats.workbook import Book, ErrorValue, Limits, Merged, Row, address, letters
from register.formats.workbook_read import Unreadable, read
from tests.support import workbooks

FILES = sorted(path for path in workbooks.REFERENCE.rglob("*") if path.suffix in {".xlsx", ".xls", ".ods", ".csv"})
# Those that a program made which writes what we do not take; the others must be read.
REFUSED = {
    "any_sheets.xls": "マクロ",
    "issue_594_dos.ods": "範囲",
    "pass_protected.ods": "パスワード",
    "pass_protected.xlsx": "パスワード",
    "too_small.xls": "壊れて",
}


def reference(name: str) -> Book:
    path = workbooks.REFERENCE / name
    if not path.exists():
        pytest.skip("no reference workbooks here")
    return read(path.read_bytes(), name=path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_awkward_files_are_read_or_refused_with_a_sentence(path: Path) -> None:
    if sentence := REFUSED.get(path.name):
        with pytest.raises(Unreadable, match=sentence):
            read(path.read_bytes(), name=path.name)
    else:
        assert read(path.read_bytes(), name=path.name).kind == path.suffix[1:]


def test_values_stand_where_they_stood() -> None:
    rows = (
        '<row r="3"><c r="B3" t="inlineStr"><is><t xml:space="preserve"> a_x000D_\n b </t></is></c><c><v>12</v></c>'
        '<c><v>1.5</v></c><c t="b"><v>1</v></c><c t="d"><v>2025-09-30</v></c><c t="d"><v>2025-09-30T12:30:00</v></c>'
        '<c r="J3" s="0"/></row><row r="4" hidden="1"/><row><c r="C5"><v>-7</v></c></row>'
    )
    (sheet,) = read(workbooks.xlsx(workbooks.worksheet(rows)), name="a.xlsx").sheets
    first = (None, " a\r\n b ", 12, 1.5, True, date(2025, 9, 30), datetime.fromisoformat("2025-09-30T12:30"))
    assert sheet.rows == (Row(3, first), Row(5, (None, None, -7)))
    assert [type(cell) for cell in sheet.rows[0].cells[2:5]] == [int, float, bool]
    assert (sheet.at(3, 2), sheet.at(4, 1), sheet.at(5, 9)) == (" a\r\n b ", None, None)
    assert (sheet.name, sheet.hidden, sheet.hidden_rows) == ("表1", False, {4})


def test_errors_formulas_and_merged_ranges_are_told() -> None:
    rows = (
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2"><f>A9</f></c><c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c t="e"><v>#N/A</v></c><c t="str"><f>"x"</f><v>x</v></c><c r="F2" t="inlineStr"><is><t>#N/A</t></is></c></row>'
    )
    after = '<mergeCells><mergeCell ref="A5:C6"/></mergeCells>'
    before = '<cols><col min="2" max="3" hidden="1"/></cols>'
    (sheet,) = read(workbooks.xlsx(workbooks.worksheet(rows, after, before)), name="a.xlsx").sheets
    assert sheet.rows == (Row(2, (2, None, "#DIV/0!", "#N/A", "x", "#N/A")),)
    assert [isinstance(cell, ErrorValue) for cell in sheet.rows[0].cells] == [False, False, True, True, False, False]
    assert sheet.formulas == {(2, 1), (2, 2), (2, 3), (2, 5)}
    assert sheet.merged == (Merged((5, 1), (6, 3)),)
    assert sheet.hidden_columns == {2, 3}


def test_what_is_no_number_is_an_error() -> None:
    rows = "<row><c><v>1e999</v></c><c><v>9007199254740993</v></c><c><v>1e300</v></c></row>"
    cells = read(workbooks.xlsx(workbooks.worksheet(rows)), name="a.xlsx").sheets[0].rows[0].cells
    assert (cells[0], type(cells[0])) == ("#NUM!", ErrorValue)
    assert [type(cell) for cell in cells[1:]] == [float, float]


def test_our_own_workbooks_come_back() -> None:
    rows: list[list[str | int | float | date | None]] = [
        ["=1+1", 1, None],
        [None, 2.5, date(2025, 9, 30)],
        ["\n", -1, None],
    ]
    data = xlsx.write([xlsx.Sheet("案件", ["名", "数", "日"], rows)], created=datetime(2025, 1, 1))
    (sheet,) = read(data, name="案件.xlsx").sheets
    assert [row.cells for row in sheet.rows[1:]] == [("=1+1", 1), (None, 2.5, date(2025, 9, 30)), ("\n", -1)]
    assert sheet.formulas == frozenset()


def test_dates_of_1904_are_the_same_days() -> None:
    books = [reference(f"calamine/{name}.xlsx") for name in ("date", "date_1904")]
    cells = [[row.cells for row in book.sheets[0].rows] for book in books]
    assert cells[0] == cells[1] == [(date(2021, 1, 1), 15), (date(2021, 1, 2), 16), ("255:10:10", 17)]


def test_errors_of_the_reference_file() -> None:
    sheet = reference("calamine/errors.xlsx").sheets[0]
    assert all(isinstance(row.cells[0], ErrorValue) for row in sheet.rows)
    assert [row.cells[0] for row in sheet.rows][:2] == ["#DIV/0!", "#NAME?"]


def test_hidden_sheets_are_told() -> None:
    for kind in ("xlsx", "ods"):
        hidden = {sheet.name: sheet.hidden for sheet in reference(f"calamine/any_sheets.{kind}").sheets}
        assert {name: hidden[name] for name in ("Visible", "Hidden", "VeryHidden")} == {
            "Visible": False,
            "Hidden": True,
            "VeryHidden": True,
        }


def test_custom_properties_are_read_as_text() -> None:
    properties = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="vt">'
        '<property name="d" pid="2"><vt:lpwstr>様式 &amp; 版</vt:lpwstr></property>'
        '<property name="n" pid="3"><vt:i4>7</vt:i4></property></Properties>'
    )
    book = read(workbooks.xlsx(extra={"docProps/custom.xml": properties}), name="a.xlsx")
    assert book.properties == {"d": "様式 & 版", "n": "7"}


def test_open_document() -> None:
    cell = '<table:table-cell office:value-type="%s" office:%s="%s"%s><text:p>%s</text:p></table:table-cell>'
    error = ' table:formula="of:=1/0" calcext:value-type="error"'
    tables = (
        '<table:table table:name="一"><table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse"/>'
        '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        f'<table:table-row table:visibility="collapse"><table:table-cell table:number-columns-repeated="2"/>'
        f"{cell % ('date', 'date-value', '2025-09-30', '', 'x')}{cell % ('float', 'value', '3', '', '3')}"
        f"{cell % ('float', 'value', '0', error, '#DIV/0!')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-spanned="2" '
        'office:value-type="string"><text:p>a</text:p><text:p>b</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row></table:table>"
    )
    (sheet,) = read(workbooks.ods(tables), name="a.ods").sheets
    assert sheet.rows == (
        Row(4, (None, None, date(2025, 9, 30), 3, "#DIV/0!")),
        Row(5, ("a\nb",)),
        Row(6, ("a\nb",)),
    )
    assert isinstance(sheet.at(4, 5), ErrorValue)
    assert (sheet.formulas, sheet.hidden_rows, sheet.hidden_columns) == ({(4, 5)}, {4}, {3})
    assert sheet.merged == (Merged((5, 1), (5, 2)),)


def test_old_excel() -> None:
    cells = (
        workbooks.record(0x0208, "H10xHH", 1, 0x20, 0)
        + workbooks.record(0x007D, "HHHHH", 2, 2, 0, 0, 1)
        + workbooks.record(0x0203, "HHHd", 1, 0, 0, 12.0)
        + workbooks.record(0x0205, "HHHBB", 1, 1, 0, 0x17, 1)
        + workbooks.record(0x0006, "HHH8sHIH", 2, 1, 0, b"\2\0\x07\0\0\0\xff\xff", 0, 0, 0)
        + workbooks.record(0x00E5, "HHHHH", 1, 4, 5, 0, 2)
    )
    data = workbooks.compound({"Workbook": workbooks.biff(cells)})
    book = read(data, name="a.xls")
    (sheet,) = book.sheets
    assert (book.kind, sheet.name) == ("xls", "T")
    assert sheet.rows == (Row(2, (12, "#REF!")), Row(3, (None, "#DIV/0!")))
    assert all(isinstance(sheet.at(row, 2), ErrorValue) for row in (2, 3))
    assert (sheet.formulas, sheet.hidden_rows, sheet.hidden_columns) == ({(3, 2)}, {2}, {3})
    assert sheet.merged == (Merged((5, 1), (6, 3)),)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_csv_rows_are_those_of_the_spreadsheet(codec: str) -> None:
    data = '見出し,b,\r\n"二\r\n行",,\r\n\r\n,,\r\n終,"x",\r\n'.encode(codec)
    book = read(data, name="C:\\報告.CSV")
    assert book.kind == "csv"
    assert book.sheets[0].rows == (Row(1, ("見出し", "b")), Row(2, ("二\r\n行",)), Row(5, ("終", "x")))


def test_csv_is_refused_with_its_line() -> None:
    with pytest.raises(Unreadable, match="3行目：列の数"):
        read(b"a,b\n1,2\n1\n", name="a.csv")


def test_the_form_of_a_file_is_told_by_its_content() -> None:
    assert read(workbooks.xlsx(), name="a.csv").kind == "xlsx"


@pytest.mark.parametrize(
    ("column", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")]
)
def test_columns_have_their_names(column: int, name: str) -> None:
    assert letters(column) == name
    assert address(12, column) == f"{name}12"


def test_memory_and_size_of_a_register_are_enough() -> None:
    rows = ([f"案件{number}", *[number * column for column in range(29)]] for number in range(5_000))
    data = xlsx.write([xlsx.Sheet("x", ["列"] * 30, rows)], created=datetime(2025, 1, 1))
    (sheet,) = read(data, name="x.xlsx", limits=Limits(memory=250 * 1024**2)).sheets
    assert sheet.rows[-1] == Row(5001, ("案件4999", *[4999 * column for column in range(29)]))


def test_the_caller_does_not_load_the_parser() -> None:
    code = "import sys, register.formats.workbook_read; sys.exit('python_calamine' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
