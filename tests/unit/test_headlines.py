"""The report's sentences: shares and numbers rounded as they are spoken, and never more said than is counted."""

from __future__ import annotations

import datetime as dt

import pytest

from register.formspec.terms import round_terms
from register.reports.counts import Answers, Counts, Presence
from register.reports.dimensions import FIELDS, Dimensions
from register.reports.headlines import Facts, headlines
from register.reports.wording import about_percent, round_number, tenths
from tests.support.round_files import FORMS, SECOND

NOBODY = Counts((), (), 0)


def said(
    counts: Counts = NOBODY,
    *,
    as_of: dt.date = SECOND,
    previous: int | None = None,
    version: str = "v2",
    bodies: int | None = None,
) -> dict[str, str]:
    """Return the sentences of a round by their keys; ``bodies`` take part in it, those with a case if none is given."""
    dimensions = Dimensions(FORMS[version], "ja", round_terms(as_of))
    facts = Facts(as_of, dimensions, counts, counts.ministries() if bodies is None else bodies, previous)
    return {one.key: str(one.text) for one in headlines(facts)}


def of(count: int, **answers: str) -> tuple[Answers, int]:
    """Return cases that gave these answers and no others."""
    return tuple(answers.get(name) for name in FIELDS), count


@pytest.mark.parametrize(
    ("numerator", "denominator", "words"),
    [
        (275, 306, "約90％"),
        (291, 306, "約95％"),
        (1, 2, "50％"),
        (2, 3, "約67％"),
        (0, 3, "0％"),
        (3, 3, "100％"),
        (305, 306, "約99％"),
        (999, 1000, "約99％"),
        (1, 1000, "約1％"),
    ],
)
def test_a_share_in_per_cent(numerator: int, denominator: int, words: str) -> None:
    assert str(about_percent(numerator, denominator)) == words


@pytest.mark.parametrize(
    ("numerator", "denominator", "words"),
    [
        (26, 275, "約1割"),
        (209, 295, "7割"),
        (237, 296, "8割"),
        (250, 306, "8割強"),
        (246, 295, "8割強"),
        (700, 1000, "7割"),
        (709, 1000, "7割"),
        (710, 1000, "7割強"),
        (749, 1000, "7割強"),
        (750, 1000, "8割弱"),
        (789, 1000, "8割弱"),
        (790, 1000, "約8割"),
        (799, 1000, "約8割"),
        (0, 1000, "なし"),
        (1, 1000, "1割未満"),
        (49, 1000, "1割未満"),
        (50, 1000, "1割弱"),
        (90, 1000, "約1割"),
        (100, 1000, "1割"),
        (949, 1000, "9割強"),
        (999, 1000, "約10割"),
        (1000, 1000, "すべて"),
        (1, 1, "すべて"),
    ],
)
def test_a_share_in_tenths(numerator: int, denominator: int, words: str) -> None:
    assert str(tenths(numerator, denominator)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1件"), (9, "9件"), (10, "10件"), (14, "10件強"), (15, "15件"), (49, "45件強"), (99, "95件強"),
        (100, "100件"), (107, "100件強"), (149, "100件強"), (150, "150件"), (163, "150件強"), (999, "950件強"),
        (1000, "1000件"), (1234, "1000件強"), (1500, "1500件"), (1999, "1500件強"),
    ],
)  # fmt: skip
def test_a_number_of_cases(number: int, words: str) -> None:
    assert str(round_number(number)) == words


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        ("2025-09-30", "2025年9月末"),
        ("2025-09-29", "2025年9月29日"),
        ("2025-02-28", "2025年2月末"),
        ("2024-02-28", "2024年2月28日"),
        ("2024-02-29", "2024年2月末"),
        ("2025-12-31", "2025年12月末"),
    ],
)
def test_the_last_day_of_a_month_is_its_end(as_of: str, day: str) -> None:
    assert said(as_of=dt.date.fromisoformat(as_of))["ministries_started"].startswith(f"{day}時点で、")


def ministries(*timings: str | None) -> Counts:
    """Return the counts of ministries with one case each, started at these times, for all of the ministry."""
    presences = [Presence(n, {"user_scope": "3", "start_timing": timing}) for n, timing in enumerate(timings)]
    return Counts((), tuple(presences), 0)


@pytest.mark.parametrize(
    ("timings", "all_of_them", "whole"),
    [
        (["1", "1"], "全府省庁において", "2府省庁中、2府省庁において"),
        (["1", "2"], "2府省庁中、1府省庁において", "2府省庁中、1府省庁において"),
        ([None, "5"], "2府省庁中、0府省庁において", "2府省庁中、0府省庁において"),
    ],
)
def test_all_ministries_are_all_of_the_round(timings: list[str | None], all_of_them: str, whole: str) -> None:
    sentences = said(ministries(*timings))
    assert f"時点で、{all_of_them}、生成AIシステムを利用開始済み" in sentences["ministries_started"]
    assert sentences["ministries_whole_started"].startswith(whole)


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (295, 188, "前回から100件強増加"),
        (3, 2, "前回から1件増加"),
        (2, 2, "前回から増減なし"),
        (0, 0, "前回から増減なし"),
        (2, 3, "前回から1件減少"),
        (1, 108, "前回から100件強減少"),
    ],
)
def test_the_growth_says_its_direction(now: int, before: int, words: str) -> None:
    counts = Counts((of(now, user_scope="1", start_timing="2"),), (), 0)
    assert said(counts, previous=before)["growth"] == words


def test_a_first_round_claims_no_growth() -> None:
    assert "growth" not in said()


def test_what_was_not_asked_is_not_spoken_of() -> None:
    assert "confidentiality_1" not in said(version="v1")


@pytest.mark.parametrize(("number", "words"), [(0, "リスクケースの発生事例はなし"), (3, "リスクケースは3件")])
def test_risk_cases_are_the_reported_number(number: int, words: str) -> None:
    assert said(Counts((), (), number))["risk_cases"] == words


def test_nothing_started_has_no_share_of_specialised_cases() -> None:
    sentences = said(Counts((of(2, start_timing="2", usage_type="S1"),), (), 0))
    assert sentences["started_specialised"] == "利用開始済の案件がないため、そのうちの特化型の割合は示さない"
    assert sentences["started"] == "0％が利用開始済"
    assert sentences["by_fiscal_year_end"] == "100％が年度内に利用開始予定"


def test_a_round_without_cases_is_told_in_plain_sentences() -> None:
    sentences = said()
    assert sentences["ministries_started"] == "2025年9月末時点で、案件を報告した府省庁はない"
    assert sentences["ministries_whole_started"] == "府省庁内全体で生成AIを利用開始済みの府省庁はない"
    shares = ("started", "by_fiscal_year_end", "started_specialised", "general", "section_level", "confidentiality_1")
    assert [key for key in shares if not sentences[key].endswith("示さない")] == []
    assert [key for key in shares if "案件がないため、" not in sentences[key]] == []


def test_a_ministry_that_has_no_case_is_one_of_the_round_all_the_same() -> None:
    sentences = said(ministries("1", "1"), bodies=3)
    assert sentences["ministries_started"].endswith("3府省庁中、2府省庁において、生成AIシステムを利用開始済み")
    assert sentences["ministries_whole_started"].startswith("3府省庁中、2府省庁において")
