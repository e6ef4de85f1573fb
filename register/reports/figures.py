"""Opening a figure of a report: the cases that it counts, as conditions, and how it was narrowed down to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, and_

from register.errors import NotFound, Say, say
from register.formspec.loader import from_canonical
from register.formspec.schema import FormSpec
from register.models import SubmissionItem, counted
from register.reports import change, flow
from register.reports.catalogue import CATALOGUE, CrossTab
from register.reports.dimensions import Category, Population, Where, among, clause
from register.reports.headlines import Unit
from register.reports.moves import CLOSED, Pair
from register.reports.place import (
    DENOMINATOR,
    EXCLUSIONS,
    HEADLINES,
    MINISTRIES,
    NUMERATOR,
    POPULATIONS,
    UNANSWERED,
    Place,
)
from register.reports.report import Report
from register.reports.table import TOTAL, Column, Row

Name = Say | str
Thing = TypeVar("Thing")
SUM = say("総計")
TERMS = {NUMERATOR: say("分子"), DENOMINATOR: say("分母")}


@dataclass(frozen=True)
class Step:
    """How the cases were narrowed: what the step is called, and all conditions so far."""

    name: Name
    where: Where


@dataclass(frozen=True)
class Figure:
    """A figure at its place: the names of its table, row and column, and the condition on the items that it counts.

    ``steps`` narrow all cases of the round to its own; a figure that compares two rounds has none and no population.
    ``spec`` is the form that asked the items; they are of the round before where ``earlier``. ``folded`` is the
    question whose unanswered cases it counts as if they had chosen a code, and that code.
    """

    place: Place
    title: Name
    row: Name
    column: Name
    behind: ColumnElement[bool]
    spec: FormSpec
    unit: Unit = Unit.CASES
    population: Population | None = None
    steps: tuple[Step, ...] = ()
    folded: tuple[str, str] | None = None
    earlier: bool = False

    @property
    def name(self) -> Say:
        """What the figure is called where it stands alone."""
        if self.column == SUM:
            return say("%(table)s／%(row)s", table=self.title, row=self.row)
        return say("%(table)s／%(row)s／%(column)s", table=self.title, row=self.row, column=self.column)

    @property
    def where(self) -> Where | None:
        """The conditions on its cases, as far as they are answers of this round alone."""
        return self.steps[-1].where if self.steps else None


def resolve(report: Report, place: Place) -> Figure:
    """Return the figure at ``place``; raise ``NotFound`` where the report has none that counts cases."""
    find = {
        HEADLINES: _in_headlines,
        POPULATIONS: _in_populations,
        EXCLUSIONS: _in_exclusions,
        flow.SLUG: _in_flow,
        change.SLUG: _in_change,
    }.get(place.table, _in_table)
    return find(report, place)


def offered(report: Report) -> tuple[tuple[Name, tuple[tuple[Place, Name, int], ...]], ...]:
    """Return the figures that one may want to compare with another, by table: place, name and value of each."""
    populations = tuple(
        (Place(POPULATIONS, one.key, TOTAL), one.name, report.populations[one.key])
        for one in report.dimensions.populations.values()
    )
    sentences = tuple(
        (Place(HEADLINES, one.key, column), say("%(row)s（%(term)s）", row=one.text, term=TERMS[column]), value)
        for one in report.headlines
        for column, value in ((NUMERATOR, one.numerator), (DENOMINATOR, one.denominator))
        if one.basis and one.basis.unit is Unit.CASES and value is not None
    )
    tables = tuple(
        (
            table.title,
            tuple((Place(table.slug, row.code, TOTAL), label(row), row.total) for row in (*table.body, table.total)),
        )
        for table in report.tables.values()
    )
    return (say("集計の対象"), populations), (say("要点"), sentences), *tables


def _in_table(report: Report, place: Place) -> Figure:
    known = (tab for tab in CATALOGUE if tab.slug == place.table and all(map(report.form.has, tab.needs)))
    return in_tab(report, _found(known), place)


def in_tab(report: Report, tab: CrossTab, place: Place) -> Figure:
    """Return the figure at ``place`` in the table that ``tab`` declares; raise ``NotFound`` where it has none."""
    population = report.dimensions.populations[tab.population]
    if place.row == UNANSWERED:
        asked = report.form.field(_found(note.unanswered for note in tab.notes if note.unanswered == place.column))
        blank = say("「%(field)s」が未回答", field=asked.label(report.dimensions.language))
        return _figure(report, place, (tab.title, blank, SUM), population, [(blank, (among(asked.id, {None}),))])
    row = _category(tab.rows(report.dimensions), place.row)
    name, where, unit = _column(report, tab, row, place.column)
    narrowed: list[tuple[Name, Where]] = [*tab.filters]
    narrowed += [(label(row), row.where)] if row else []
    narrowed += [(name, where)] if where else []
    folded = tab.folded if tab.folded and (row is None or row.code == tab.folded[1]) else None
    names = (tab.title, label(row) if row else SUM, name)
    return _figure(report, place, names, population, narrowed, unit=unit, folded=folded)


def _column(report: Report, tab: CrossTab, row: Category | None, code: str) -> tuple[Name, Where, Unit]:
    """Return name, conditions and unit of a column of a row, with what stands in brackets beside the row's total."""
    beside = report.dimensions.codes_of_group("user_scope", tab.distinct) if tab.distinct else frozenset()
    if code == MINISTRIES and row and row.code in beside:
        return say("府省庁の数（重複を除く）"), (), Unit.MINISTRIES
    if code == UNANSWERED and row and tab.folded and row.code == tab.folded[1]:
        return say("うち未回答"), (among(tab.folded[0], {None}),), Unit.CASES
    column = _category(tab.columns(report.dimensions), code)
    return (label(column), column.where, Unit.CASES) if column else (SUM, (), Unit.CASES)


