"""The code lists word for word, the roster of the bodies, and the check digit of their numbers."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from register.formspec.codes import is_corporate_number, load_roster
from register.text import code_key
from register.vocab import Stage, StartTiming
from tests.support.sources import ROOT

CONFIG = ROOT / "config"
LISTS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["codes"]
    for path in (CONFIG / "codes").glob("*.toml")
    if not path.stem.startswith("incident_")  # tests/unit/test_risk_terms.py
}
ROSTER = load_roster(CONFIG)
PROPERTY = settings(max_examples=200, deadline=None)
KEYS = [
    "cas",
    "clb",
    "jinji",
    "cao",
    "kunaicho",
    "jftc",
    "npa",
    "ppc",
    "jcrc",
    "fsa",
    "caa",
    "cfa",
    "digital",
    "reconstruction",
    "soumu",
    "moj",
    "mofa",
    "mof",
    "mext",
    "mhlw",
    "maff",
    "meti",
    "mlit",
    "env",
    "mod",
]
# The numbers that were seen with the body's name, domain.md section 9.
NUMBERS = {
    "cas": "3000012010001",
    "clb": "1000012010003",
    "jinji": "2000012010002",
    "cao": "2000012010019",
    "npa": "8000012130001",
    "caa": "5000012010024",
    "digital": "8000012010038",
    "soumu": "2000012020001",
    "moj": "1000012030001",
    "mofa": "9000012040001",
    "mof": "8000012050001",
    "mext": "7000012060001",
    "mhlw": "6000012070001",
    "maff": "5000012080001",
    "meti": "4000012090001",
    "mlit": "2000012100001",
    "env": "1000012110001",
    "mod": "9000012120001",
}
# Believed, but not seen with the name: in the domain's table, not in the roster.
BELIEVED = ["9000012010020", "8000012010021", "6000012010023"]

# domain.md section 7, word for word. 「未記入」 of the printed tables is a blank and no answer.
LABELS = {
    "usage_type": {
        "G1": "汎用型１",
        "G2": "汎用型２",
        "S1": "特化型１",
        "S2": "特化型２",
        "OT": "その他",
    },
    "user_scope": {
        "1": "単一府省庁のみ-課室単位以下",
        "2": "単一府省庁のみ-部局単位（複数部局での利用を含む）",
        "3": "単一府省庁のみ-全体",
        "4": "複数府省庁まで（独法や地方公共団体等を含まない）",
        "5": "行政関係者まで（独法や地方公共団体等を含む）",
        "6": "外部（特定少数）",
        "7": "外部（不特定多数）",
        "8": "その他",
    },
    "stage": {
        "R": "常用段階",
        "V": "検証段階",
    },
    "confidentiality": {
        "1": "機密性１情報のみ取り扱う",
        "2": "機密性２情報や個人情報を利用者が指示文に入力する",
        "3": "機密性２情報や個人情報を参照して回答を生成する",
        "4": "機密性２情報を生成AIの追加学習（強化学習やファインチューニング等）に用いる",
    },
    "goal_kind": {
        "QN": "定量成果目標あり",
        "QL": "定性成果目標あり",
        "NO": "成果目標なし",
    },
    "output_type": {
        "1": "テキスト出力のみ",
        "2": "用途に音声を含む",
        "3": "用途に画像を含む",
        "4": "機能に音声・画像を含む",
        "5": "機能に動画を含む",
        "6": "その他",
    },
    "start_timing": {
        "1": "利用開始済み",
        "2": "{year}中に利用開始予定",
        "3": "{fiscal_year}中に利用開始予定",
        "4": "{next_fiscal_year}以降に利用開始予定",
        "5": "未定",
    },
    "additional_learning": {
        "有": "有",
        "無": "無",
    },
}


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_has_each_code_place_and_label_once(name: str) -> None:
    codes = LISTS[name]
    assert len(codes) > 1
    for values in (
        [code["code"] for code in codes],
        [code["order"] for code in codes],
        [code_key(code["ja"]) for code in codes],
        [code_key(code["en"]) for code in codes],
    ):
        assert len(set(values)) == len(values)
    # No label of one answer may be the code of another, or a file could not tell which was meant.
    labels = {code_key(code[language]): code["code"] for code in codes for language in ("ja", "en")}
    assert all(labels.get(code_key(code["code"]), code["code"]) == code["code"] for code in codes)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_code_is_whole(name: str) -> None:
    for code in LISTS[name]:
        assert set(code) <= {"code", "order", "ja", "en", "group", "printed"}
        assert 0 < len(code["code"]) <= 32
        assert isinstance(code["order"], int)
        for language in ("ja", "en"):
            label = code[language]
            assert label
            assert label == label.strip()
            assert unicodedata.is_normalized("NFC", label)
        assert code["en"].isascii()


@pytest.mark.parametrize(("name", "labels"), LABELS.items(), ids=list(LABELS))
def test_the_labels_are_those_of_the_form_in_its_order(name: str, labels: dict[str, str]) -> None:
    in_order = sorted(LISTS[name], key=lambda code: code["order"])
    assert [(code["code"], code["ja"]) for code in in_order] == list(labels.items())


def test_every_list_is_compared_with_the_form() -> None:
    assert set(LABELS) == set(LISTS)


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("usage_type", {"general": {"G1", "G2"}, "specialised": {"S1", "S2"}, "": {"OT"}}),
        ("user_scope", {"external": {"6", "7"}, "whole": {"3"}, "": {"1", "2", "4", "5", "8"}}),
        ("start_timing", {"by_fiscal_year_end": {"1", "2", "3"}, "": {"4", "5"}}),
    ],
)
def test_the_groups_are_those_that_the_headlines_count(name: str, groups: dict[str, set[str]]) -> None:
    found: dict[str, set[str]] = {}
    for code in LISTS[name]:
        found.setdefault(code.get("group", ""), set()).add(code["code"])
    assert found == groups


def test_the_words_of_the_code_are_the_codes_of_the_lists() -> None:
    assert {code["code"]: code["ja"] for code in LISTS["stage"]} == {stage.value: stage.ja for stage in Stage}
    assert {code["code"] for code in LISTS["start_timing"]} == {timing.value for timing in StartTiming}


def test_the_roster_has_the_25_bodies_in_their_order() -> None:
    assert [entry["key"] for entry in ROSTER.values()] == KEYS
    assert [entry["order"] for entry in ROSTER.values()] == [*range(1, 25), 26]


@pytest.mark.parametrize("entry", ROSTER.values(), ids=lambda entry: entry["key"])
def test_a_body_is_whole(entry: dict[str, Any]) -> None:
    assert set(entry) - {"corporate_number"} == {"order", "key", "name", "short", "en"}
    assert all(entry[name] for name in ("key", "name", "short", "en"))
    assert entry["key"].isascii()
    assert len(entry["key"]) <= 32
    assert entry.get("corporate_number") == NUMBERS.get(entry["key"])


def test_no_two_bodies_have_the_same_name() -> None:
    for word in ("key", "name", "short", "en"):
        names = [entry[word] for entry in ROSTER.values()]
        assert len(set(names)) == len(names) == 25


def test_a_body_is_found_by_its_name_in_any_width() -> None:
    assert ROSTER[code_key("ﾃﾞｼﾞﾀﾙ庁")]["key"] == "digital"
    assert ROSTER[code_key("　厚生労働省 ")]["key"] == "mhlw"


def test_a_roster_with_a_wrong_number_is_not_loaded(tmp_path: Path) -> None:
    text = (CONFIG / "ministries.toml").read_text(encoding="utf-8")
    (tmp_path / "ministries.toml").write_text(text.replace("3000012010001", "3000012010002"), encoding="utf-8")
    with pytest.raises(ValueError, match="3000012010002 of 内閣官房"):
        load_roster(tmp_path)


@pytest.mark.parametrize("number", [*NUMBERS.values(), *BELIEVED])
def test_a_number_of_a_body_is_a_corporate_number(number: str) -> None:
    assert is_corporate_number(number)


@pytest.mark.parametrize(
    "text",
    [
        "3000012010002",
        "0000012010001",
        "300001201000",
        "30000120100010",
        "",
        "300001201000X",
        "３０００００１２０１０００１",
        "٣٠٠٠٠١٢٠١٠٠٠١",
        " 3000012010001",
        "3000-01201-0001",
    ],
)
def test_what_is_no_corporate_number_is_refused(text: str) -> None:
    assert not is_corporate_number(text)


def numbers() -> st.SearchStrategy[str]:
    """Return numbers whose first digit is right, reckoned the long way from the rule of the 国税庁."""

    def checked(rest: str) -> str:
        places = [int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(rest), 1)]
        return f"{9 - sum(places) % 9}{rest}"

    return st.text("0123456789", min_size=12, max_size=12).map(checked)


@PROPERTY
@given(numbers())
def test_exactly_one_first_digit_fits(number: str) -> None:
    assert [digit for digit in "0123456789" if is_corporate_number(digit + number[1:])] == [number[0]]


@PROPERTY
@given(numbers(), st.integers(1, 12), st.sampled_from("0123456789"))
def test_a_mistyped_digit_is_found_unless_it_is_0_for_9(number: str, place: int, typed: str) -> None:
    right = number[place]
    assume(typed != right)
    # The sum is taken modulo 9, so that 0 and 9 weigh the same; any other change shows, as both weights are prime to 9.
    assert is_corporate_number(number[:place] + typed + number[place + 1 :]) == ({typed, right} == {"0", "9"})
