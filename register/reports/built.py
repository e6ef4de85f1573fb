"""A table of the builder put together for one round: counted, with its footnotes, its figures opened, and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from register.errors import listed, say
from register.formats import Cell
from register.formats.xlsx import Sheet
from register.formspec.schema import Text
from register.reports import builder, counts, engine, figures, render
from register.reports.builder import DIMENSIONS, QUESTIONS, SLUG, Definition, Measure
from register.reports.catalogue import CrossTab
from register.reports.charts import Speak
from register.reports.dimensions import FIELDS, Category, Dimensions, among, holds
from register.reports.figures import Figure
from register.reports.headlines import Unit
from register.reports.place import EXCLUSIONS, Place
from register.reports.report import Report, as_json
from register.reports.table import TOTAL, Footnote, Row, Table

COUNT, BODIES = Text("件数", "Cases"), Text("府省庁の数", "Ministries")
SHARE, FIGURE = say("割合（％）"), say("件数")
# Of the report's JSON, what tells on which answers a table rests.
STANDING = (
    "round", "as_of", "rehearsal", "settled", "ministries", "form", "answers_sha256", "corrections", "populations",
)  # fmt: skip
# What is told of a saved table beside its declaration.
SAVED = (say("表の名前"), say("版"), say("保存した日時"))


@dataclass(frozen=True)
class Built:
    """A table put together of a round's report; ``tab`` is its declaration in the form of the catalogue's."""

    report: Report
    definition: Definition
    tab: CrossTab
    table: Table

    @property
    def count(self) -> int:
        """How many cases the table counts."""
        return self.report.counts.count(self.tab.scope(self.report.dimensions))


def make(session: Session, report: Report, definition: Definition) -> Built:
    """Return the table that is declared; raise ``Invalid`` where the round's form did not ask what it counts by."""
    builder.check(definition, report.dimensions)
    tab = _tab(report, definition)
    table = _counted(session, report, tab, definition.measure)
    built = Built(report, definition, tab, table)
    return replace(built, table=replace(table, notes=tuple(note for find in _NOTES for note in find(built))))


def figure(built: Built, row: str, column: str) -> Figure:
    """Return a figure of the table; raise ``NotFound`` where it has none."""
    found = figures.in_tab(built.report, built.tab, Place(SLUG, row, column))
    return replace(found, unit=Unit.MINISTRIES) if built.definition.measure is Measure.MINISTRIES else found


def _tab(report: Report, definition: Definition) -> CrossTab:
    dimensions = report.dimensions
    filters = tuple(
        (builder.filter_name(field, codes, dimensions), (builder.where_of(field, codes),))
        for field, codes in definition.filters
    )
    bare = CrossTab(SLUG, builder.title(definition), say("表"), definition.population, _none, _none, ())
    bare = replace(bare, filters=filters)
    asked = {DIMENSIONS[key].field for _, key in definition.axes}
    blank = frozenset(field for field in asked if _unanswered(report, bare, field))
    rows = builder.categories(definition.rows, dimensions, blank)
    columns = builder.categories(definition.columns, dimensions, blank) if definition.columns else ()
    single = BODIES if definition.measure is Measure.MINISTRIES else COUNT
    heads = columns or (Category("count", single.of(dimensions.language), "", ()),)
    return replace(bare, rows=lambda _: rows, columns=lambda _: heads)


def _unanswered(report: Report, tab: CrossTab, field: str) -> int:
    return report.counts.count((*tab.scope(report.dimensions), among(field, {None})))


def _none(_dimensions: Dimensions) -> tuple[Category, ...]:
    return ()


def _counted(session: Session, report: Report, tab: CrossTab, measure: Measure) -> Table:
    dimensions = report.dimensions
    if measure is Measure.MINISTRIES:
        # A ministry may stand in many cells and counts once in every total: sums of cells would not do.
        asked, scope = engine.asked_by(tab, dimensions), tab.scope(dimensions)
        found = counts.presences(session, report.round_id, [name for name in FIELDS if name in asked])
        within = [presence for presence in found if holds(scope, presence.key)]
        rows, total = engine.cross(tab, dimensions, within, engine.ministries)
        return engine.put_together(tab, dimensions, (*rows, total))
    table = engine.tabulate(tab, dimensions, report.counts)
    if not measure.share:
        return table
    return replace(table, rows=tuple(replace(row, wholes=_wholes(row, table.total, measure)) for row in table.rows))


def _wholes(row: Row, total: Row, measure: Measure) -> tuple[int, ...]:
    if measure is Measure.OF_COLUMN:
        return (*(cell or 0 for cell in total.cells), total.total)
    return (total.total if measure is Measure.OF_TABLE else row.total,) * (len(row.cells) + 1)