def _in_headlines(report: Report, place: Place) -> Figure:
    headline = _found(one for one in report.headlines if one.key == place.row)
    basis = headline.basis
    if basis is None or place.column not in TERMS or (place.column == DENOMINATOR and headline.denominator is None):
        raise _nothing()
    if basis.unit is not Unit.CASES and place.column == DENOMINATOR:
        # The ministries of the round are counted by their returns, with or without cases.
        raise _nothing()
    names = (say("要点"), headline.text, TERMS[place.column])
    narrowed = [(TERMS[DENOMINATOR], basis.whole)] if basis.whole else []
    if place.column == NUMERATOR and basis.part:
        narrowed.append((TERMS[NUMERATOR], basis.part))
    population = report.dimensions.populations[basis.population]
    if basis.unit is Unit.RISK_CASES:
        told = and_(_of_round(report), SubmissionItem.answers["risk_case_count"].as_integer() > 0)
        return Figure(place, *names, told, report.form, basis.unit)
    return _figure(report, place, names, population, narrowed, unit=basis.unit)


def _in_populations(report: Report, place: Place) -> Figure:
    population = _found(one for one in report.dimensions.populations.values() if one.key == place.row)
    if place.column == TOTAL:
        return _figure(report, place, (say("集計の対象"), population.name, SUM), population, ())
    left_out = _found(one for one in population.exclusions if one.key == place.column)
    names = (say("集計の対象"), population.name, say("除いた案件：%(name)s", name=left_out.name))
    others = Population("", population.name, tuple(one for one in population.exclusions if one is not left_out))
    return _figure(report, place, names, others, ((left_out.name, (left_out.condition,)),))


def _in_exclusions(report: Report, place: Place) -> Figure:
    known, whole = report.dimensions.exclusions, report.dimensions.populations["all"]
    named = [_found(one for one in known.values() if one.key == place.row)]
    if place.column != TOTAL:
        named.append(_found(one for one in known.values() if one.key == place.column != place.row))
    column = named[1].name if len(named) > 1 else SUM
    names = (say("集計から除く案件"), named[0].name, column)
    return _figure(report, place, names, whole, [(one.name, (one.condition,)) for one in named])


def _in_flow(report: Report, place: Place) -> Figure:
    pair, language = _pair(report), report.dimensions.language
    before = from_canonical(pair.previous.form_version.canonical)
    row, column = flow.cell(report.form, before, place.row, place.column, language)
    earlier = flow.counts_before(place.row, place.column)
    behind = and_(flow.behind(pair, place.row, place.column), counted())
    asked = before if earlier else report.form
    return Figure(place, flow.TITLE, label(row) or SUM, label(column) or SUM, behind, asked, earlier=earlier)


def _in_change(report: Report, place: Place) -> Figure:
    pair = _pair(report)
    row, column = change.cell(place.row, place.column, report.dimensions.language)
    earlier = place.row == CLOSED
    asked = from_canonical(pair.previous.form_version.canonical) if earlier else report.form
    behind = and_(change.behind(pair, place.row), counted())
    return Figure(place, change.TITLE, label(row), label(column), behind, asked, earlier=earlier)


def _figure(
    report: Report,
    place: Place,
    names: tuple[Name, Name, Name],
    population: Population,
    narrowed: Iterable[tuple[Name, Where]],
    *,
    unit: Unit = Unit.CASES,
    folded: tuple[str, str] | None = None,
) -> Figure:
    where: Where = ()
    steps = [Step(report.dimensions.populations["all"].name, where)]
    for exclusion in population.exclusions:
        where = (*where, exclusion.condition.opposite)
        steps.append(Step(say("%(cases)sを除く", cases=exclusion.name), where))
    for name, conditions in narrowed:
        where = (*where, *conditions)
        steps.append(Step(name, where))
    behind = and_(_of_round(report), clause(where))
    return Figure(place, *names, behind, report.form, unit, population, tuple(steps), folded)


def _of_round(report: Report) -> ColumnElement[bool]:
    return and_(SubmissionItem.round_id == report.round_id, counted())


def _pair(report: Report) -> Pair:
    if report.pair is None:
        raise _nothing()
    return report.pair


def _category(categories: tuple[Category, ...], code: str) -> Category | None:
    """Return the category of ``code``, None for the whole."""
    return None if code == TOTAL else _found(one for one in categories if one.code == code)


def label(named: Category | Row | Column) -> Name:
    """Return the name of a row or a column with the heading that it shares."""
    if named.group and named.label:
        return say("%(group)s／%(label)s", group=named.group, label=named.label)
    return named.label


def _found(things: Iterable[Thing | None]) -> Thing:
    for thing in things:
        if thing is not None:
            return thing
    raise _nothing()


def _nothing() -> NotFound:
    return NotFound(say("お探しのページはありません。"))
