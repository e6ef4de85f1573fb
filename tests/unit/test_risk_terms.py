"""The words and time limits of the risk side: domain.md section 4 and 12, written down once more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from register.formspec.risk import load_risk
from register.states import INCIDENT, INCIDENT_COUNTED, INCIDENT_OPEN, NOTICE, REPLY
from register.vocab import IncidentDeed, IncidentKind, IncidentState, NoticeDeed
from tests.support.sources import ROOT

RISK = load_risk(ROOT / "config")
CATEGORIES = {
    "RC01": "誤情報・ハルシネーション",
    "RC02": "要機密情報の漏えい・不適切入力",
    "RC03": "個人情報の漏えい・不適切利用",
    "RC04": "差別・偏り・有害出力",
    "RC05": "知的財産権等の侵害",
    "RC06": "敵対的入力・不正操作",
    "RC07": "過度の依存・職員判断の欠落",
    "RC08": "停止・品質劣化・モデル変更",
    "RC09": "目的外・ルール外利用",
    "RC10": "委託先・契約",
    "RC99": "その他",
}


def test_the_categories_are_those_of_the_domain_in_their_order() -> None:
    assert {code: text.ja for code, text in RISK.categories.texts.items()} == CATEGORIES
    assert list(RISK.categories.texts) == list(CATEGORIES)


def test_the_grades_and_the_classes_of_information_have_both_languages() -> None:
    assert list(RISK.grades.texts) == ["L0", "L1", "L2", "L3"]
    for listed in (RISK.categories, RISK.grades, RISK.information, RISK.references):
        assert all(text.ja and text.en and text.en.isascii() for text in listed.texts.values())


def test_the_graver_the_sooner() -> None:
    limits = [RISK.notify[grade] for grade in RISK.grades.texts]
    assert limits == sorted(limits, reverse=True)
    assert (RISK.report, RISK.notify["L3"], RISK.follow_up["L3"]) == (1, 3, 5)
    assert RISK.notice == 10


def test_a_code_that_a_list_no_longer_has_is_shown_as_it_is() -> None:
    assert RISK.grades.label("L1", "en") == "L1 Minor"
    assert RISK.grades.label("L7", "ja") == "L7"
    assert RISK.grades.label(None, "ja") == ""


def test_a_grade_without_a_time_limit_stops_the_start(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    deadlines = tmp_path / "config" / "deadlines.toml"
    deadlines.write_text(deadlines.read_text(encoding="utf-8").replace("L3 = 3\n", "", 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"incident\.notify"):
        load_risk(tmp_path / "config")


# domain.md section 4, as the issue changed it: from which states each deed leads where.
STEPS = {
    ("edit", "draft", None), ("edit", "reported", None),
    ("revise", "received", None), ("revise", "in_response", None), ("revise", "measures_done", None),
    ("report", "draft", "reported"), ("receive", "reported", "received"),
    ("dismiss", "received", "dismissed"), ("notify", "received", "in_response"),
    ("complete", "in_response", "measures_done"), ("close", "measures_done", "closed"),
    ("reopen", "measures_done", "in_response"), ("reopen", "closed", "in_response"), ("reopen", "dismissed", "received"),
    ("withdraw", "draft", "withdrawn"), ("withdraw", "reported", "withdrawn"), ("withdraw", "received", "withdrawn"),
}  # fmt: skip


def test_an_incident_has_the_steps_of_the_domain_and_no_others() -> None:
    steps = {
        (step.deed.value, source.value, step.target and step.target.value)
        for step in INCIDENT
        if step.deed is not IncidentDeed.COMMENT
        for source in step.sources
    }
    assert steps == STEPS
    assert {step.deed for step in INCIDENT} == set(IncidentDeed)


def test_what_goes_back_or_ends_wants_words() -> None:
    assert {step.deed.value for step in INCIDENT if step.reason} == {
        "dismiss", "close", "reopen", "withdraw", "comment",
    }  # fmt: skip


def test_a_draft_and_what_was_taken_back_or_dismissed_never_counts() -> None:
    never = {IncidentState.DRAFT, IncidentState.DISMISSED, IncidentState.WITHDRAWN}
    assert set(IncidentState) - INCIDENT_COUNTED == never
    assert {IncidentState.CLOSED} == INCIDENT_COUNTED - INCIDENT_OPEN
    assert [kind.value for kind in IncidentKind] == ["risk_case", "near_miss"]


NOTICE_STEPS = {
    ("edit", "draft", None), ("edit", "asked", "draft"), ("edit", "cleared", "draft"),
    ("ask", "draft", "asked"), ("clear", "asked", "cleared"), ("refuse", "asked", "draft"),
    ("issue", "draft", "issued"), ("issue", "cleared", "issued"), ("close", "issued", "closed"),
    ("withdraw", "draft", "withdrawn"), ("withdraw", "asked", "withdrawn"), ("withdraw", "cleared", "withdrawn"),
    ("withdraw", "issued", "withdrawn"), ("extend", "issued", None),
}  # fmt: skip
REPLY_STEPS = {
    ("answer", "open", "drafted"), ("answer", "drafted", "drafted"), ("reopen", "confirmed", "drafted"),
    ("confirm", "drafted", "confirmed"),
}  # fmt: skip


def test_a_notice_and_its_answers_have_the_steps_of_the_issue_and_no_others() -> None:
    steps = {
        (step.deed.value, source.value, step.target and step.target.value) for step in NOTICE for source in step.sources
    }
    assert steps == NOTICE_STEPS
    replies = {(step.deed.value, source.value, step.target.value) for step in REPLY for source in step.sources}
    assert replies == REPLY_STEPS
    assert {step.deed for step in (*NOTICE, *REPLY)} == set(NoticeDeed)
    assert {step.deed.value for step in NOTICE if step.reason} == {"refuse", "close", "withdraw"}
