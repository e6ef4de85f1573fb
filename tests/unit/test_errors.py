"""Refusals: each carries what the edge needs to say, and no edge's words."""

from __future__ import annotations

import pytest

from register.errors import (
    Forbidden,
    ImportRejected,
    Invalid,
    NotFound,
    NotNow,
    RegisterError,
    RowProblem,
    Say,
    Stale,
    say,
)

SENTENCE = say("「%(source)s」から%(count)d件を移せません。", source="利用開始前", count=3)


def test_a_sentence_is_filled_with_its_values() -> None:
    assert str(SENTENCE) == "「利用開始前」から3件を移せません。"
    assert SENTENCE.template == "「%(source)s」から%(count)d件を移せません。"
    assert SENTENCE.params == {"source": "利用開始前", "count": 3}


def test_a_sentence_without_values_is_taken_as_it_stands() -> None:
    assert str(say("検索時間を50％削減、100%です。")) == "検索時間を50％削減、100%です。"


def test_a_sentence_whose_value_is_missing_is_a_mistake_and_never_half_a_sentence() -> None:
    with pytest.raises(KeyError, match="count"):
        str(say("%(source)sの%(count)d件", source="府省庁A"))


def test_a_value_that_looks_like_a_place_is_not_filled_again() -> None:
    assert str(say("「%(title)s」は登録済みです。", title="%(count)d%s")) == "「%(count)d%s」は登録済みです。"


def test_sentences_are_alike_by_what_they_say() -> None:
    assert say("%(n)d件", n=1) == Say("%(n)d件", {"n": 1})
    assert say("%(n)d件", n=1) != say("%(n)d件", n=2)


@pytest.mark.parametrize("kind", [RegisterError, NotFound, Forbidden, NotNow])
def test_a_refusal_tells_its_sentence(kind: type[RegisterError]) -> None:
    refused = kind(SENTENCE)
    assert refused.sentence is SENTENCE
    assert str(refused) == str(SENTENCE)


@pytest.mark.parametrize("kind", [NotFound, Forbidden, NotNow, Stale, Invalid, ImportRejected])
def test_every_refusal_is_one_and_no_kind_passes_for_another(kind: type[RegisterError]) -> None:
    assert issubclass(kind, RegisterError)
    others = {NotFound, Forbidden, NotNow, Stale, Invalid, ImportRejected} - {kind}
    assert not any(issubclass(kind, other) for other in others)


def test_a_stale_edit_carries_the_stored_texts_and_their_version() -> None:
    stale = Stale(SENTENCE, {"title": "議事録の要約", "unit": "相談局"}, 7)
    assert (stale.sentence, stale.theirs, stale.version) == (
        SENTENCE,
        {"title": "議事録の要約", "unit": "相談局"},
        7,
    )


def test_invalid_values_carry_a_sentence_for_each_field_and_tell_the_first() -> None:
    fields = {"title": say("案件名を入力してください。"), "start_on": say("日付として読めません。")}
    invalid = Invalid(fields)
    assert invalid.fields == fields
    assert invalid.sentence == fields["title"]
    assert str(invalid) == "案件名を入力してください。"


def test_a_rejected_file_counts_its_bad_rows_and_keeps_every_place() -> None:
    problems = [
        RowProblem(3, "usage_type", "汎用型9", say("選択肢にない値です。")),
        RowProblem(3, "stage", "X", say("選択肢にない値です。")),
        RowProblem(2, "start_on", "2025-13-01", say("日付として読めません。")),
    ]
    rejected = ImportRejected(problems)
    assert rejected.problems == tuple(problems)
    assert str(rejected) == "取り込めない行が2件あります。何も登録していません。"
    problems.clear()
    assert len(rejected.problems) == 3
