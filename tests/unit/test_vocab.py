"""The words that code branches on: stored codes that fit their columns, labels that tell them apart."""

from __future__ import annotations

import unicodedata

import pytest

from register import vocab
from register.vocab import (
    MINISTRY_ROLES,
    AnswerState,
    ChangeCause,
    Confirmation,
    Lifecycle,
    MappedBy,
    Role,
    RoundState,
    Stage,
    StartTiming,
    SubmissionState,
    Term,
)

WORDS = Term.__subclasses__()
MEMBERS = [member for kind in WORDS for member in kind]
COLUMN = 32


def name(member: Term) -> str:
    """Return how a test of one word is called."""
    return f"{type(member).__name__}.{member.name}"


def test_every_list_of_words_is_tested() -> None:
    listed = [item for item in vars(vocab).values() if isinstance(item, type) and issubclass(item, Term)]
    assert {*WORDS, Term} == set(listed)
    assert all(len(kind) > 1 for kind in WORDS)


@pytest.mark.parametrize("member", MEMBERS, ids=name)
def test_a_code_fits_its_column_and_needs_no_folding(member: Term) -> None:
    assert 0 < len(member.value) <= COLUMN
    assert member.value.isascii()
    assert "".join(member.value.split()) == member.value
    assert type(member)(member.value) is member
    assert str(member) == member.value == member


@pytest.mark.parametrize("member", MEMBERS, ids=name)
def test_a_word_has_a_label_in_both_languages(member: Term) -> None:
    assert (member.label("ja"), member.label("en")) == (member.ja, member.en)
    assert member.label("fr") == member.ja
    for label in (member.ja, member.en):
        assert label
        assert label == label.strip()
        assert unicodedata.is_normalized("NFC", label)
    assert member.en.isascii()
    assert not member.ja.isascii()


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_no_two_words_of_a_list_are_alike(kind: type[Term]) -> None:
    for labels in ([member.ja for member in kind], [member.en for member in kind]):
        assert len(set(labels)) == len(labels)
    assert len(kind.__members__) == len(kind), "a code stands twice, so one name is only an alias"


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (
            Lifecycle,
            {
                "planned": "利用開始前",
                "verification": "検証段階",
                "production": "常用段階",
                "suspended": "停止中",
                "retired": "利用終了",
            },
        ),
        (Stage, {"R": "常用段階", "V": "検証段階"}),
        (
            SubmissionState,
            {
                "not_started": "未着手",
                "in_progress": "入力中",
                "in_review": "府省庁内確認",
                "submitted": "提出",
                "returned": "差戻し",
                "accepted": "受理",
                "frozen": "確定",
            },
        ),
        (
            RoundState,
            {
                "draft": "準備中",
                "scheduled": "受付前",
                "open": "受付中",
                "closed": "受付終了",
                "frozen": "確定",
                "published": "公表済み",
            },
        ),
        (
            Confirmation,
            {
                "unconfirmed": "未確認",
                "unchanged": "変更なし",
                "changed": "変更あり",
                "new": "新規",
                "ended": "利用終了",
                "reported": "報告済み",
            },
        ),
        (MappedBy, {"automatic": "自動", "ministry": "府省庁", "secretariat": "事務局"}),
        (ChangeCause, {"definition": "定義が変わったため", "actual": "利用の実態が変わったため"}),
    ],
)
def test_the_words_are_those_of_the_domain(kind: type[Term], labels: dict[str, str]) -> None:
    assert {member.value: member.ja for member in kind} == labels


def test_the_roles_and_states_that_others_rely_on_are_all_there() -> None:
    assert [role.value for role in Role] == ["reporter", "approver", "secretariat", "auditor", "admin"]
    assert {Role.REPORTER, Role.APPROVER} == MINISTRY_ROLES
    assert [code.value for code in StartTiming] == ["1", "2", "3", "4", "5"]
    assert {state.value for state in AnswerState} == {
        "answered",
        "missing",
        "not_applicable",
        "not_asked",
        "declined",
    }
