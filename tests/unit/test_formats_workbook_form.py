"""Form workbooks: what is written comes back, what people may do is bounded, and the table is found again."""

from __future__ import annotations

import csv
import io
import re
import string
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from register.formats import printable
from register.formats.form_xlsx import Choice, Column, FormRow, FormSheet, Kind, Problem, Words, write
from register.formats.workbook import Book, Row, Sheet, Unreadable
from register.formats.workbook_read import read
from register.formats.workbook_table import Table, table

CREATED = datetime(2025, 10, 1, 9, 0, tzinfo=UTC)
WORDS = Words(
    definitions="定義",
    lists="選択肢",
    field="項目",
    help="説明",
    code="コード",
    choice="選択肢",
    meaning="定義",
    reasons="理由",
    metadata="管理用（変更しないでください）",
    alert_title="入力できません",
    alerts={
        Kind.CHOICE: "一覧から選んでください。",
        Kind.DATE: "日付を入力してください。",
        Kind.COUNT: "0以上の整数です。",
    },
    too_long="%(limit)d文字以内で入力してください。",
)
STAGES = (Choice("1", "検証段階", "試している"), Choice("2", "常用段階", "日々使っている"))
COLUMNS = (
    Column("ref", "管理番号", locked=True),
    Column("name", "案件名", help="一行で\n書いてください。", limit=100),
    Column("note", "概要", Kind.LONG),
    Column("stage", "段階", Kind.CHOICE, "いまの段階", STAGES),
    Column("next", "次の段階", Kind.CHOICE, choices=STAGES),
    Column("start", "開始日", Kind.DATE),
    Column("users", "利用者数", Kind.COUNT),
)
ROWS = (
    FormRow(
        {"ref": "00123", "name": "=1+1", "note": "一\n二", "stage": "検証段階", "start": date(2025, 9, 30), "users": 12}
    ),
    FormRow({"ref": "A-2", "name": "http://example.com", "note": "", "start": "未定", "users": None}),
)
FORM = FormSheet(
    name="回答",
    title="AI案件 定期報告",
    columns=COLUMNS,
    rows=ROWS,
    words=WORDS,
    instructions=("灰色の列は変更できません。", "1行に1件を記入してください。"),
    properties={"form": "2025-2", "digest": "sha256:" + "0f" * 32, "organisation": "府省庁A=1"},
    blank=3,
    frozen=2,
)


def written(form: FormSheet = FORM) -> Book:
    return read(write(form, created=CREATED), name="form.xlsx")


def part(form: FormSheet, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(write(form, created=CREATED))) as archive:
        return archive.read(name).decode()


def values(found: Table) -> list[dict[str, object]]:
    return [{name: cell for name, cell in record.cells.items() if cell is not None} for record in found.records]


def test_the_table_comes_back_with_its_places() -> None:
    book = written()
    found = table(book)
    assert values(found) == [{k: v for k, v in row.values.items() if v not in {None, ""}} for row in ROWS]
    assert list(found.columns) == [column.id for column in COLUMNS]
    assert [record.row for record in found.records] == [8, 9]
    assert found.address(found.records[0], "start") == "F8"
    assert found.metadata == FORM.properties == book.properties
    assert (found.ids_row, found.sheet.hidden_rows) == (7, {7})
    assert found.sheet.formulas == frozenset()
    assert not found.calculated(found.records[0], "name")


def test_a_person_sees_title_labels_and_help() -> None:
    sheet = written().sheets[0]
    assert [sheet.at(row, 1) for row in (1, 2, 3)] == [FORM.title, *FORM.instructions]
    assert (sheet.at(5, 2), sheet.at(6, 2)) == ("案件名", "一行で\n書いてください。")


def test_definitions_leave_nothing_out() -> None:
    definitions = written().sheets[1]
    assert (definitions.name, definitions.hidden) == ("定義", False)
    rows = [row.cells for row in definitions.rows]
    assert rows[0] == ("項目", "説明", "コード", "選択肢", "定義")
    assert rows[4:8] == [
        ("段階", "いまの段階", "1", "検証段階", "試している"),
        ("段階", "いまの段階", "2", "常用段階", "日々使っている"),
        ("次の段階", None, "1", "検証段階", "試している"),
        ("次の段階", None, "2", "常用段階", "日々使っている"),
    ]
    assert len(rows) == 1 + len(COLUMNS) + 2