def _narrowed(built: Built) -> Iterator[Footnote]:
    """Yield what the population and the filters leave out."""
    report, dimensions = built.report, built.report.dimensions
    for one in dimensions.populations[built.tab.population].exclusions:
        if count := report.counts.count((one.condition,)):
            place = Place(EXCLUSIONS, one.key, TOTAL)
            yield Footnote(say("%(name)s%(count)d件は除いている", name=one.name, count=count), count, place)
    if built.tab.filters:
        whole = report.populations[built.tab.population]
        left = {"count": whole - built.count, "all": whole}
        yield Footnote(say("絞り込みにより、対象の%(all)d件のうち%(count)d件を除いている", **left))
    for field, codes in builder.unknown(built.definition, dimensions).items():
        told = {"field": QUESTIONS[field], "codes": listed(codes)}
        yield Footnote(say("絞り込みのうち「%(field)s」の選択肢%(codes)sは、この回の様式にない", **told))


def _blanks(built: Built) -> Iterator[Footnote]:
    """Yield how the unanswered cases stand in the table."""
    dimensions = built.report.dimensions
    asked = dict.fromkeys(DIMENSIONS[key].field for _, key in built.definition.axes)
    blank = [field for field in asked if _unanswered(built.report, built.tab, field)]
    for field in blank:
        label = builder.blank_label(field, dimensions)
        if label == builder.OR_NOT_ASKED.of(dimensions.language):
            yield Footnote(
                say("「%(field)s」の「%(label)s」は、回答を要しない案件を含む", field=QUESTIONS[field], label=label)
            )
    if "start_timing" in blank and "started" in (*built.definition.rows, *built.definition.columns):
        yield Footnote(say("利用開始時期が未回答の案件は、公表する表と違い、「開始前」に含めていない"))


def _measured(built: Built) -> Iterator[Footnote]:
    """Yield how the values of the cells are to be read."""
    measure = built.definition.measure
    if measure is Measure.MINISTRIES:
        yield Footnote(say("総計は重複を除いた府省庁の数のため、各欄の数の合計とは一致しないことがある"))
    if measure.share:
        yield Footnote(say("%(measure)s。下段は案件数", measure=builder.MEASURES[measure]))
        yield Footnote(say("割合は小数第2位を四捨五入しているため、合計が100％にならないことがある"))


_NOTES: tuple[Callable[[Built], Iterator[Footnote]], ...] = (_narrowed, _blanks, _measured)


def as_csv_rows(built: Built, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell, one a row, like the report's; a table of shares has one more column."""
    heads = [speak(head) for head in render.LONG_HEAD]
    if built.definition.measure is Measure.MINISTRIES:
        heads[heads.index(speak(FIGURE))] = BODIES.of(built.report.dimensions.language)
    lines = render.as_lines(built.report, built.table, speak)
    if not built.definition.measure.share:
        return heads, lines
    shares = [one for row in built.table.rows for one in row.shares]
    return [*heads, speak(SHARE)], [[*line, one] for line, one in zip(lines, shares, strict=True)]


def as_sheets(built: Built, saved: Sequence[str], speak: Speak) -> list[Sheet]:
    """Return a sheet of what the table is, one of its counts, and one of its shares where it has some.

    ``saved`` are its name, its version and when it was saved.
    """
    table, report = built.table, built.report
    about = render.as_about(report, [table], speak)
    declared = builder.words(built.definition, report.dimensions)
    told: list[Sequence[Cell]] = [
        [speak(name), text if isinstance(text, str) else speak(text)] for name, text in declared
    ]
    own: list[Sequence[Cell]] = [[speak(name), text] for name, text in zip(SAVED, saved, strict=True)]
    sheets = [replace(about, rows=[*own, *told, *about.rows]), render.as_sheet(table, speak, speak(table.short))]
    if built.definition.measure.share:
        lines = [[line[0], line[1], *row.shares] for line, row in zip(sheets[1].rows, table.rows, strict=True)]
        sheets.append(Sheet(speak(SHARE), render.as_heading(table, speak), lines))
    return sheets


def as_plain(built: Built, facts: Mapping[str, Any], speak: Speak) -> dict[str, Any]:
    """Return the table with what it rests on, in the shape of the report's JSON; ``facts`` tell of what was saved."""
    alone = replace(
        built.report, tables={SLUG: built.table}, headlines=(), flow={}, flow_table=None, change={}, change_table=None
    )
    whole = as_json(alone, speak)
    table = whole["tables"][SLUG]
    if built.definition.measure.share:
        for told, row in zip(table["rows"], built.table.rows, strict=True):
            told["shares"] = [None if one is None else float(one) for one in row.shares]
    kept = {name: whole[name] for name in STANDING}
    return {**facts, **kept, "definition": built.definition.plain(), "table": table}
