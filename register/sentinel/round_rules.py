"""Rules over what a ministry answered in the rounds, beside what the register says."""

from __future__ import annotations

from register.errors import say
from register.sentinel.facts import COUNT, CaseFacts
from register.sentinel.limits import Moment
from register.sentinel.rule import Rule
from register.vocab import About, Lifecycle, Need, StartTiming, Weight

NOT_STARTED = frozenset({StartTiming.THIS_YEAR, StartTiming.THIS_FISCAL_YEAR, StartTiming.LATER})


def fewer_than_logged(case: CaseFacts, _at: Moment) -> bool:
    """What the log knows of belongs into the count."""
    said = case.said_count
    return said is not None and said < case.logged_count and not case.reasoned(COUNT)


def more_than_logged(case: CaseFacts, _at: Moment) -> bool:
    """What was counted belongs into the log."""
    said = case.said_count
    return said is not None and said > case.logged_count and not case.reasoned(COUNT)


def stage_goes_back(case: CaseFacts, _at: Moment) -> bool:
    """From production a use rarely goes back to a trial."""
    newest, earlier = case.newest, case.earlier
    started = newest is not None and earlier is not None and newest.started and earlier.started
    back = (case.said_stage_before, case.said_stage) == ("R", "V")
    return started and back and not case.reasoned("stage")


def type_changes(case: CaseFacts, _at: Moment) -> bool:
    """On one and the same form a use changes its type for a reason; between forms the definitions changed."""
    newest, earlier = case.newest, case.earlier
    same_form = newest is not None and earlier is not None and newest.form == earlier.form
    differs = None not in (case.said_usage, case.said_usage_before) and case.said_usage != case.said_usage_before
    return same_form and differs and not case.reasoned("usage_type")


def is_left_out(case: CaseFacts, _at: Moment) -> bool:
    """A case is never retired by silence."""
    return bool(case.left_out)


def answered_as_trained(case: CaseFacts, _at: Moment) -> bool:
    """Form 1 asked whether there is additional training; G1 has none."""
    return case.living and case.said_usage == "G1" and case.said_learning == "有"


def retired_yet_answered(case: CaseFacts, _at: Moment) -> bool:
    """What ended before the day of a round is not answered in it."""
    newest = case.newest
    return not case.living and newest is not None and newest.running and case.since <= newest.as_of


def planned_yet_started(case: CaseFacts, _at: Moment) -> bool:
    """A use that was answered as started has started in the register too."""
    return case.lifecycle is Lifecycle.PLANNED and case.said_timing == StartTiming.STARTED


def running_yet_planned(case: CaseFacts, _at: Moment) -> bool:
    """A use that ran on the day of the round is not answered as planned."""
    newest = case.newest
    return case.running and newest is not None and case.since <= newest.as_of and case.said_timing in NOT_STARTED


def started_in_future(case: CaseFacts, _at: Moment) -> bool:
    """What has started on the day of the round starts on no later day."""
    newest, day = case.newest, case.said_start
    return newest is not None and newest.started and day is not None and day > newest.as_of


def less_confidential(case: CaseFacts, _at: Moment) -> bool:
    """Less confidential information than last time is good news, if it is no slip."""
    before, now = case.said_confidentiality_before, case.said_confidentiality
    return before is not None and now is not None and now < before and not case.reasoned("confidentiality")


def own_so_far(case: CaseFacts) -> bool:
    """Tell whether the newest answers are known to the ministry only."""
    return case.newest is not None and not case.newest.handed_in


def own_so_far_or_log(case: CaseFacts) -> bool:
    """Tell the same, or that the log holds something that the secretariat was not told of."""
    return own_so_far(case) or any(not one.told for one in case.asked_for)