def test_lists_are_hidden_and_shared() -> None:
    lists = written().sheets[2]
    assert (lists.name, lists.hidden) == ("選択肢", True)
    assert [row.cells for row in lists.rows] == [("検証段階",), ("常用段階",)]


def test_entries_are_checked_down_to_the_last_blank_row() -> None:
    sheet = part(FORM, "xl/worksheets/sheet1.xml")
    rules = {rule.get("sqref"): rule for rule in ET.fromstring(sheet).iter() if rule.tag.endswith("dataValidation")}
    told = {place: (rule.get("type"), rule.get("error")) for place, rule in rules.items()}
    assert told == {
        "B8:B12": ("textLength", "100文字以内で入力してください。"),
        "D8:D12": ("list", "一覧から選んでください。"),
        "E8:E12": ("list", "一覧から選んでください。"),
        "F8:F12": ("date", "日付を入力してください。"),
        "G8:G12": ("whole", "0以上の整数です。"),
    }
    assert {rule[0].text for rule in rules.values() if rule.get("type") == "list"} == {"'選択肢'!$A$1:$A$2"}
    assert {rule.get("errorTitle") for rule in rules.values()} == {"入力できません"}


def test_only_what_may_change_is_unlocked() -> None:
    sheet = ET.fromstring(part(FORM, "xl/worksheets/sheet1.xml"))
    styles = ET.fromstring(part(FORM, "xl/styles.xml"))
    formats = next(node for node in styles.iter() if node.tag.endswith("}cellXfs"))
    unlocked = [any(child.get("locked") == "0" for child in form) for form in formats]
    text = [form.get("numFmtId") == "49" for form in formats]
    cells = {cell.get("r"): int(cell.get("s", "0")) for cell in sheet.iter() if cell.tag.endswith("}c")}
    open_cells = {place for place, style in cells.items() if unlocked[style]}
    assert open_cells == {f"{column}{row}" for column in "BCDEFG" for row in range(8, 13)}
    assert {place for place in open_cells if text[cells[place]]} == {
        f"{c}{row}" for c in "BCDE" for row in range(8, 13)
    }
    assert "<sheetProtection sheet=" in part(FORM, "xl/worksheets/sheet1.xml")
    assert 'xSplit="2" ySplit="5" topLeftCell="C6"' in part(FORM, "xl/worksheets/sheet1.xml")


