"""Why a figure is printed otherwise than it counts: the smallest explanation that the named sets of cases give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from register.errors import NotFound, Say, listed, say
from register.reports import lint
from register.reports.compare import Comparison, Slip, compare, named
from register.reports.counts import Counts
from register.reports.dimensions import FIELDS, Exclusion, Where, among
from register.reports.figures import Figure, resolve
from register.reports.lint import Fault
from register.reports.place import DENOMINATOR, EXCLUSIONS, HEADLINES, POPULATIONS, Place
from register.reports.plain import PlainReport
from register.reports.report import Report
from register.reports.table import TOTAL

# More sets together explain anything.
MOST_SETS = 2


@dataclass(frozen=True)
class Erratum:
    """A figure of a print beside what it should be, with the explanation; ``cases`` opens what explains it.

    ``beside`` is the table with which it is shown, empty where it stands with the sentences.
    """

    place: Place
    figure: Say
    printed: Say
    counted: Say
    explanation: Say
    beside: str
    cases: Place | None = None


@dataclass(frozen=True)
class Reading:
    """What became of a print beside a report: how many figures were compared, what differs and why."""

    compared: int
    errata: tuple[Erratum, ...]
    unknown: tuple[str, ...]


def explain(print_: PlainReport, report: Report) -> Reading:
    """Compare a print with a report, cell by cell and within itself, and explain every difference once."""
    printed = named(print_, report)
    found = compare(printed, report)
    errata = {slip.place: _of_slip(report, printed, found, slip) for slip in found.slips}
    for fault in lint.lint(printed, report.dimensions):
        errata.setdefault(fault.place, _of_fault(report, printed, fault))
    return Reading(found.compared, tuple(errata.values()), found.unknown)


def _of_slip(report: Report, printed: PlainReport, found: Comparison, slip: Slip) -> Erratum:
    figure = _figure(report, slip.place)
    why = _cause(report, figure, slip) or _moved(report, found, slip)
    if why is None:
        why = say("台帳の案件の集まりからは、この違いを説明できません。"), None
    sentence, cases = why
    inner = _row_sum(printed, slip)
    if inner is not None:
        sentence = say("内訳の合計は%(sum)d件。%(why)s", sum=inner, why=sentence)
    name = figure.name if figure else say("%(table)s／%(row)s", table=slip.place.table, row=slip.place.row)
    beside = slip.place.table if slip.place.table in report.tables else ""
    return Erratum(slip.place, name, _cases(slip.printed), _cases(slip.counted), sentence, beside, cases)


def _figure(report: Report, place: Place) -> Figure | None:
    try:
        return resolve(report, place)
    except NotFound:
        return None


def _row_sum(printed: PlainReport, slip: Slip) -> int | None:
    """Return what the printed cells of a row add up to, where its total is printed otherwise."""
    table = printed.tables.get(slip.place.table)
    row = table.row(slip.place.row) if table else None
    return row.sum if row and slip.place.column == TOTAL and row.sum != row.total else None


def _cause(report: Report, figure: Figure | None, slip: Slip) -> tuple[Say, Place | None] | None:
    """Return the fewest named sets that the print left out of the figure, or took into it."""
    if figure is None or figure.where is None:
        return None
    off = slip.printed - slip.counted
    sets = list(_left_out_of(report, figure)) if off < 0 else list(_taken_into(report, figure))
    for number in range(1, MOST_SETS + 1):
        for chosen in combinations(sets, number):
            if sum(one.count for one in chosen) == abs(off):
                names = listed([say("「%(name)s」の%(count)d件", name=one.name, count=one.count) for one in chosen])
                if off < 0:
                    return say("公表資料のこの数字には、%(cases)sが入っていない。", cases=names), chosen[0].place
                return say("公表資料のこの数字には、除くはずの%(cases)sが入っている。", cases=names), chosen[0].place
    return None


@dataclass(frozen=True)
class _Set:
    name: Say
    count: int
    place: Place | None


def _left_out_of(report: Report, figure: Figure) -> Iterator[_Set]:
    """Yield the sets within a figure that may be left out: first what it folds, then what it asks, then others."""
    where = figure.where or ()
    asked = [condition.field for condition in where]
    folded = figure.folded[0] if figure.folded else ""
    order = sorted(FIELDS, key=lambda field: (field != folded, field not in asked))
    for field in order:
        count = _blank(report.counts, where, field) if report.form.has(field) else 0
        if count:
            label = report.form.field(field).label(report.dimensions.language)
            place = Place(figure.place.table, figure.place.row, "unanswered") if field == folded else None
            yield _Set(say("%(field)sが未回答の案件", field=label), count, place)
    for exclusion in report.dimensions.exclusions.values():
        count = report.counts.count((*where, exclusion.condition))
        if count:
            yield _Set(exclusion.name, count, Place(EXCLUSIONS, exclusion.key, TOTAL))


def _taken_into(report: Report, figure: Figure) -> Iterator[_Set]:
    """Yield the sets that the figure's population leaves out and that may have been taken in."""
    population, where = figure.population, figure.where or ()
    for exclusion in population.exclusions if population else ():
        within = tuple(one for one in where if one != exclusion.condition.opposite)
        count = report.counts.count((*within, exclusion.condition))
        if count:
            yield _Set(exclusion.name, count, Place(EXCLUSIONS, exclusion.key, TOTAL))