_ROUNDS = frozenset({Need.ROUNDS})
_BOTH = frozenset({Need.ROUNDS, Need.INCIDENTS})
ROUND_RULES: tuple[Rule, ...] = (
    Rule(
        "R01", About.CASE, Weight.HIGH,
        say("定期報告のリスクケース件数が、台帳の記録より少ない。"),
        say("%(round)sの回答ではリスクケースは%(said_count)s件ですが、台帳には%(logged_count)s件あります。"),
        ("round", "said_count", "logged_count"), fewer_than_logged, _BOTH, own_so_far_or_log,
    ),
    Rule(
        "R02", About.CASE, Weight.HIGH,
        say("定期報告のリスクケース件数が、台帳の記録より多い。"),
        say("%(round)sの回答ではリスクケースは%(said_count)s件ですが、台帳には%(logged_count)s件しかありません。"),
        ("round", "said_count", "logged_count"), more_than_logged, _BOTH, own_so_far_or_log,
    ),
    Rule(
        "R03", About.CASE, Weight.NORMAL,
        say("導入段階が、前回の常用段階から検証段階に戻っている。"),
        say("前回は「%(said_stage_before)s」、%(round)sは「%(said_stage)s」と回答しています。検証に戻しましたか。"),
        ("round", "said_stage_before", "said_stage"), stage_goes_back, _ROUNDS, own_so_far,
    ),
    Rule(
        "R04", About.CASE, Weight.NORMAL,
        say("利用類型が前回と違い、理由がない。"),
        say("前回は「%(said_usage_before)s」、%(round)sは「%(said_usage)s」と回答しています。何が変わりましたか。"),
        ("round", "said_usage_before", "said_usage"), type_changes, _ROUNDS, own_so_far,
    ),
    Rule(
        "R05", About.CASE, Weight.NORMAL,
        say("前に報告した案件が、いちばん新しい提出にない。"),
        say("%(left_out)sの提出に、この案件がありません。利用を終えましたか、報告に漏れがありましたか。"),
        ("lifecycle", "left_out"), is_left_out, _ROUNDS,
    ),
    Rule(
        "R06", About.CASE, Weight.HIGH,
        say("汎用型１の案件が、追加学習ありと回答している。"),
        say("%(round)sで、利用類型は「%(said_usage)s」、追加学習は「%(said_learning)s」と回答しています。"),
        ("round", "said_usage", "said_learning"), answered_as_trained, _ROUNDS, own_so_far,
    ),
    Rule(
        "R07", About.CASE, Weight.NORMAL,
        say("基準日までに利用を終えた案件を、受付中の定期報告で回答している。"),
        say("台帳では%(since)sに利用を終えていますが、%(round)sで回答しています。利用は続いていますか。"),
        ("lifecycle", "since", "round"), retired_yet_answered, _ROUNDS, own_so_far,
    ),
    Rule(
        "R08", About.CASE, Weight.NORMAL,
        say("台帳では利用開始前の案件を、利用開始済みと回答している。"),
        say("%(round)sでは利用開始済みと回答していますが、台帳では「%(lifecycle)s」です。"),
        ("lifecycle", "round", "said_timing"), planned_yet_started, _ROUNDS, own_so_far,
    ),
    Rule(
        "R09", About.CASE, Weight.NORMAL,
        say("台帳では利用中の案件を、利用開始前と回答している。"),
        say("%(round)sでは利用開始前と回答していますが、台帳では%(since)sから「%(lifecycle)s」です。"),
        ("lifecycle", "since", "round", "said_timing"), running_yet_planned, _ROUNDS, own_so_far,
    ),
    Rule(
        "R10", About.CASE, Weight.NORMAL,
        say("利用開始済みと回答した案件の利用開始日が、基準日より後になっている。"),
        say("%(round)sで利用開始済みと回答していますが、回答した利用開始日は%(said_start)sです。"),
        ("round", "said_timing", "said_start"), started_in_future, _ROUNDS, own_so_far,
    ),
    Rule(
        "R11", About.CASE, Weight.NORMAL,
        say("取扱情報の機密性が前回より低く、理由がない。"),
        say(
            "前回は「%(said_confidentiality_before)s」、%(round)sは「%(said_confidentiality)s」と回答しています。"
            "扱う情報が変わりましたか。"
        ),
        ("round", "said_confidentiality_before", "said_confidentiality"), less_confidential, _ROUNDS, own_so_far,
    ),
)  # fmt: skip
