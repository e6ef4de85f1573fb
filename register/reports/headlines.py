"""The report's sentences: each a rule of wording over an exact figure, which always stands beside it."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from register.errors import Say, say
from register.reports.dimensions import Dimensions, Where, among
from register.reports.engine import STARTED, Counts

MONTHS = (
    say("1月"),
    say("2月"),
    say("3月"),
    say("4月"),
    say("5月"),
    say("6月"),
    say("7月"),
    say("8月"),
    say("9月"),
    say("10月"),
    say("11月"),
    say("12月"),
)


@dataclass(frozen=True)
class Headline:
    """A sentence with the figure that it rests on; ``denominator`` is None where the figure is no share."""

    key: str
    numerator: int
    denominator: int | None
    text: Say


@dataclass(frozen=True)
class Facts:
    """What the sentences speak of: the round's day, its counts, how many ministries take part in it.

    ``previous_rows`` are the rows of the round before; None where there is none, or nothing to compare yet.
    """

    as_of: dt.date
    dimensions: Dimensions
    counts: Counts
    ministries: int
    previous_rows: int | None

    def count(self, population: str, *where: Where) -> int:
        """Return how many cases of a population meet the conditions."""
        conditions = self.dimensions.populations[population].where
        return self.counts.count(tuple(c for part in (conditions, *where) for c in part))


def about_percent(numerator: int, denominator: int) -> Say:
    """Word a share of something in per cent: 約90％, or 100％ where it is all."""
    share = 100 * numerator / denominator
    rounded = round(share)
    if numerator * 100 == rounded * denominator:
        return say("%(percent)d％", percent=rounded)
    return say("約%(percent)d％", percent=min(99, max(1, rounded)))


def tenths(numerator: int, denominator: int) -> Say:
    """Word a share of something in tenths: 7割, 8割強 (a little more), 8割弱 (a little less), 約1割 (very near)."""
    if numerator == denominator:
        return say("すべて")
    whole, rest = divmod(100 * numerator / denominator, 10)
    below, above = int(whole), int(whole) + 1
    if rest >= 9:
        return say("約%(tenths)d割", tenths=above)
    if rest >= 5:
        return say("%(tenths)d割弱", tenths=above)
    if below == 0:
        return say("なし") if numerator == 0 else say("1割未満")
    return say("%(tenths)d割", tenths=below) if rest < 1 else say("%(tenths)d割強", tenths=below)


def round_number(number: int) -> Say:
    """Word a number of cases: the exact one below 10, else 100件強, 150件強 by the half of its magnitude."""
    step = 10 ** (len(str(number)) - 1) // 2
    if step < 5 or number % step == 0:
        return say("%(count)d件", count=number)
    return say("%(count)d件強", count=number // step * step)


@dataclass(frozen=True)
class Share:
    """How a share of cases is said: ``words`` put it into the ``%(share)s`` of ``sentence``; ``none`` where none is."""

    key: str
    words: Callable[[int, int], Say]
    sentence: Say
    none: Say

    def of(self, part: int, whole: int) -> Headline:
        """Return the sentence with its figures; where there is no case, it claims no share."""
        text = Say(self.sentence.template, {"share": self.words(part, whole)}) if whole else self.none
        return Headline(self.key, part, whole, text)


_STARTED = Share(
    "started",
    about_percent,
    say("%(share)sが利用開始済"),
    say("案件がないため、利用開始済の割合は示さない"),
)
_BY_FISCAL_YEAR_END = Share(
    "by_fiscal_year_end",
    about_percent,
    say("%(share)sが年度内に利用開始予定"),
    say("案件がないため、年度内に利用開始予定の割合は示さない"),
)
_STARTED_SPECIALISED = Share(
    "started_specialised",
    tenths,
    say("利用開始済の案件のうち特化型の割合：%(share)s"),
    say("利用開始済の案件がないため、そのうちの特化型の割合は示さない"),
)
_GENERAL = Share(
    "general",
    tenths,
    say("汎用型の割合：%(share)s"),
    say("案件がないため、汎用型の割合は示さない"),
)
_SECTION_LEVEL = Share(
    "section_level",
    tenths,
    say("課室単位の規模での利用の割合：%(share)s"),
    say("政府職員を利用者とする案件がないため、課室単位の規模での利用の割合は示さない"),
)
_CONFIDENTIALITY_1 = Share(
    "confidentiality_1",
    tenths,
    say("機密性１情報のみ取り扱う案件の割合：%(share)s"),
    say("政府職員を利用者とする案件がないため、機密性１情報のみ取り扱う案件の割合は示さない"),
)


def headlines(facts: Facts) -> tuple[Headline, ...]:
    """Return every sentence that the round has figures for, in the report's order."""
    made = (rule(facts) for rule in RULES)
    return tuple(headline for headline in made if headline is not None)


