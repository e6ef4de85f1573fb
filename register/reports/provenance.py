"""The proof of a figure: how its cases were narrowed down, what was left out, how blanks counted, on which answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from register.errors import Say, say
from register.formspec.schema import Field
from register.reports.dimensions import Exclusion, among
from register.reports.figures import Figure, Name
from register.reports.headlines import Unit
from register.reports.place import EXCLUSIONS, Place
from register.reports.report import Report
from register.reports.table import TOTAL

UNITS = {
    Unit.CASES: say("案件（府省庁と案件番号が同じものを1件と数える）"),
    Unit.MINISTRIES: say("府省庁（案件がいくつあっても1と数える）"),
    Unit.RISK_CASES: say("リスクケース（案件ごとに報告された件数の合計）"),
}


@dataclass(frozen=True)
class Counted:
    """A set of cases with its size, and the place where it can be opened (None: nowhere by itself)."""

    name: Name
    count: int
    place: Place | None = None


@dataclass(frozen=True)
class Provenance:
    """What a figure rests on. ``steps`` end in the figure's cases; ``left_out`` are the named sets and their overlaps.

    ``blanks`` are sentences on unanswered questions; ``sha256`` is of the round's answers, empty while it runs.
    """

    steps: tuple[Counted, ...]
    left_out: tuple[Counted, ...]
    blanks: tuple[Say, ...]
    unit: Say
    sha256: str


def prove(report: Report, figure: Figure) -> Provenance:
    """Return the proof of a figure of ``report``, from what was counted of the round."""
    steps = tuple(Counted(step.name, report.counts.count(step.where)) for step in figure.steps)
    return Provenance(
        steps, tuple(_left_out(report, figure)), tuple(_blanks(report, figure)), UNITS[figure.unit], report.sha256
    )


def _left_out(report: Report, figure: Figure) -> Iterator[Counted]:
    exclusions = figure.population.exclusions if figure.population else ()
    for one in exclusions:
        yield Counted(one.name, report.counts.count((one.condition,)), Place(EXCLUSIONS, one.key, TOTAL))
    for one, other in combinations(exclusions, 2):
        both = report.counts.count((one.condition, other.condition))
        yield Counted(_both(one, other), both, Place(EXCLUSIONS, one.key, other.key))


def _both(one: Exclusion, other: Exclusion) -> Say:
    return say("うち「%(one)s」でもあり「%(other)s」でもあるもの", one=one.name, other=other.name)


def _blanks(report: Report, figure: Figure) -> Iterator[Say]:
    """Yield how the unanswered cases among the figure's own were counted, for each question that it asks about."""
    where = figure.where
    if where is None:
        return
    folded, code = figure.folded or ("", "")
    asked = {condition.field for condition in where} | {folded}
    for field in report.form.fields:
        blank = report.counts.count((*where, among(field.id, {None}))) if field.id in asked else 0
        if blank and field.id == folded:
            row = field.option(code).label(report.dimensions.language, report.dimensions.terms)
            told = _told(report, field, blank)
            yield say("「%(field)s」が未回答の%(count)d件を「%(row)s」に数えている", row=row, **told)
        elif blank:
            yield say("「%(field)s」が未回答の%(count)d件を含む", **_told(report, field, blank))


def _told(report: Report, field: Field, count: int) -> dict[str, object]:
    return {"field": field.label(report.dimensions.language), "count": count}
