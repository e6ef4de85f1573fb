"""Answers: what each type of field reads, shows, puts into a cell, and the sentence with which it refuses."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.clock import era_date
from register.formspec.loader import load_library
from register.formspec.schema import Field
from register.formspec.terms import round_terms
from register.formspec.types import LARGEST_COUNT, TYPES, BadValue, cell, parse, show
from tests.support.sources import ROOT

LIBRARY = load_library(ROOT / "config", "periodic")
V1, V2 = LIBRARY.versions["v1"], LIBRARY.versions["v2"]
USAGE, SCOPE, TIMING = V2.field("usage_type"), V2.field("user_scope"), V2.field("start_timing")
LEARNING = V1.field("additional_learning")
DAY, COUNT, LINE, LONG = V2.field("start_on"), V2.field("risk_case_count"), V2.field("title"), V2.field("purpose")
CHOICES = [(field, option.code) for field in V2.fields for option in field.options]
NO_DAY = "日付として読めません。2025-09-30 や 令和7年9月30日 のように入力してください。"
NO_COUNT = "0以上の整数を入力してください。"


def refusal(field: Field, text: str) -> str:
    """Return the sentence with which ``field`` refuses ``text``."""
    with pytest.raises(BadValue) as refused:
        parse(field, text)
    assert list(refused.value.fields) == ["value"]
    assert refused.value.fields["value"] == refused.value.sentence
    return str(refused.value)


def test_every_field_of_every_version_has_a_type() -> None:
    assert {field.type for spec in LIBRARY.versions.values() for field in spec.fields} <= set(TYPES)


@pytest.mark.parametrize("field", [USAGE, DAY, COUNT, LINE, LONG], ids=lambda field: field.id)
@pytest.mark.parametrize("blank", ["", " ", "　", "\r\n", "\t　"])
def test_a_blank_is_no_answer(field: Field, blank: str) -> None:
    assert parse(field, blank) is None


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        (USAGE, "汎用型1", "G1"),
        (USAGE, "汎用型１", "G1"),
        (USAGE, "G1", "G1"),
        (USAGE, "ｇ１", "G1"),
        (USAGE, "General-purpose 1", "G1"),
        (USAGE, "general‐purpose 1", "G1"),
        (USAGE, " 特化型 ２ ", "S2"),
        (USAGE, "その他", "OT"),
        (SCOPE, "1", "1"),
        (SCOPE, "１", "1"),
        (SCOPE, "１．単一府省庁のみ-課室単位以下", "1"),
        (SCOPE, "単一府省庁のみ－課室単位以下", "1"),
        (SCOPE, "外部(特定少数)", "6"),
        (SCOPE, "８", "8"),
        (TIMING, "利用開始済み", "1"),
        (TIMING, "５．未定", "5"),
        (LEARNING, "有", "有"),
        (LEARNING, "No", "無"),
    ],
)
def test_a_choice_is_read_by_its_code_or_label_in_any_width(field: Field, text: str, code: str) -> None:
    assert parse(field, text) == code


@pytest.mark.parametrize(("field", "code"), CHOICES, ids=lambda value: getattr(value, "id", value))
def test_every_choice_is_read_by_each_of_its_names(field: Field, code: str) -> None:
    option = field.option(code)
    for name in (option.code, option.label("ja"), option.label("en"), option.print_label("ja")):
        assert parse(field, name) == code


@pytest.mark.parametrize("code", ["2", "3", "4"])
def test_an_answer_about_years_shows_those_of_its_round(code: str) -> None:
    terms = round_terms(dt.date(2025, 9, 30))
    assert "令和" in show(TIMING, code, "ja", terms)
    assert "20" in show(TIMING, code, "en", terms)


@pytest.mark.parametrize("text", ["汎用型", "汎用型3", "G3", "1", "G1,G2", "はい", "0"])
def test_what_is_no_choice_is_refused_with_the_codes_that_are(text: str) -> None:
    said = "選択肢にない値です。次のいずれかを入力してください：G1、G2、S1、S2、OT"
    assert refusal(USAGE, text) == said


def test_a_choice_that_a_version_does_not_have_is_refused() -> None:
    said = "選択肢にない値です。次のいずれかを入力してください：G1、G2、S1、S2"
    assert refusal(V1.field("usage_type"), "その他") == said


@pytest.mark.parametrize(
    "text", ["令和７年９月３０日", "R7.9.30", "2025/9/30", "20250930", "2025-09-30", "　２０２５年９月３０日 "]
)
def test_a_day_is_stored_in_one_form(text: str) -> None:
    assert parse(DAY, text) == "2025-09-30"


@pytest.mark.parametrize(
    "text", ["平成31年5月1日", "2025-13-01", "2025-02-30", "未定", "令和7年", "1900-01-01", "45930"]
)
def test_what_is_no_day_is_refused_with_an_example(text: str) -> None:
    assert refusal(DAY, text) == NO_DAY


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("３", 3), ("1,234", 1234), ("１，２３４", 1234), (" 12 ", 12), ("007", 7), ("1000000", LARGEST_COUNT)],
)
def test_a_count_is_read_in_any_width(text: str, count: int) -> None:
    assert parse(COUNT, text) == count


@pytest.mark.parametrize(
    "text", ["-1", "−1", "1.5", "1000001", "9" * 5000, "なし", "3件", "1e3", "三", "٣", "①件", "½"]
)
def test_what_is_no_count_is_refused(text: str) -> None:
    assert refusal(COUNT, text) == NO_COUNT


def test_zero_is_an_answer() -> None:
    assert parse(COUNT, "0") is not None


@pytest.mark.parametrize(
    ("field", "longest"), [(LINE, 200), (LONG, 4000), (V2.field("model_usage"), 1000), (V2.field("case_no"), 64)]
)
def test_a_text_is_refused_only_when_it_is_too_long(field: Field, longest: int) -> None:
    assert parse(field, f" {'字' * longest}\n") == "字" * longest
    assert refusal(field, "字" * (longest + 1)) == f"{longest}文字以内で入力してください。"


def test_a_text_is_kept_as_written() -> None:
    written = "㈱①と汎用型1を\r\nﾌﾟﾛﾝﾌﾟﾄで\x07使う"
    assert parse(LONG, written) == "㈱①と汎用型1を\nﾌﾟﾛﾝﾌﾟﾄで使う"
    assert parse(LINE, written) == "㈱①と汎用型1を ﾌﾟﾛﾝﾌﾟﾄで使う"


@pytest.mark.parametrize(
    ("field", "answer", "ja", "en", "in_cell"),
    [
        (USAGE, "G1", "汎用型１", "General-purpose 1", "G1"),
        (SCOPE, "7", "外部（不特定多数）", "Outside users: the public", "7"),
        (DAY, "2025-09-30", "令和7年9月30日", "30 September 2025", dt.date(2025, 9, 30)),
        (DAY, "2019-05-01", "令和元年5月1日", "1 May 2019", dt.date(2019, 5, 1)),
        (COUNT, 0, "0", "0", 0),
        (COUNT, 1234, "1,234", "1,234", 1234),
        (LINE, "議事録の要約", "議事録の要約", "議事録の要約", "議事録の要約"),
        (LONG, "一行目\n二行目", "一行目\n二行目", "一行目\n二行目", "一行目\n二行目"),
    ],
)
def test_an_answer_is_shown_to_people_and_put_into_cells_for_machines(
    field: Field, answer: str | int, ja: str, en: str, in_cell: object
) -> None:
    assert show(field, answer, "ja") == ja
    assert show(field, answer, "en") == en
    assert cell(field, answer) == in_cell
    assert type(cell(field, answer)) is type(in_cell)


@given(st.dates(dt.date(1926, 12, 25), dt.date(2117, 12, 31)))
@settings(max_examples=100, deadline=None)
def test_a_shown_day_is_read_as_the_same_answer(day: dt.date) -> None:
    answer = parse(DAY, day.isoformat())
    assert answer == day.isoformat()
    assert show(DAY, answer, "ja") == era_date(day)
    assert parse(DAY, show(DAY, answer, "ja")) == answer
    assert cell(DAY, answer) == day


@given(st.integers(0, LARGEST_COUNT))
@settings(max_examples=100, deadline=None)
def test_a_shown_count_is_read_as_the_same_answer(count: int) -> None:
    assert parse(COUNT, show(COUNT, count, "ja")) == count == cell(COUNT, count)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_an_answer_that_can_be_shown_or_a_bad_value(text: str) -> None:
    for field in (USAGE, DAY, COUNT, replace(LINE, max_chars=30), replace(LONG, max_chars=30)):
        try:
            answer = parse(field, text)
        except BadValue:
            continue
        assert answer is None or show(field, answer, "ja")
