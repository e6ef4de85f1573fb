"""Reading a round's file: every bad place with line, column, value and reason; nothing lost, nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from register.errors import ImportRejected, RowProblem
from register.services.round_file import FileItem, read_items
from tests.support.round_files import FORMS, file_of, reference

SPEC = FORMS["v2"]
COLUMNS = list(SPEC.columns)


def problems(data: bytes, **more: object) -> tuple[RowProblem, ...]:
    """Return what is wrong with ``data``."""
    with pytest.raises(ImportRejected) as refused:
        read_items(data, SPEC, **more)  # type: ignore[arg-type]
    return refused.value.problems


def places(data: bytes) -> list[tuple[int, str, str]]:
    """Return where ``data`` is wrong and what stands there."""
    return [(problem.line, problem.column, problem.value) for problem in problems(data)]


@pytest.mark.parametrize(("number", "version", "count"), [(1, "v1", 188), (2, "v2", 306)])
def test_the_reference_rounds_are_read_whole(number: int, version: str, count: int) -> None:
    items = read_items(reference(number), FORMS[version])
    assert len(items) == count
    for item in items:
        assert set(item.answers) | set(item.states) == {field.id for field in FORMS[version].questions}
        assert not set(item.answers) & set(item.states)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_the_encoding_makes_no_difference(encoding: str) -> None:
    text = reference(2).decode("utf-8-sig")
    assert read_items(text.encode(encoding), SPEC) == read_items(reference(2), SPEC)


def test_the_order_of_the_columns_is_free() -> None:
    assert read_items(file_of({}, columns=COLUMNS[::-1]), SPEC) == read_items(file_of({}), SPEC)


def test_text_comes_back_as_written() -> None:
    purpose = '第１段落：①㈱ﾌﾟﾛﾝﾌﾟﾄ\n第２段落、"引用"とカンマ,そして〜'
    (item,) = read_items(file_of({"purpose": purpose, "title": "ﾊﾝｶｸ　全角 A"}), SPEC)
    assert item.answers["purpose"] == purpose
    assert item.answers["title"] == "ﾊﾝｶｸ　全角 A"


def test_codes_dates_and_counts_are_read_in_any_width() -> None:
    row = {"usage_type": "汎用型2", "start_on": "令和７年９月３０日", "risk_case_count": "１２", "stage": "Ｒ"}
    (item,) = read_items(file_of(row), SPEC)
    read = {name: item.answers[name] for name in row}
    assert read == {"usage_type": "G2", "start_on": "2025-09-30", "risk_case_count": 12, "stage": "R"}


def test_a_blank_has_a_state() -> None:
    blank = dict.fromkeys(("stage", "goal_kind", "output_type", "model_usage", "start_on"), "")
    general, special = read_items(
        file_of(blank | {"usage_type": "G1"}, blank | {"usage_type": "S1", "case_no": "a-2"}), SPEC
    )
    assert general.states["stage"] == special.states["stage"] == "missing"
    assert general.states["output_type"] == "not_applicable"
    assert special.states["output_type"] == "missing"
    assert special.states["start_on"] == "not_applicable"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("usage_type", "G9"),
        ("stage", "常用段階のつもり"),
        ("start_on", "2025-02-30"),
        ("start_on", "平成31年5月1日"),
        ("start_on", "1900-01-01"),
        ("risk_case_count", "-1"),
        ("risk_case_count", "2件"),
        ("title", "長" * 201),
        ("case_no", "a" * 65),
        ("case_no", " "),
        ("ministry", ""),
        ("title", "　"),
    ],
)
def test_a_bad_value_is_told_with_its_place(column: str, value: str) -> None:
    assert places(file_of({"case_no": "a-1"}, {column: value})) == [(3, column, value)]


def test_every_bad_place_is_told_at_once() -> None:
    data = file_of({"usage_type": "X", "start_on": "いつか"}, {"case_no": "a-2", "stage": "Z"}, {"case_no": "a-3"})
    assert places(data) == [(2, "usage_type", "X"), (2, "start_on", "いつか"), (3, "stage", "Z")]


def test_the_line_is_that_of_the_file() -> None:
    data = file_of({"purpose": "一行目\n二行目\n三行目"}, {"case_no": "a-2", "stage": "Z"})
    assert places(data) == [(5, "stage", "Z")]


def test_a_case_stands_once_per_ministry_in_any_width() -> None:
    data = file_of(
        {"case_no": "a-1"}, {"case_no": "ａ－１", "ministry": "府省庁Ａ"}, {"case_no": "a-1", "ministry": "府省庁B"}
    )
    assert places(data) == [(3, "case_no", "ａ－１")]


def test_a_repeated_case_is_told_beside_other_mistakes() -> None:
    assert places(file_of({"stage": "Z"}, {})) == [(2, "stage", "Z"), (3, "case_no", "a-2025-0001")]


def test_unknown_ministries_are_told_row_by_row() -> None:
    data = file_of({}, {"ministry": "府省庁Z", "stage": "Q"})
    assert [(p.line, p.column) for p in problems(data, ministries={"府省庁A"})] == [(3, "stage"), (3, "ministry")]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([*COLUMNS, "extra"], [(1, "extra")]),
        (COLUMNS[:-1], [(1, COLUMNS[-1])]),
        ([*COLUMNS, "title"], [(1, "title")]),
        ([*COLUMNS, ""], [(1, "")]),
        ([name if name != "stage" else "段階" for name in COLUMNS], [(1, "段階"), (1, "stage")]),
    ],
)
def test_the_heading_is_the_form(columns: list[str], expected: list[tuple[int, str]]) -> None:
    assert [(line, column) for line, column, _ in places(file_of({}, columns=columns))] == expected


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", file_of()])
def test_a_file_without_cases_is_refused(data: bytes) -> None:
    assert len(problems(data)) == 1


def test_a_row_of_another_length_is_told() -> None:
    data = file_of({}) + b"a-2,only,three\r\n"
    assert [(line, column) for line, column, _ in places(data)] == [(3, "")]


GOOD = file_of({"purpose": '二行の\n"用途"'}, {"case_no": "a-2", "usage_type": "G1", "start_timing": ""})
EDITS = st.lists(
    st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.binary(max_size=6)), min_size=1, max_size=6
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_no_mutation_of_the_bytes_crashes(edits: list[tuple[int, int, bytes]]) -> None:
    data = GOOD
    for at, length, new in edits:
        data = data[:at] + new + data[at + length :]
    read: tuple[FileItem, ...] | tuple[RowProblem, ...]
    try:
        read = read_items(data, SPEC)
    except ImportRejected as refused:
        read = refused.problems
    assert read
    assert all(one.line >= 1 and (str(one.reason) if isinstance(one, RowProblem) else one.case_no) for one in read)
