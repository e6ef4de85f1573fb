"""Rules over what the register says of a use case by itself."""

from __future__ import annotations

import unicodedata

from register.errors import say
from register.sentinel.facts import CaseFacts
from register.sentinel.limits import Moment
from register.sentinel.rule import Rule
from register.vocab import About, Lifecycle, Need, Weight

# What makes a goal a figure when it has no digit.
NUMERALS = frozenset("〇一二三四五六七八九十百千万億半倍割")


def starts_later(case: CaseFacts, at: Moment) -> bool:
    """A use that runs cannot start in the future."""
    return case.running and case.start_on is not None and case.start_on > at.today


def start_has_passed(case: CaseFacts, at: Moment) -> bool:
    """A planned day that is long past was either kept or moved."""
    overdue = case.start_on is not None and case.start_on < at.ago(at.limits.start_passed)
    return case.lifecycle is Lifecycle.PLANNED and overdue


def runs_on_nothing(case: CaseFacts, _at: Moment) -> bool:
    """In use there is a system or at least a model; of G1 the form does not ask it."""
    known = case.system is not None or bool(case.model_usage)
    return case.lifecycle is Lifecycle.PRODUCTION and case.usage_type != "G1" and not known


def long_suspended(case: CaseFacts, at: Moment) -> bool:
    """A suspension ends in a restart or in an end."""
    return case.lifecycle is Lifecycle.SUSPENDED and case.since < at.ago(at.limits.suspended)


def trains_without_data(case: CaseFacts, _at: Moment) -> bool:
    """S2 is additional training with the ministry's own data."""
    return case.living and case.usage_type == "S2" and case.confidentiality != "4"


def general_yet_trained(case: CaseFacts, _at: Moment) -> bool:
    """G1 is direct input only, so nothing is trained."""
    return case.living and case.usage_type == "G1" and case.confidentiality == "4"


def title_twice(case: CaseFacts, _at: Moment) -> bool:
    """Two cases of one title may be one case registered twice."""
    return case.living and bool(case.twin)


def goal_without_figure(case: CaseFacts, _at: Moment) -> bool:
    """A quantitative goal has a number."""
    return case.living and case.goal_kind == "QN" and not has_figure(case.goal_text)


def other_users_unnamed(case: CaseFacts, _at: Moment) -> bool:
    """Of users other than those listed somebody must say who they are."""
    return case.living and case.user_scope == "8" and not case.reasoned("user_scope")


def open_to_outsiders(case: CaseFacts, _at: Moment) -> bool:
    """Confidential information before people outside wants a second look."""
    return case.running and case.external and case.sensitive


def runs_undescribed(case: CaseFacts, _at: Moment) -> bool:
    """What runs has a type, users and information of some kind."""
    return case.running and None in (case.usage_type, case.user_scope, case.confidentiality)


def shared_use_of_own_system(case: CaseFacts, _at: Moment) -> bool:
    """What several ministries use runs on a system that is shared."""
    return case.living and case.user_scope in ("4", "5") and case.system is not None and not case.system.shared


def has_figure(text: str) -> bool:
    """Tell whether a text names a number, in digits of any width or in Japanese numerals."""
    folded = unicodedata.normalize("NFKC", text)
    return any(letter.isdigit() or letter in NUMERALS for letter in folded)


CASE_RULES: tuple[Rule, ...] = (
    Rule(
        "C01", About.CASE, Weight.NORMAL,
        say("利用中の案件の利用開始日が、先の日付になっている。"),
        say("状態は「%(lifecycle)s」ですが、利用開始日は%(start_on)sです。どちらが正しいですか。"),
        ("lifecycle", "start_on"), starts_later,
    ),
    Rule(
        "C02", About.CASE, Weight.NORMAL,
        say("利用開始予定日を大きく過ぎた案件が、利用開始前のままになっている。"),
        say("利用開始予定日（%(start_on)s）を過ぎましたが、状態は「%(lifecycle)s」です。利用を始めましたか。"),
        ("lifecycle", "start_on"), start_has_passed,
    ),
    Rule(
        "C03", About.CASE, Weight.NORMAL,
        say("常用段階の案件に、AIシステムもモデル利用状況も入力されていない。"),
        say("常用段階の案件ですが、AIシステムもモデル利用状況も入力されていません。何を利用していますか。"),
        ("lifecycle", "usage_type", "model_usage"), runs_on_nothing, frozenset({Need.SYSTEMS}),
    ),
    Rule(
        "C04", About.CASE, Weight.NORMAL,
        say("停止が長く続いている。"),
        say("%(since)sから停止が続いています。再開しますか、利用を終えますか。"),
        ("lifecycle", "since"), long_suspended,
    ),
    Rule(
        "C05", About.CASE, Weight.HIGH,
        say("特化型２の案件の機密性が、追加学習に用いる場合の区分になっていない。"),
        say("利用類型は特化型２ですが、取扱情報の機密性は「%(confidentiality)s」です。どの情報を学習に用いていますか。"),
        ("usage_type", "confidentiality"), trains_without_data,
    ),
    Rule(
        "C06", About.CASE, Weight.HIGH,
        say("汎用型１の案件が、機密性２情報を追加学習に用いるとしている。"),
        say("利用類型は汎用型１ですが、取扱情報の機密性は「%(confidentiality)s」です。どちらが正しいですか。"),
        ("usage_type", "confidentiality"), general_yet_trained,
    ),
    Rule(
        "C07", About.CASE, Weight.NORMAL,
        say("同じ府省庁に、同じ案件名の案件がある。"),
        say("案件名が%(twin)sと同じです。二重に登録していませんか。"),
        ("title", "twin"), title_twice,
    ),
    Rule(
        "C08", About.CASE, Weight.NORMAL,
        say("定量成果目標の内容に、数値がない。"),
        say("定量成果目標があるとしていますが、内容（%(goal_text)s）に数値がありません。目標の数値は何ですか。"),
        ("goal_kind", "goal_text"), goal_without_figure,
    ),
    Rule(
        "C09", About.CASE, Weight.NORMAL,
        say("利用者の範囲が「その他」で、だれが利用するのかの説明がない。"),
        say("利用者の範囲は「%(user_scope)s」ですが、説明がありません。だれが利用しますか。"),
        ("user_scope",), other_users_unnamed, frozenset({Need.ROUNDS}),
    ),
    Rule(
        "C10", About.CASE, Weight.HIGH,
        say("外部の人が直接利用する案件で、機密性２以上の情報や個人情報を扱っている。"),
        say(
            "利用者の範囲は「%(user_scope)s」、取扱情報の機密性は「%(confidentiality)s」です。"
            "外部の人に見せてよい情報かを確かめましたか。"
        ),
        ("lifecycle", "user_scope", "confidentiality"), open_to_outsiders,
    ),
    Rule(
        "C11", About.CASE, Weight.NORMAL,
        say("利用中の案件の利用類型、利用者の範囲、機密性のどれかが未回答になっている。"),
        say("状態は「%(lifecycle)s」ですが、利用類型、利用者の範囲、取扱情報の機密性のどれかが未回答です。"),
        ("lifecycle", "usage_type", "user_scope", "confidentiality"), runs_undescribed,
    ),
    Rule(
        "C12", About.CASE, Weight.NORMAL,
        say("複数の府省庁や行政関係者が利用する案件のAIシステムが、共同で使うものになっていない。"),
        say("利用者の範囲は「%(user_scope)s」ですが、AIシステムは「ほかの府省庁と共同で使う」になっていません。"),
        ("user_scope", "system_shared"), shared_use_of_own_system, frozenset({Need.SYSTEMS}),
    ),
)  # fmt: skip
