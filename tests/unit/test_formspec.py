"""Form versions as data: what each asks, what it means by its words, and what a blank is."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from register.formspec.loader import from_canonical, load_form, load_library
from register.formspec.schema import FormSpec
from register.formspec.terms import round_terms, start_timing_code
from register.vocab import AnswerState, StartTiming
from tests.support.sources import ROOT

LIBRARY = load_library(ROOT / "config", "periodic")
V1, V2 = LIBRARY.versions["v1"], LIBRARY.versions["v2"]
BOTH = pytest.mark.parametrize("spec", [V1, V2], ids=["v1", "v2"])
AS_OF = dt.date(2025, 9, 30)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))
TYPES = {"line", "long", "choice", "date", "count"}
EVERYTHING_V2 = {
    "unit": "相談局",
    "title": "議事録の要約",
    "purpose": "職員が議事録の下書きを作る。",
    "usage_type": "G2",
    "start_timing": "1",
    "start_on": "2025-04-01",
    "user_scope": "1",
    "stage": "V",
    "confidentiality": "1",
    "goal_kind": "QN",
    "goal_text": "作成時間を半減",
    "output_type": "1",
    "model_usage": "商用LLM-A",
    "risk_case_count": 0,
}
MISSING, NOT_APPLICABLE = AnswerState.MISSING, AnswerState.NOT_APPLICABLE


def without(*names: str, **changed: str) -> dict[str, object]:
    """Return the full answers to form 2 with some left out and some changed."""
    return {name: answer for name, answer in (EVERYTHING_V2 | changed).items() if name not in names}


def definitions(spec: FormSpec) -> dict[str, str]:
    """Return what a version means by each usage type."""
    return {option.code: option.definition("ja") for option in spec.field("usage_type").options}


def test_the_library_has_both_versions_in_order() -> None:
    assert list(LIBRARY.versions) == [spec.version for spec in (V1, V2)] == ["v1", "v2"]
    assert LIBRARY.newest is V2
    assert {spec.form for spec in (V1, V2)} == {"periodic"}


def test_the_tenth_version_comes_after_the_second(tmp_path: Path) -> None:
    folder = tmp_path / "forms" / "periodic"
    folder.mkdir(parents=True)
    for version in ("v2", "v10"):
        lines = (f'form = "periodic"\nversion = "{version}"', 'title = { ja = "様式", en = "Form" }')
        (folder / f"{version}.toml").write_text("\n".join((*lines, "sections = []", "fields = []")))
    crosswalk = 'before = "v2"\nafter = "v10"\nsame = []\nfields = []'
    (folder / "crosswalk-v2-v10.toml").write_text(crosswalk)
    assert list(load_library(tmp_path, "periodic").versions) == ["v2", "v10"]


def test_form_1_asks_what_the_domain_says() -> None:
    assert [field.label("ja") for field in V1.questions] == [
        "部局・課室",
        "案件名",
        "利用用途",
        "利用類型",
        "利用開始時期",
        "利用開始（予定）日",
        "利用者の範囲",
        "導入段階",
        "追加学習の有無",
        "参照データの範囲",
        "リスクケース件数",
        "リスクケースの詳細",
    ]


def test_form_2_asks_what_the_domain_says() -> None:
    assert [field.label("ja") for field in V2.questions] == [
        "部局・課室",
        "案件名",
        "利用用途",
        "利用類型",
        "利用開始時期",
        "利用開始（予定）日",
        "利用者の範囲",
        "導入段階",
        "取扱情報の機密性",
        "成果目標",
        "成果目標の内容",
        "出力データの種類",
        "モデル利用状況",
        "リスクケース件数",
    ]


def test_what_form_2_dropped_and_added() -> None:
    dropped, added = set(V1.columns) - set(V2.columns), set(V2.columns) - set(V1.columns)
    assert dropped == {"additional_learning", "referenced_data", "risk_case_detail"}
    assert added == {"confidentiality", "goal_kind", "goal_text", "output_type", "model_usage"}
    assert not V2.has("additional_learning")
    with pytest.raises(KeyError):
        V2.field("additional_learning")


@BOTH
def test_a_row_is_named_by_its_number_and_its_ministry(spec: FormSpec) -> None:
    assert [field.id for field in spec.fields if field.identity] == ["case_no", "ministry"]
    assert spec.columns == tuple(field.id for field in spec.fields)
    assert len(set(spec.columns)) == len(spec.columns)


def test_form_1_defines_the_usage_types_as_it_was_printed() -> None:
    assert definitions(V1) == {
        "G1": "汎用的なテキスト生成AI利用",
        "G2": "業務に即したプロンプト等による生成AI利用",
        "S1": "業務特化したRAG等を活用する生成AI利用",
        "S2": "業務特化した追加学習や独自モデル開発等も視野に入れる生成AI利用",
    }


def test_form_2_defines_the_usage_types_as_it_was_printed() -> None:
    assert definitions(V2) == {
        "G1": "指示文やファイルを直接入力する形でのみ生成AIを利用している",
        "G2": "定型的な指示文やテンプレート、フォーマットを利用することで生成AIへの指示を行っている",
        "S1": "特定の業務データ等を参照させる形で、RAG等の技術を活用している",
        "S2": "特定の業務データ等を学習させる形で、ファインチューニングや強化学習を活用して独自モデルの開発等をしている",
        "OT": "",
    }


@BOTH
def test_every_field_is_whole(spec: FormSpec) -> None:
    sections = {section.id for section in spec.sections}
    for field in spec.fields:
        assert field.type in TYPES
        assert field.label("ja")
        assert field.label("en")
        assert field.section in sections
        assert bool(field.help("ja")) == bool(field.help("en"))
        assert bool(field.options) == (field.type == "choice")
        assert bool(field.max_chars) == (field.type in {"line", "long"})
    assert {field.section for field in spec.fields} == sections
    assert len(sections) == len(spec.sections)


@BOTH
def test_conditions_ask_only_codes_that_their_field_has(spec: FormSpec) -> None:
    for field in spec.fields:
        for condition in filter(None, (field.exempt, field.asked)):
            assert set(condition.codes) <= spec.field(condition.field).codes
            assert condition.field != field.id


@BOTH
def test_a_version_read_back_from_its_canonical_form_is_the_same(spec: FormSpec) -> None:
    again = from_canonical(spec.canonical)
    assert again == spec
    assert again.digest == spec.digest


def turned(value: object) -> str:
    """Return a plain value in TOML, the keys of its tables in the opposite order."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {turned(item)}" for key, item in reversed(value.items())) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(turned(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'


def rewritten(path: Path, folder: Path) -> Path:
    """Write the form in ``path`` and the code lists with every key in the opposite order; return the new form."""
    for old in [path, *(ROOT / "config" / "codes").glob("*.toml")]:
        new = folder / old.relative_to(ROOT / "config")
        new.parent.mkdir(parents=True, exist_ok=True)
        raw = tomllib.loads(old.read_text(encoding="utf-8"))
        new.write_text("".join(f"{key} = {turned(value)}\n" for key, value in reversed(raw.items())), encoding="utf-8")
    return folder / path.relative_to(ROOT / "config")


@BOTH
def test_the_digest_does_not_hang_on_the_order_of_keys(spec: FormSpec, tmp_path: Path) -> None:
    written = rewritten(ROOT / "config" / "forms" / "periodic" / f"{spec.version}.toml", tmp_path)
    assert load_form(written).digest == spec.digest


def label(plain: dict[str, Any]) -> None:
    """Change a question's label."""
    plain["fields"][2]["ja"] += "等"


def duty(plain: dict[str, Any]) -> None:
    """Ask a question only of those who care."""
    plain["fields"][2]["required"] = False


def meaning(plain: dict[str, Any]) -> None:
    """Change what the first option of a question means."""
    next(field for field in plain["fields"] if field["id"] == "usage_type")["options"][0]["definition"]["ja"] += "等"


def order(plain: dict[str, Any]) -> None:
    """Change the order of the columns."""
    plain["fields"].reverse()


@BOTH
@pytest.mark.parametrize("change", [label, duty, meaning, order], ids=lambda change: change.__name__)
def test_the_digest_changes_with_what_is_asked(spec: FormSpec, change: Callable[[dict[str, Any]], None]) -> None:
    plain = json.loads(spec.canonical)
    change(plain)
    changed = from_canonical(rfc8785.dumps(plain))
    assert changed != spec
    assert changed.digest != spec.digest


def test_a_row_with_every_answer_has_no_blank() -> None:
    assert V2.states(EVERYTHING_V2) == {}


@pytest.mark.parametrize(
    ("answers", "blanks"),
    [
        (without("confidentiality"), {"confidentiality": MISSING}),
        (without("risk_case_count"), {"risk_case_count": MISSING}),
        (without("start_on"), {"start_on": NOT_APPLICABLE}),
        # 汎用型１ need not answer these three; any other type must.
        (without("output_type"), {"output_type": MISSING}),
        (without("output_type", usage_type="G1"), {"output_type": NOT_APPLICABLE}),
        (without("model_usage", usage_type="G1"), {"model_usage": NOT_APPLICABLE}),
        (without("user_scope", usage_type="G1"), {"user_scope": MISSING}),
        (without("output_type", "usage_type"), {"output_type": MISSING, "usage_type": MISSING}),
        # The text of a goal is asked only of those who have one.
        (without("goal_text"), {"goal_text": MISSING}),
        (without("goal_text", goal_kind="QL"), {"goal_text": MISSING}),
        (without("goal_text", goal_kind="NO"), {"goal_text": NOT_APPLICABLE}),
        (without("goal_text", "goal_kind"), {"goal_text": NOT_APPLICABLE, "goal_kind": MISSING}),
        (without("goal_text", goal_kind="QN", usage_type="G1"), {"goal_text": MISSING}),
        (
            without("goal_text", "goal_kind", usage_type="G1"),
            {"goal_text": NOT_APPLICABLE, "goal_kind": NOT_APPLICABLE},
        ),
    ],
)
def test_a_blank_is_an_omission_or_does_not_apply(answers: dict[str, object], blanks: dict[str, AnswerState]) -> None:
    assert V2.states(answers) == blanks


@BOTH
def test_an_empty_row_leaves_every_question_blank_and_no_identity(spec: FormSpec) -> None:
    states = spec.states({})
    assert set(states) == {field.id for field in spec.questions}
    assert set(states.values()) <= {MISSING, NOT_APPLICABLE}


def test_an_empty_row_of_form_1_omits_all_but_what_need_not_be_said() -> None:
    blank = {name for name, state in V1.states({}).items() if state is NOT_APPLICABLE}
    assert blank == {"start_on", "referenced_data", "risk_case_detail"}


@given(st.sets(st.sampled_from(sorted(EVERYTHING_V2))), st.sampled_from(sorted(V2.field("usage_type").codes)))
@settings(max_examples=100, deadline=None)
def test_every_question_is_either_answered_or_has_a_state(left_out: set[str], usage_type: str) -> None:
    answers = without(*left_out, usage_type=usage_type)
    states = V2.states(answers)
    assert set(states) | set(answers) == {field.id for field in V2.questions}
    assert not set(states) & set(answers)
    exempt = {"goal_kind", "output_type", "model_usage"}
    for name in exempt & set(states):
        assert states[name] is (NOT_APPLICABLE if answers.get("usage_type") == "G1" else MISSING)


@pytest.mark.parametrize(
    ("as_of", "labels"),
    [
        (
            AS_OF,
            [
                "利用開始済み",
                "令和7年中に利用開始予定",
                "令和7年度中に利用開始予定",
                "令和8年度以降に利用開始予定",
                "未定",
            ],
        ),
        (
            dt.date(2026, 2, 28),
            [
                "利用開始済み",
                "令和8年中に利用開始予定",
                "令和7年度中に利用開始予定",
                "令和8年度以降に利用開始予定",
                "未定",
            ],
        ),
        (
            dt.date(2019, 6, 30),
            [
                "利用開始済み",
                "令和元年中に利用開始予定",
                "令和元年度中に利用開始予定",
                "令和2年度以降に利用開始予定",
                "未定",
            ],
        ),
    ],
)
def test_the_years_in_the_labels_move_with_the_round(as_of: dt.date, labels: list[str]) -> None:
    timing = V2.field("start_timing")
    assert [option.label("ja", round_terms(as_of)) for option in timing.options] == labels


def test_the_printed_labels_carry_their_number() -> None:
    terms = round_terms(AS_OF)
    timing = V2.field("start_timing")
    assert timing.option("1").print_label("ja", terms) == "１．利用開始済み"
    assert timing.option("2").print_label("ja", terms) == "２．令和7年中に利用開始予定"
    assert timing.option("2").print_label("en", terms) == "2. To start within 2025"
    assert timing.option("3").label("en", terms) == "To start within the fiscal year (April 2025 to March 2026)"
    assert timing.option("4").label("en", terms) == "To start in or after April 2026"
    assert V2.field("usage_type").option("G1").print_label("ja", terms) == "汎用型１"


@pytest.mark.parametrize(
    ("planned", "code"),
    [
        (dt.date(2023, 4, 1), "1"),
        (AS_OF, "1"),
        (dt.date(2025, 10, 1), "2"),
        (dt.date(2025, 12, 31), "2"),
        (dt.date(2026, 1, 1), "3"),
        (dt.date(2026, 3, 31), "3"),
        (dt.date(2026, 4, 1), "4"),
        (dt.date(2030, 1, 1), "4"),
    ],
)
def test_the_planned_day_gives_the_answer_to_when_use_starts(planned: dt.date, code: str) -> None:
    assert start_timing_code(planned, AS_OF) is StartTiming(code)


@pytest.mark.parametrize(
    ("planned", "code"),
    [(dt.date(2026, 3, 1), "2"), (dt.date(2026, 3, 31), "2"), (dt.date(2026, 4, 1), "4"), (dt.date(2026, 12, 31), "4")],
)
def test_at_the_end_of_a_fiscal_year_its_end_comes_before_the_years(planned: dt.date, code: str) -> None:
    assert start_timing_code(planned, dt.date(2026, 2, 28)) is StartTiming(code)


@given(DAYS, DAYS, st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_a_later_day_never_gives_an_earlier_answer(as_of: dt.date, planned: dt.date, later: int) -> None:
    first = start_timing_code(planned, as_of)
    second = start_timing_code(planned + dt.timedelta(days=later), as_of)
    assert first <= second
    assert (first == StartTiming.STARTED) == (planned <= as_of)
    assert StartTiming.UNDECIDED not in (first, second)