def _day(as_of: dt.date) -> Say:
    if as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]:
        return say("%(year)d年%(month)s末", year=as_of.year, month=MONTHS[as_of.month - 1])
    return say("%(year)d年%(month)s%(day)d日", year=as_of.year, month=MONTHS[as_of.month - 1], day=as_of.day)


def _ministries_started(facts: Facts) -> Headline:
    started, all_of, day = facts.counts.ministries(STARTED), facts.ministries, _day(facts.as_of)
    if not all_of:
        text = say("%(day)s時点で、案件を報告した府省庁はない", day=day)
    elif started == all_of:
        text = say("%(day)s時点で、全府省庁において、生成AIシステムを利用開始済み", day=day)
    else:
        text = say(
            "%(day)s時点で、%(all)d府省庁中、%(some)d府省庁において、生成AIシステムを利用開始済み",
            day=day,
            all=all_of,
            some=started,
        )
    return Headline("ministries_started", started, all_of, text)


def _ministries_whole_started(facts: Facts) -> Headline:
    whole = among("user_scope", facts.dimensions.codes_of_group("user_scope", "whole"))
    some, all_of = facts.counts.ministries((*STARTED, whole)), facts.ministries
    if not all_of:
        text = say("府省庁内全体で生成AIを利用開始済みの府省庁はない")
    else:
        text = say("%(all)d府省庁中、%(some)d府省庁において、府省庁内全体で生成AIを利用開始済み", all=all_of, some=some)
    return Headline("ministries_whole_started", some, all_of, text)


def _started(facts: Facts) -> Headline:
    part, whole = facts.count("all", STARTED), facts.count("all")
    return _STARTED.of(part, whole)


def _by_fiscal_year_end(facts: Facts) -> Headline:
    soon = among("start_timing", facts.dimensions.codes_of_group("start_timing", "by_fiscal_year_end"))
    part, whole = facts.count("all", (soon,)), facts.count("all")
    return _BY_FISCAL_YEAR_END.of(part, whole)


def _started_specialised(facts: Facts) -> Headline:
    special = among("usage_type", facts.dimensions.codes_of_group("usage_type", "specialised"))
    part, whole = facts.count("all", STARTED, (special,)), facts.count("all", STARTED)
    return _STARTED_SPECIALISED.of(part, whole)


def _general(facts: Facts) -> Headline:
    general = among("usage_type", facts.dimensions.codes_of_group("usage_type", "general"))
    part, whole = facts.count("all", (general,)), facts.count("all")
    return _GENERAL.of(part, whole)


def _section_level(facts: Facts) -> Headline:
    part = facts.count("staff_with_timing", (among("user_scope", {"1"}),))
    whole = facts.count("staff_with_timing")
    return _SECTION_LEVEL.of(part, whole)


def _confidentiality_1(facts: Facts) -> Headline | None:
    if not facts.dimensions.has("confidentiality"):
        return None
    part, whole = facts.count("staff", (among("confidentiality", {"1"}),)), facts.count("staff")
    return _CONFIDENTIALITY_1.of(part, whole)


def _growth(facts: Facts) -> Headline | None:
    if facts.previous_rows is None:
        return None
    growth = facts.count("staff_with_timing") - facts.previous_rows
    if growth == 0:
        text = say("前回から増減なし")
    elif growth > 0:
        text = say("前回から%(number)s増加", number=round_number(growth))
    else:
        text = say("前回から%(number)s減少", number=round_number(-growth))
    return Headline("growth", growth, None, text)


def _risk_cases(facts: Facts) -> Headline:
    number = facts.counts.risk_cases
    text = say("リスクケースの発生事例はなし") if number == 0 else say("リスクケースは%(count)d件", count=number)
    return Headline("risk_cases", number, None, text)


RULES: tuple[Callable[[Facts], Headline | None], ...] = (
    _ministries_started,
    _ministries_whole_started,
    _started,
    _by_fiscal_year_end,
    _started_specialised,
    _general,
    _section_level,
    _confidentiality_1,
    _growth,
    _risk_cases,
)