def test_text_is_neither_a_formula_nor_a_link() -> None:
    sheet = part(FORM, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_reasons_stand_beside_the_rows_and_mark_the_cells() -> None:
    problems = (Problem("件名が重複しています。", "name"), Problem("段階を選んでください。", "stage"))
    form = replace(FORM, rows=(replace(ROWS[0], problems=problems), ROWS[1]))
    before, after = table(written()), table(written(form))
    assert values(before) == values(after)
    assert [record.row for record in after.records] == [record.row for record in before.records]
    assert (after.sheet.at(5, 8), after.sheet.at(8, 8)) == ("理由", "件名が重複しています。\n段階を選んでください。")
    assert after.sheet.at(9, 8) is None
    sheet, styles = part(form, "xl/worksheets/sheet1.xml"), part(form, "xl/styles.xml")
    assert "FFFFE0B2" in styles
    style = dict(re.findall(r'<c r="(\w+)" s="(\d+)"', sheet))
    assert style["B8"] not in {style["B9"], style["C8"]}
    assert style["C8"] == style["C9"]


def test_equal_bytes_in_another_process() -> None:
    code = "import sys; from tests.unit import test_formats_workbook_form as t; sys.stdout.buffer.write(t.write(t.FORM, created=t.CREATED))"
    environment = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert other.stdout == write(FORM, created=CREATED)


@pytest.mark.parametrize("properties", [{"a=b": "x"}, {"a": "x" * 256}, {"a": "x\ny"}, {"a": "\x01"}])
def test_what_cannot_be_a_property_is_not_lost_silently(properties: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="property"):
        write(replace(FORM, properties=properties), created=CREATED)


def test_a_form_without_rows_columns_or_properties() -> None:
    empty = replace(FORM, rows=(), blank=0, properties={}, instructions=())
    assert table(written(empty)).records == ()
    assert table(written(replace(empty, columns=COLUMNS[:1], blank=2))).metadata == {}


@pytest.mark.parametrize("codec", ["utf-8-sig", "cp932"])
def test_saved_as_csv_it_is_still_the_form(codec: str) -> None:
    main = written().sheets[0]
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    for number in range(1, main.rows[-1].number + 1):
        rows.writerow(["" if (cell := main.at(number, column)) is None else cell for column in range(1, 8)])
    found = table(read(out.getvalue().encode(codec), name="回答.csv"))
    assert found.metadata == FORM.properties
    assert [(record.row, record.cells["name"], record.cells["start"]) for record in found.records] == [
        (8, "=1+1", "2025-09-30"),
        (9, "http://example.com", "未定"),
    ]


def moved(*rows: Row, name: str = "写し") -> Sheet:
    return Sheet(name, hidden=False, rows=rows)


def test_the_table_is_found_wherever_people_put_it() -> None:
    notes = moved(Row(1, ("メモ", "id: とは")), name="メモ")
    copy = moved(
        Row(3, (None, "meta:form=x=y")),
        Row(5, (None, " id:b ", "自由", "id:a.1")),
        Row(6, ("注", None, "これも")),
        Row(9, (None, None, None, 5)),
        Row(10, (None, "meta:form=z")),
    )
    found = table(Book("xlsx", (notes, copy), {"form": "old", "other": "1"}))
    assert (found.sheet, found.columns, found.ids_row) == (copy, {"b": 2, "a.1": 4}, 5)
    assert found.metadata == {"form": "x=y", "other": "1"}
    assert [(record.row, record.cells) for record in found.records] == [
        (9, {"b": None, "a.1": 5}),
        (10, {"b": "meta:form=z", "a.1": None}),
    ]
    assert found.address(found.records[0], "a.1") == "D9"


@pytest.mark.parametrize(
    ("sheets", "sentence"),
    [
        ((), "様式ではありません"),
        ((moved(Row(1, ("a", "b"))),), "様式ではありません"),
        ((moved(Row(1, ("id:a",))), moved(Row(2, ("id:a",)), name="控え")), "写し、控え"),
        ((moved(Row(1, ("id:a", "id:b", "id:a"))),), "A列とC列"),
    ],
)
def test_no_table_or_several_is_told(sheets: tuple[Sheet, ...], sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        table(Book("xlsx", sheets))


# What the parser reads as an escape of an escape it decodes twice: nobody writes it by hand.
ESCAPES = re.compile("_x[0-9A-Fa-f]{4}_")
PIECES = st.sampled_from(
    [
        "=",
        "+",
        "@",
        "'",
        " ",
        "\n",
        "\t",
        "　",
        "あ",
        "葛\U000e0100",
        "𠮟",
        "👩‍💻",
        '<&>"',
        "_x",
        "#REF!",
        "id:x",
        "meta:a=b",
    ]
)
TEXTS = (
    st.lists(PIECES | st.text(st.characters(codec="utf-8", exclude_characters=["\r"]), max_size=6), max_size=8)
    .map("".join)
    .map(printable)
    .filter(lambda text: not ESCAPES.search(text))
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "ref": TEXTS,
        "name": TEXTS,
        "note": TEXTS,
        "start": st.dates(date(1900, 3, 1), date(9999, 12, 31)),
        "users": st.integers(-(10**14), 10**14),
        "rate": st.floats(-(10**14), 10**14).map(lambda n: float(f"{n:.15G}")),  # as many digits as a workbook keeps
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(VALUES, max_size=6), st.dictionaries(st.text(string.ascii_letters, min_size=1), TEXTS, max_size=3))
def test_what_was_written_is_read(rows: list[dict[str, str | int | float | date]], properties: dict[str, str]) -> None:
    properties = {name: value.replace("\n", " ") for name, value in properties.items()}
    columns = (*COLUMNS, Column("rate", "割合"))
    form = replace(FORM, columns=columns, rows=[FormRow(row) for row in rows], properties=properties)
    found = table(written(form))
    wanted = [
        (number, kept) for number, row in enumerate(rows, 8) if (kept := {k: v for k, v in row.items() if v != ""})
    ]
    assert [record.row for record in found.records] == [number for number, _ in wanted]
    assert values(found) == [kept for _, kept in wanted]
    assert found.metadata == properties
