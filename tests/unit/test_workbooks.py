"""Forms without a database: what a cell may hold, and every fault told at its place."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from register.formats import form_xlsx
from register.formats.workbook import ErrorValue, letters
from register.formspec.terms import round_terms
from register.queries.answers import known
from register.queries.uploads import Content
from register.services import workbooks
from register.services.workbook_cells import Cells, WrongCell, text_of
from register.services.workbook_diff import compare
from register.services.workbook_rows import open_file
from register.vocab import Confirmation, Fate
from tests.support.contents import AS_OF, FORMS, NOW, SPEC, TODAY, content, diff_of, item, written
from tests.support.form_files import SPEECH, FormFile


def told(held: Content, file: FormFile) -> list[tuple[str, str]]:
    """Return the troubles of a file: the cell and the reason."""
    found = diff_of(held, file.xlsx()).troubles
    return [(f"{one.column}{one.row or ''}", str(one.reason)) for one in found]


def test_no_question_is_called_like_a_column_of_the_workbook() -> None:
    own = {*workbooks.OWN, *workbooks.PLAIN_META}
    asked = {name for spec in FORMS.versions.values() for name in spec.columns}
    assert own & asked == set()


# What a cell may hold.


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (dt.date(2025, 9, 30), "2025-09-30"),
        (dt.datetime(2025, 9, 30), "2025-09-30"),
        ("令和７年９月３０日", "2025-09-30"),
        ("R7.9.30", "2025-09-30"),
        ("平成31年4月30日", "2019-04-30"),
        ("2025/9/30", "2025-09-30"),
        (20250930, "2025-09-30"),
        ("  ", None),
        (None, None),
    ],
)
def test_a_day_is_read_in_every_form(cell: Any, day: str | None) -> None:
    assert Cells(SPEC.questions, round_terms(AS_OF)).answer(SPEC.field("start_on"), cell, None) == day


@pytest.mark.parametrize("cell", [45930, "9月30日", dt.datetime(2025, 9, 30, 12, 30), "平成31年5月1日", True, 0.5])
def test_what_is_no_day_is_told(cell: Any) -> None:
    with pytest.raises(WrongCell, match="日付として読めません"):
        Cells(SPEC.questions, round_terms(AS_OF)).answer(SPEC.field("start_on"), cell, None)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("1", "1"), (1, "1"), ("２", "2"), ("利用開始済み", "1"), ("令和７年中に利用開始予定", "2"), ("Undecided", "5"),
     ("５．未定", "5"), (" ", None)],
)  # fmt: skip
def test_a_choice_is_read_by_any_of_its_names(cell: Any, code: str | None) -> None:
    assert Cells(SPEC.questions, round_terms(AS_OF)).answer(SPEC.field("start_timing"), cell, None) == code


@pytest.mark.parametrize(("cell", "count"), [(3, 3), ("３", 3), ("1,200", 1200), (0, 0)])
def test_a_count_is_read_in_any_width(cell: Any, count: int) -> None:
    assert Cells(SPEC.questions, round_terms(AS_OF)).answer(SPEC.field("risk_case_count"), cell, None) == count


@pytest.mark.parametrize("cell", [-1, 1.5, "3件", True, 10**9])
def test_what_is_no_count_is_told(cell: Any) -> None:
    with pytest.raises(WrongCell, match="件数として読めません"):
        Cells(SPEC.questions, round_terms(AS_OF)).answer(SPEC.field("risk_case_count"), cell, None)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(12, "12"), (0.1, "0.1"), (1e-7, "0.0000001"), (1e22, "10000000000000000000000"), (True, "TRUE"), ("0012", "0012"),
     (dt.date(2025, 9, 30), "2025-09-30"), (dt.datetime(2025, 9, 30, 9, 5), "2025-09-30 09:05:00"), (None, "")],
)  # fmt: skip
def test_a_number_among_texts_keeps_its_look(cell: Any, text: str) -> None:
    assert text_of(cell) == text


def test_a_text_that_is_too_long_is_told() -> None:
    with pytest.raises(WrongCell) as caught:
        Cells(SPEC.questions, {}).answer(SPEC.field("title"), "字" * 201, None)
    assert str(caught.value.mend) == "200文字以内で入力してください。"


# What is told of a file and of its rows.

TWO = (item(1, carried={"title": "題一"}), item(2, carried={"title": "題二"}))


@pytest.fixture
def file() -> FormFile:
    """The form of two cases."""
    return FormFile(written(content(*TWO)))


def test_where_a_file_belongs_is_looked_at_first(file: FormFile) -> None:
    held = content(*TWO)
    file.set("a-2025-0001", start_on="いつか")
    assert told(held, file.meta("ministry", "b")) == [
        ("", "ほかの府省庁の様式です（b）。この提出は府省庁Aのものです。")
    ]
    file.meta("round", "2025-1")
    assert [reason for _, reason in told(held, file)][1] == "ほかの回の様式です（2025-1）。この提出は2025-3のものです。"
    assert told(held, file.meta("form", "")) == [
        ("", "どの回の、どの府省庁の様式かが分かりません（管理用の行または列が消えています）。")
    ]


def test_a_file_of_an_older_form_names_what_changed(file: FormFile) -> None:
    older = FORMS.versions["v1"]
    held = content(*TWO)
    opened = open_file(file.meta("form", older.digest).xlsx(), "form.xlsx")
    reasons = [str(one.reason) for one in compare(opened, held, older, TODAY).troubles]
    assert reasons[0] == "前の版の様式です（v1）。この回の様式はv2です。"
    assert "説明、選択肢または定義が変わった項目：利用類型" in reasons
    assert [reason for reason in reasons if "%(" in reason] == []
    assert [str(one.reason) for one in compare(opened, held, None, TODAY).troubles] == ["この台帳にない版の様式です。"]


def test_columns_that_are_missing_or_unknown_are_named(file: FormFile) -> None:
    ids = file.table.ids_row
    columns = file.table.columns
    file.cells[ids, columns["unit"]] = "id:memo"
    del file.cells[ids, columns["version"]]
    assert [reason for _, reason in told(content(*TWO), file)] == [
        "「部局・課室」の列がありません。",
        "この回の様式にない列です（memo）。",
    ]


def test_numbers_that_are_foreign_or_repeated_are_told(file: FormFile) -> None:
    file.add(case_no="a-2024-0009", title="題").add(case_no="ａ－２０２５－０００１", title="題一")
    row = file.rows["a-2025-0001"]
    assert told(content(*TWO), file) == [
        (f"A{row + 2}", "この回の、この府省庁の案件番号ではありません。"),
        (f"A{row + 3}", f"同じ案件番号の行が2つあります（{row}行目）。"),
    ]


def test_another_ministry_in_a_row_is_told(file: FormFile) -> None:
    file.set("a-2025-0001", ministry="府省庁B").set("a-2025-0002", ministry="Ministry A")
    assert told(content(*TWO), file) == [(file.place("a-2025-0001", "ministry"), "ほかの府省庁の名称です。")]


def test_formulas_merged_cells_and_hidden_rows_are_told(file: FormFile) -> None:
    first, second = file.rows["a-2025-0001"], file.rows["a-2025-0002"]
    file.formulas[first, file.table.columns["unit"]] = "=A1"
    file.hidden_rows.add(second)
    file.merged.append(f"F{second}:G{second}")
    file.hidden_columns.add(file.table.columns["purpose"])
    assert told(content(*TWO), file) == [
        (letters(file.table.columns["purpose"]), "表示されていない列です。"),
        (file.place("a-2025-0001", "unit"), "数式が入力されています。"),
        (f"{second}", "表示されていない行に値があります。"),
        (f"F{second}", "結合されたセルがあります。"),
    ]


def test_a_hidden_sheet_is_told_but_for_our_own_lists(file: FormFile) -> None:
    assert told(content(*TWO), file) == []
    file.others[1] = replace(file.others[1], rows=file.table.sheet.rows[-1:])
    assert [reason for _, reason in told(content(*TWO), file)] == ["表示されていないシートに値があります。"]


def test_an_error_value_is_told() -> None:
    held = content(item(1, carried={"title": "題"}))
    opened = open_file(written(held), "form.xlsx")
    record = opened.table.records[0]
    cells = {**record.cells, "unit": ErrorValue("#REF!")}
    table = replace(opened.table, records=(replace(record, cells=cells),))
    found = compare(replace(opened, table=table), held, None, TODAY).troubles
    assert [(one.field, str(one.reason), one.value) for one in found] == [("unit", "エラーの値です。", "#REF!")]


def test_answers_whose_definition_changed_are_chosen_again() -> None:
    again = {"confidentiality": "split"}
    mapping: dict[str, Any] = {"title": {"by": "automatic"}}
    held = content(item(1, carried={"title": "題", "confidentiality": "2"}, recheck=again, mapping=mapping))
    file = FormFile(written(held))
    one = "a-2025-0001"
    label = SPEC.field("confidentiality").option("2").label("ja")
    assert file.at(one, "confidentiality") is None
    assert file.at(one, "again") == f"取扱情報の機密性（前回：{label}）"
    file.set(one, confirmation="変更なし")
    assert told(held, file) == [(file.place(one, "confidentiality"), "様式の定義が変わった項目です。")]
    file.set(one, confirmation="変更あり", confidentiality="3")
    assert told(held, file) == [
        (file.place(one, "confidentiality"), "前回と違う回答です。変わった理由を選んでください。")
    ]
    diff = diff_of(held, file.set(one, cause="定義が変わったため").xlsx())
    outcome = diff.steps[0].outcome
    assert outcome.recheck == {}
    assert outcome.mapping["confidentiality"] == {"by": "ministry", "kind": "split", "cause": "definition"}
    same = diff_of(held, file.set(one, confirmation="変更なし", confidentiality="2", cause=None).xlsx())
    assert same.steps[0].outcome.confirmation is Confirmation.UNCHANGED


def test_a_question_that_the_last_form_did_not_have_is_asked() -> None:
    held = content(item(1, carried={"title": "題"}), fresh=frozenset({"purpose"}))
    file = FormFile(written(held)).set("a-2025-0001", confirmation="変更なし")
    assert told(held, file) == [
        (file.place("a-2025-0001", "purpose"), "前回の回答がなく、この回に答えが要る項目です。")
    ]
    diff = diff_of(held, file.set("a-2025-0001", purpose="用途").xlsx())
    assert diff.steps[0].fate is Fate.CHANGED


def test_every_wrong_cell_of_a_row_is_told_at_once(file: FormFile) -> None:
    one = "a-2025-0001"
    wrong = {"ministry": "府省庁B", "confirmation": "済", "ended_on": "いつか", "unit": "字" * 201, "start_on": "9月"}
    file.set(one, **wrong)
    assert {at for at, _ in told(content(*TWO), file)} == {file.place(one, name) for name in wrong}


def test_rows_that_are_not_there_stay_as_they_are(file: FormFile) -> None:
    for name in file.table.columns:
        file.put(file.rows["a-2025-0002"], **{name: None})
    diff = diff_of(content(*TWO), file.xlsx())
    assert (diff.untouched, diff.absent, list(diff.troubles)) == (1, 1, [])


def test_a_case_that_changed_since_the_download_is_marked() -> None:
    before = content(item(1, carried={"title": "題"}))
    file = FormFile(written(before)).set("a-2025-0001", unit="課")
    after = content(item(1, carried={"title": "題"}, version=2))
    assert [step.moved for step in diff_of(before, file.xlsx()).steps] == [False]
    assert [step.moved for step in diff_of(after, file.xlsx()).steps] == [True]
    assert diff_of(before, file.xlsx()).sha256 != diff_of(after, file.xlsx()).sha256


def test_more_than_can_be_taken_over_at_once_is_told(monkeypatch: pytest.MonkeyPatch, file: FormFile) -> None:
    monkeypatch.setattr("register.services.workbook_diff.MOST", 1)
    file.set("a-2025-0001", unit="課").set("a-2025-0002", unit="課")
    assert [reason for _, reason in told(content(*TWO), file)] == [
        "一度に取り込めるのは1件までです（この様式では2件）。"
    ]


def test_the_workbook_that_goes_back_keeps_what_was_handed_in(file: FormFile) -> None:
    held = content(*TWO)
    file.set("a-2025-0001", unit=True, start_on="いつか")
    opened = open_file(file.xlsx(), "form.xlsx")
    problem = form_xlsx.Problem("日付ではありません。", "start_on")
    row = opened.table.records[0].row
    back = workbooks.reasons(opened.table, held, SPEECH, {row: [problem]}, ["全体について"])
    returned = FormFile(form_xlsx.write(back, created=NOW))
    assert returned.table.metadata == opened.table.metadata
    assert (returned.at("a-2025-0001", "start_on"), returned.at("a-2025-0001", "unit")) == ("いつか", "True")
    assert returned.table.sheet.at(2, 1) == "全体について"


def test_the_table_for_machines_speaks_in_codes() -> None:
    held = content(
        item(1, carried={"title": "=題", "usage_type": "G1", "risk_case_count": 0, "start_on": "2025-04-01"})
    )
    lines = workbooks.plain(held, NOW).decode("utf-8-sig").split("\r\n")
    assert lines[0].startswith("case_no,ministry,unit,title,purpose,usage_type")
    assert lines[1].startswith("a-2025-0001,府省庁A,,'=題,,G1,,2025-04-01")
    assert f",{SPEC.digest}," in lines[1]
    assert known(held.items[0])["title"] == "=題"
