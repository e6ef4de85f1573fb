"""Texts are kept as written and matched by folded keys."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from register.text import clean, clean_line, code_key, is_japanese, search_key

PROPERTY = settings(max_examples=300, deadline=None)
# What Japanese offices type, and marks that part from and join with the letters before them.
JAPANESE = st.text(
    alphabet="あかガハぱっゕアカガハパッヵーｱｶﾊﾞﾟｰ㈱①㍻㌔ｶﾞ漢字令和ＡａAaßé\u0301\u3099゛´1１～〜−‐- 　\t\r\n\x00\x1f"
)
ANYTHING = st.one_of(JAPANESE, st.text(max_size=30))


def seen(text: str) -> str:
    """Return the letters of ``text`` that a reader sees."""
    letters = (c for c in text if not c.isspace() and unicodedata.category(c) != "Cc")
    return unicodedata.normalize("NFC", "".join(letters))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("か\u3099", "が"),
        ("e\u0301", "é"),
        ("一行目\r\n二行目\r三行目", "一行目\n二行目\n三行目"),
        ("\r\n　前後の空白\t \n", "前後の空白"),
        ("中の　空白と\tタブ", "中の　空白と\tタブ"),
        ("制\x00御\x07文\x1b字\x7f", "制御文字"),
        ("\x00", ""),
        ("", ""),
        ("汎用型１", "汎用型１"),
        ("㈱①ﾌﾟﾛﾝﾌﾟﾄ㍻", "㈱①ﾌﾟﾛﾝﾌﾟﾄ㍻"),
    ],
)
def test_a_text_is_kept_as_written_but_for_what_nobody_sees(written: str, kept: str) -> None:
    assert clean(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"), [("議事録\r\n要約", "議事録 要約"), ("議事録\n", "議事録"), ("議事録　要約", "議事録　要約")]
)
def test_a_line_has_no_line_breaks(written: str, kept: str) -> None:
    assert clean_line(written) == kept


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("ﾌﾟﾛﾝﾌﾟﾄ", "定型のプロンプトを使う"),
        ("ぷろんぷと", "定型のプロンプトを使う"),
        ("プロンプト", "定型のﾌﾟﾛﾝﾌﾟﾄを使う"),
        ("rag", "ＲＡＧで参照する"),
        ("ＲＡＧ", "ragで参照する"),
        ("汎用型1", "汎用型１の利用"),
        ("汎用型１", "汎用型1の利用"),
        ("５０％", "検索時間を50%削減"),
        ("(株)", "㈱と契約"),
        ("1", "①の業務"),
        ("か\u3099いど", "ガイドを作る"),
        ("キロ", "㌔"),
        ("要約 下書き", "要約　　下書き"),
        ("straße", "STRASSE"),
    ],
)
def test_a_word_is_found_in_any_width_kana_and_case(typed: str, written: str) -> None:
    assert search_key(typed) in search_key(written)


@pytest.mark.parametrize(
    ("one", "other"),
    [("はは", "ばば"), ("かこ", "がこ"), ("きやく", "きゃく"), ("データ", "デタ"), ("要約下書き", "要約 下書き")],
)
def test_words_that_differ_in_more_than_their_form_are_told_apart(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("汎用型1", "汎用型１"),
        ("Ｇ１", "g1"),
        (" G 1 ", "G1"),
        ("単一府省庁のみ－課室単位以下", "単一府省庁のみ-課室単位以下"),
        ("単一府省庁のみ−課室単位以下", "単一府省庁のみ-課室単位以下"),
        ("単一府省庁のみ–課室単位以下", "単一府省庁のみ-課室単位以下"),
        ("外部（特定少数）", "外部(特定少数)"),
        ("１〜３", "1~3"),
        ("国土交通省　気象庁", "国土交通省気象庁"),
    ],
)
def test_a_code_is_matched_in_any_width_case_and_dash(one: str, other: str) -> None:
    assert code_key(one) == code_key(other)


@pytest.mark.parametrize(("one", "other"), [("データ", "デ-タ"), ("その他", "ソノ他"), ("G1", "G2")])
def test_codes_that_differ_in_more_than_their_form_are_told_apart(one: str, other: str) -> None:
    assert code_key(one) != code_key(other)


@pytest.mark.parametrize("fold", [clean, clean_line, search_key, code_key], ids=lambda fold: fold.__name__)
@PROPERTY
@given(text=ANYTHING)
@example(text="ß\u0301")
@example(text="A´")
@example(text="\u0390")
@example(text="か゛")
def test_what_is_folded_once_stays_as_it_is(fold: object, text: str) -> None:
    assert callable(fold)
    folded = fold(text)
    assert fold(folded) == folded


@PROPERTY
@given(ANYTHING)
def test_cleaning_takes_away_only_what_nobody_sees(text: str) -> None:
    kept = clean(text)
    assert kept == kept.strip()
    assert unicodedata.is_normalized("NFC", kept)
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in kept)
    assert seen(kept) == seen(text)


@PROPERTY
@given(st.text(alphabet="㈱①②㍻㌔ｱｶﾞ９９％～汎用型", min_size=1))
def test_cleaning_never_changes_a_letter_that_only_looks_like_another(text: str) -> None:
    assert clean(text) == text


@PROPERTY
@given(JAPANESE, JAPANESE)
def test_a_line_never_breaks_and_a_key_has_no_double_blanks(before: str, after: str) -> None:
    text = f"{before}\n  {after}"
    assert not {"\n", "\r"} & set(clean_line(text))
    assert search_key(text) == " ".join(search_key(text).split())
    assert not any(c.isspace() for c in code_key(text))


@PROPERTY
@given(JAPANESE)
def test_a_text_is_found_by_the_same_key_before_and_after_cleaning(text: str) -> None:
    typed = "".join(c for c in text if c in "\t\r\n" or unicodedata.category(c) != "Cc")
    assert search_key(clean(typed)) == search_key(typed)


@pytest.mark.parametrize(
    ("text", "japanese"),
    [
        ("窓口の案内", True),
        ("ＡＩ", True),
        ("Case　K-1", False),
        ("Case ‘K-1’", False),
        ("", False),
        ("See 令和7年", True),
    ],
)
def test_what_is_read_aloud_as_japanese_has_japanese_letters(text: str, japanese: bool) -> None:
    assert is_japanese(text) is japanese
