"""The sheet of the high-risk judgment: every answer has its result, and no published version ever changes."""

from __future__ import annotations

import datetime as dt
import shutil
from itertools import product
from pathlib import Path

import pytest

from register.formspec.sheets import Sheet, load_sheet, load_sheets, sheet_of
from register.vocab import RiskResult
from tests.support.assessments import HIGH, LOW, SHEETS
from tests.support.sources import ROOT

VERSIONS = list(SHEETS.versions.values())
NEWEST = VERSIONS[-1]


def everything(sheet: Sheet) -> list[dict[str, str]]:
    """Return every way in which a sheet can be filled in."""
    options = ([one.code for one in viewpoint.options] for viewpoint in sheet.viewpoints)
    return [dict(zip(sheet.ids, codes, strict=True)) for codes in product(*options)]


def test_every_version_is_the_one_that_was_published() -> None:
    lines = (ROOT / "config" / "sheets" / "LOCK").read_text().splitlines()
    locked = {name: digest for digest, name in (line.split() for line in lines if not line.startswith("#"))}
    assert locked == {f"{sheet.form}/{name}": sheet.digest for name, sheet in SHEETS.versions.items()}


@pytest.mark.parametrize("sheet", VERSIONS, ids=lambda sheet: sheet.version)
def test_what_the_database_keeps_is_the_sheet(sheet: Sheet) -> None:
    assert sheet_of(sheet.canonical) == sheet


@pytest.mark.parametrize("sheet", VERSIONS, ids=lambda sheet: sheet.version)
def test_every_sheet_has_the_four_viewpoints_and_both_languages(sheet: Sheet) -> None:
    assert sheet.ids == ("A", "B", "C", "D")
    texts = [sheet.title, sheet.standing, *(clause.text for clause in sheet.clauses)]
    for viewpoint in sheet.viewpoints:
        assert [option.level for option in viewpoint.options] == sorted(option.level for option in viewpoint.options)
        texts += [viewpoint.text, viewpoint.guidance, *(option.text for option in viewpoint.options)]
    assert all(text.ja and text.en for text in texts)
    assert "暫定" in sheet.standing.ja
    assert "provisional" in sheet.standing.en


@pytest.mark.parametrize("sheet", VERSIONS, ids=lambda sheet: sheet.version)
def test_a_graver_answer_never_lowers_the_result(sheet: Sheet) -> None:
    level = {option.code: option.level for viewpoint in sheet.viewpoints for option in viewpoint.options}
    for answers in everything(sheet):
        if sheet.suggest(answers).result is RiskResult.POSSIBLE_HIGH:
            for viewpoint, option in ((one, option) for one in sheet.viewpoints for option in one.options):
                if option.level >= level[answers[viewpoint.id]]:
                    assert sheet.suggest({**answers, viewpoint.id: option.code}).result is RiskResult.POSSIBLE_HIGH


@pytest.mark.parametrize("sheet", VERSIONS, ids=lambda sheet: sheet.version)
def test_the_flips_are_exactly_the_single_answers_that_turn_the_result(sheet: Sheet) -> None:
    for answers in everything(sheet):
        now, flips = sheet.suggest(answers).result, sheet.flips(answers)
        told = {(flip.viewpoint.id, flip.option.code) for flip in flips}
        for viewpoint in sheet.viewpoints:
            for option in viewpoint.options:
                turned = sheet.suggest({**answers, viewpoint.id: option.code}).result is not now
                assert ((viewpoint.id, option.code) in told) is turned
        assert all(flip.result is not now for flip in flips)


def test_a_sheet_that_is_not_whole_suggests_nothing() -> None:
    for missing in LOW:
        for answers in ({key: code for key, code in LOW.items() if key != missing}, LOW | {missing: "Z9"}):
            suggestion = NEWEST.suggest(answers)
            assert (suggestion.result, suggestion.clause) == (RiskResult.UNDETERMINED, None)
            assert NEWEST.flips(answers) == ()


def test_the_versions_judge_differently_where_they_should() -> None:
    unseen = LOW | {"A": "A2", "D": "D3"}
    assert [sheet.suggest(unseen).result for sheet in VERSIONS] == [RiskResult.NOT_HIGH, RiskResult.POSSIBLE_HIGH]
    assert [sheet.suggest(HIGH).result for sheet in VERSIONS] == [RiskResult.POSSIBLE_HIGH] * 2


@pytest.mark.parametrize(
    ("facts", "answers", "found"),
    [
        ({"user_scope": "6"}, LOW, [("A", "A3")]),
        ({"user_scope": "7"}, LOW | {"A": "A3"}, [("A", "A4")]),
        ({"user_scope": "7"}, LOW | {"A": "A4"}, []),
        ({"user_scope": "1"}, LOW | {"A": "A4"}, []),
        ({"user_scope": "8", "confidentiality": None}, LOW, []),
        ({"confidentiality": "4"}, LOW | {"C": "C2"}, [("C", "C3")]),
        ({"confidentiality": "4"}, {}, []),
    ],
)
def test_what_is_answered_lower_than_the_case_says_is_named(
    facts: dict[str, str | None], answers: dict[str, str], found: list[tuple[str, str]]
) -> None:
    assert [(flip.viewpoint.id, flip.option.code) for flip in NEWEST.understated(answers, facts)] == found


def test_the_sheet_in_force_is_that_of_the_guideline_in_force() -> None:
    days = [dt.date(2025, 4, 1), dt.date(2025, 5, 27), dt.date(2026, 6, 11), dt.date(2026, 6, 12), dt.date(2030, 1, 1)]
    assert [SHEETS.on(day).version for day in days] == ["v1", "v1", "v1", "v2", "v2"]


def test_a_sheet_without_a_last_word_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "config" / "sheets" / "v2.toml").read_text(encoding="utf-8")
    (tmp_path / "v2.toml").write_text(
        text.replace("needs = []", 'needs = [{ viewpoints = ["A"], level = 0, count = 1 }]')
    )
    with pytest.raises(ValueError, match="last clause"):
        load_sheet(tmp_path / "v2.toml")


def test_an_unknown_rule_for_starts_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    deadlines = config / "deadlines.toml"
    deadlines.write_text(deadlines.read_text().replace('start = "warn"', 'start = "perhaps"'))
    with pytest.raises(ValueError, match="allow, warn, block"):
        load_sheets(config)