def _blank(counts: Counts, where: Where, field: str) -> int:
    return counts.count((*where, among(field, {None})))


def _moved(report: Report, found: Comparison, slip: Slip) -> tuple[Say, Place | None] | None:
    """Return the figure of the same row or column that is off by as many the other way, where there is just one."""
    place, off = slip.place, slip.printed - slip.counted
    others = [
        one for one in found.slips
        if one.place.table == place.table and one.printed - one.counted == -off
        and (one.place.row == place.row) != (one.place.column == place.column)
    ]  # fmt: skip
    other = _figure(report, others[0].place) if len(others) == 1 else None
    if other is None:
        return None
    return say("同じ%(count)d件だけ、「%(figure)s」が逆に違っている。", count=abs(off), figure=other.name), other.place


def _of_fault(report: Report, printed: PlainReport, fault: Fault) -> Erratum:
    place = fault.place
    if place.table == HEADLINES:
        return _of_sentence(report, printed, fault)
    if place.table == POPULATIONS and place.column != TOTAL:
        return _of_note(report, fault)
    figure = _figure(report, place)
    name = figure.name if figure else say("%(table)s／%(row)s", table=place.table, row=place.row)
    beside = place.table if place.table in report.tables else ""
    return Erratum(place, name, _cases(fault.printed), _cases(fault.expected), say("%(why)s。", why=fault.why), beside)


def _of_note(report: Report, fault: Fault) -> Erratum:
    """Explain a note whose count is no difference of two tables: by the cases that the other one leaves out already."""
    population = report.dimensions.populations[fault.place.row]
    noted = report.dimensions.exclusions[fault.place.column]
    others = [one for one in report.dimensions.exclusions.values() if one.key not in population.leaves_out]
    within = tuple(one.condition.opposite for one in population.exclusions if one.key != noted.key)
    already = [
        (one, count) for one in others
        if (count := report.counts.count((*within, noted.condition, one.condition)))
        and fault.printed - count == fault.expected
    ]  # fmt: skip
    figure = say("「%(population)s」から除いた「%(noted)s」の件数", population=population.name, noted=noted.name)
    why, cases = say("%(why)s。", why=fault.why), Place(POPULATIONS, population.key, noted.key)
    if already:
        one, count = already[0]
        why = say(
            "%(why)s。残る%(count)d件は「%(name)s」でもあり、すでに除かれている。",
            why=fault.why,
            count=count,
            name=one.name,
        )
        cases = Place(EXCLUSIONS, noted.key, one.key)
    return Erratum(fault.place, figure, _cases(fault.printed), _cases(fault.expected), why, fault.beside, cases)


def _of_sentence(report: Report, printed: PlainReport, fault: Fault) -> Erratum:
    """Explain a share that is taken of something else than the table in which it is looked up."""
    one = next(one for one in printed.headlines if one.key == fault.place.row)
    own = next((mine for mine in report.headlines if mine.key == one.key), None)
    # In our words, which are there in both languages; the print has its own in one.
    name = say("要点「%(text)s」", text=own.text if own else one.text)
    why, cases = say("%(why)s。", why=fault.why), None
    if fault.place.column != DENOMINATOR:
        return Erratum(fault.place, name, _cases(fault.printed), _cases(fault.expected), why, fault.beside)
    if own and own.basis and own.denominator == fault.printed:
        population = report.dimensions.populations[own.basis.population]
        exclusion = _between(report, fault)
        if exclusion:
            why = say(
                "%(why)s。割合の分母は「%(population)s」%(count)d件で、表はそこから「%(left)s」%(off)d件を除いている。",
                why=fault.why,
                population=population.name,
                count=fault.printed,
                left=exclusion.name,
                off=fault.printed - fault.expected,
            )
            cases = Place(EXCLUSIONS, exclusion.key, TOTAL)
    shown = [
        say("%(part)d件／%(whole)d件", part=one.numerator, whole=whole) for whole in (fault.printed, fault.expected)
    ]
    return Erratum(fault.place, name, shown[0], shown[1], why, fault.beside, cases)


def _between(report: Report, fault: Fault) -> Exclusion | None:
    """Return the exclusion that makes the printed denominator the expected one."""
    populations = report.dimensions.populations.values()
    for wider in populations:
        for narrower in populations:
            more = narrower.leaves_out - wider.leaves_out
            sizes = report.populations[wider.key], report.populations[narrower.key]
            if wider.leaves_out < narrower.leaves_out and len(more) == 1 and sizes == (fault.printed, fault.expected):
                return report.dimensions.exclusions[next(iter(more))]
    return None


def _cases(count: int) -> Say:
    return say("%(count)d件", count=count)
