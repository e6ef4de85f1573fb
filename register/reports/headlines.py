"""The report's sentences: each a rule of wording over an exact figure, which always stands beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from register.errors import Say, say
from register.reports.counts import Counts
from register.reports.dimensions import Dimensions, Where, among
from register.reports.engine import STARTED
from register.reports.wording import about_percent, month_end, round_number, tenths


class Unit(Enum):
    """What a sentence counts."""

    CASES = "cases"
    MINISTRIES = "ministries"
    RISK_CASES = "risk cases"


@dataclass(frozen=True)
class Basis:
    """The cases that a sentence rests on: of ``population`` those of ``part`` for the numerator, ``whole`` below it.

    Of ministries, ``part`` are the cases that make them count, and the denominator is the ministries of the round.
    """

    population: str
    part: Where
    whole: Where = ()
    unit: Unit = Unit.CASES


@dataclass(frozen=True)
class Headline:
    """A sentence with the figure that it rests on; ``denominator`` is None where the figure is no share.

    ``basis`` is None for a difference between two rounds, which no set of cases stands behind.
    """

    key: str
    numerator: int
    denominator: int | None
    text: Say
    basis: Basis | None


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


Conditions = Callable[[Dimensions], Where]


def _of_group(field: str, group: str) -> Conditions:
    return lambda dimensions: (among(field, dimensions.codes_of_group(field, group)),)


def _of_code(field: str, code: str) -> Conditions:
    return lambda _dimensions: (among(field, {code}),)


def _all(_dimensions: Dimensions) -> Where:
    return ()


def _started(_dimensions: Dimensions) -> Where:
    return STARTED


def _started_and(more: Conditions) -> Conditions:
    return lambda dimensions: (*STARTED, *more(dimensions))


@dataclass(frozen=True)
class Share:
    """How a share of cases is said: ``words`` put it into the ``%(share)s`` of ``sentence``; ``none`` where none is.

    ``needs`` is a field that the round's form must have asked.
    """

    key: str
    population: str
    part: Conditions
    whole: Conditions
    words: Callable[[int, int], Say]
    sentence: Say
    none: Say
    needs: str = "usage_type"

    def __call__(self, facts: Facts) -> Headline | None:
        """Return the sentence with its figures; where there is no case, it claims no share."""
        if not facts.dimensions.has(self.needs):
            return None
        basis = Basis(self.population, self.part(facts.dimensions), self.whole(facts.dimensions))
        part, whole = facts.count(self.population, basis.part), facts.count(self.population, basis.whole)
        text = Say(self.sentence.template, {"share": self.words(part, whole)}) if whole else self.none
        return Headline(self.key, part, whole, text, basis)


def headlines(facts: Facts) -> tuple[Headline, ...]:
    """Return every sentence that the round has figures for, in the report's order."""
    made = (rule(facts) for rule in RULES)
    return tuple(headline for headline in made if headline is not None)


def _ministries_started(facts: Facts) -> Headline:
    started, all_of, day = facts.counts.ministries(STARTED), facts.ministries, month_end(facts.as_of)
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
    return Headline("ministries_started", started, all_of, text, Basis("all", STARTED, unit=Unit.MINISTRIES))


def _ministries_whole_started(facts: Facts) -> Headline:
    whole = among("user_scope", facts.dimensions.codes_of_group("user_scope", "whole"))
    basis = Basis("all", (*STARTED, whole), unit=Unit.MINISTRIES)
    some, all_of = facts.counts.ministries(basis.part), facts.ministries
    if not all_of:
        text = say("府省庁内全体で生成AIを利用開始済みの府省庁はない")
    else:
        text = say("%(all)d府省庁中、%(some)d府省庁において、府省庁内全体で生成AIを利用開始済み", all=all_of, some=some)
    return Headline("ministries_whole_started", some, all_of, text, basis)


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
    return Headline("growth", growth, None, text, None)


def _risk_cases(facts: Facts) -> Headline:
    number = facts.counts.risk_cases
    text = say("リスクケースの発生事例はなし") if number == 0 else say("リスクケースは%(count)d件", count=number)
    return Headline("risk_cases", number, None, text, Basis("all", (), unit=Unit.RISK_CASES))


RULES: tuple[Callable[[Facts], Headline | None], ...] = (
    _ministries_started,
    _ministries_whole_started,
    Share(
        "started", "all", _started, _all, about_percent,
        say("%(share)sが利用開始済"),
        say("案件がないため、利用開始済の割合は示さない"),
    ),
    Share(
        "by_fiscal_year_end", "all", _of_group("start_timing", "by_fiscal_year_end"), _all, about_percent,
        say("%(share)sが年度内に利用開始予定"),
        say("案件がないため、年度内に利用開始予定の割合は示さない"),
    ),
    Share(
        "started_specialised", "all", _started_and(_of_group("usage_type", "specialised")), _started, tenths,
        say("利用開始済の案件のうち特化型の割合：%(share)s"),
        say("利用開始済の案件がないため、そのうちの特化型の割合は示さない"),
    ),
    Share(
        "general", "all", _of_group("usage_type", "general"), _all, tenths,
        say("汎用型の割合：%(share)s"),
        say("案件がないため、汎用型の割合は示さない"),
    ),
    Share(
        "section_level", "staff_with_timing", _of_code("user_scope", "1"), _all, tenths,
        say("課室単位の規模での利用の割合：%(share)s"),
        say("政府職員を利用者とする案件がないため、課室単位の規模での利用の割合は示さない"),
    ),
    Share(
        "confidentiality_1", "staff", _of_code("confidentiality", "1"), _all, tenths,
        say("機密性１情報のみ取り扱う案件の割合：%(share)s"),
        say("政府職員を利用者とする案件がないため、機密性１情報のみ取り扱う案件の割合は示さない"),
        "confidentiality",
    ),
    _growth,
    _risk_cases,
)  # fmt: skip
SHARES: Mapping[str, Share] = {rule.key: rule for rule in RULES if isinstance(rule, Share)}
