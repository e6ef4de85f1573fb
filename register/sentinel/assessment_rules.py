"""Rules over the high-risk judgment (高リスク判定) of a case."""

from __future__ import annotations

from register.errors import say
from register.sentinel.facts import CaseFacts
from register.sentinel.limits import Moment
from register.sentinel.rule import Rule
from register.vocab import About, Lifecycle, Need, RiskResult, Weight


def sensitive_unjudged(case: CaseFacts, _at: Moment) -> bool:
    """What handles confidential or personal information in earnest has been judged."""
    return case.lifecycle is Lifecycle.PRODUCTION and case.sensitive and not case.judged


def outsiders_unjudged(case: CaseFacts, _at: Moment) -> bool:
    """What people outside use has been judged, whatever information it handles."""
    return case.running and case.external and not case.sensitive and not case.judged


def outsiders_judged_low(case: CaseFacts, _at: Moment) -> bool:
    """Users outside are the high side of viewpoint A."""
    return case.living and case.external and case.assessment is not None and case.assessment.high("A") is False


def review_overdue(case: CaseFacts, at: Moment) -> bool:
    """A judgment is looked at again by its day, unless that is being done."""
    judged = case.assessment
    due = judged.review_due if judged is not None and case.judged and not judged.open else None
    return case.living and due is not None and due < at.today


def training_judged_low(case: CaseFacts, _at: Moment) -> bool:
    """Training with confidential information is the high side of viewpoint C."""
    trained = case.living and case.confidentiality == "4"
    return trained and case.assessment is not None and case.assessment.high("C") is False


def grave_after_low(case: CaseFacts, _at: Moment) -> bool:
    """A grave risk case puts a judgment of low in doubt."""
    low = case.assessment is not None and case.assessment.result is RiskResult.NOT_HIGH
    return case.living and low and bool(case.grave_since)


def training_unanswered(case: CaseFacts, _at: Moment) -> bool:
    """S2 trains with data, so viewpoint C is answered in so many words."""
    trained = case.living and case.usage_type == "S2" and case.judged
    return trained and case.assessment is not None and case.assessment.high("C") is None


def grave_one_untold(case: CaseFacts) -> bool:
    """Tell whether the secretariat was not told of one of the grave risk cases."""
    return any(not one.told for one in case.grave_since)


_JUDGED = frozenset({Need.ASSESSMENTS})
ASSESSMENT_RULES: tuple[Rule, ...] = (
    Rule(
        "A01", About.CASE, Weight.HIGH,
        say("常用段階で機密性２以上の情報や個人情報を扱う案件に、高リスク判定がない。"),
        say("常用段階で「%(confidentiality)s」としていますが、高リスク判定がありません。"),
        ("lifecycle", "confidentiality", "judged"), sensitive_unjudged, _JUDGED,
    ),
    Rule(
        "A02", About.CASE, Weight.HIGH,
        say("外部の人が直接利用する案件に、高リスク判定がない。"),
        say("利用者の範囲は「%(user_scope)s」ですが、高リスク判定がありません。"),
        ("lifecycle", "user_scope", "confidentiality", "judged"), outsiders_unjudged, _JUDGED,
    ),
    Rule(
        "A03", About.CASE, Weight.HIGH,
        say("外部の人が直接利用する案件の観点A（利用者の範囲・種別）が、低いと判定されている。"),
        say("利用者の範囲は「%(user_scope)s」ですが、高リスク判定の観点A（利用者の範囲・種別）は低いとしています。"),
        ("user_scope", "viewpoint_a", "decided_on"), outsiders_judged_low, _JUDGED,
    ),
    Rule(
        "A04", About.CASE, Weight.HIGH,
        say("機密性２情報を追加学習に用いる案件の観点C（学習等の有無）が、低いと判定されている。"),
        say("取扱情報の機密性は「%(confidentiality)s」ですが、高リスク判定の観点C（学習等の有無）は低いとしています。"),
        ("confidentiality", "viewpoint_c", "decided_on"), training_judged_low, _JUDGED,
    ),
    Rule(
        "A05", About.CASE, Weight.HIGH,
        say("高リスク判定の見直しの期限が過ぎている。"),
        say("%(decided_on)sの高リスク判定は、見直しの期限（%(review_due)s）を過ぎています。"),
        ("decided_on", "review_due"), review_overdue, _JUDGED,
    ),
    Rule(
        "A06", About.CASE, Weight.HIGH,
        say("高リスクに該当しないと判定した後に、重大なリスクケースが起きている。"),
        say("%(decided_on)sに高リスクに該当しないと判定しましたが、その後に重大なリスクケース（%(grave_numbers)s）が起きています。"),
        ("decided_on", "grave_numbers"), grave_after_low, frozenset({Need.ASSESSMENTS, Need.INCIDENTS}),
        grave_one_untold,
    ),
    Rule(
        "A07", About.CASE, Weight.NORMAL,
        say("特化型２の案件の高リスク判定で、観点C（学習等の有無）に答えがない。"),
        say("利用類型は特化型２ですが、%(decided_on)sの高リスク判定の観点C（学習等の有無）に答えがありません。"),
        ("usage_type", "viewpoint_c", "decided_on"), training_unanswered, _JUDGED,
    ),
)  # fmt: skip
