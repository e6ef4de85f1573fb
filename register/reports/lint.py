"""The linter of a report: whether rows, columns, populations, notes and sentences agree with each other.

It looks at the report as it stands on paper, ours before it is published and anybody's after: a fault names the figure
and says what it disagrees with. What a note or a share is taken of is either told with it (``populations``), or it is
read as a reader of the paper would read it: against the tables that are printed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from register.errors import Say, say
from register.reports.catalogue import CATALOGUE, CrossTab, Note
from register.reports.dimensions import Category, Dimensions, Population
from register.reports.headlines import SHARES, Basis
from register.reports.place import DENOMINATOR, HEADLINES, NUMERATOR, POPULATIONS, Place
from register.reports.plain import PlainHeadline, PlainReport, PlainTable
from register.reports.table import PREVIOUS, TOTAL


@dataclass(frozen=True)
class Fault:
    """A figure that disagrees with others: where, what stands there, what the others ask for, and why.

    ``beside`` is the table in which the disagreement is seen, empty where there is none.
    """

    place: Place
    printed: int
    expected: int
    why: Say
    beside: str = ""


@dataclass(frozen=True)
class Paper:
    """A report on paper beside the declarations by which it is read."""

    report: PlainReport
    dimensions: Dimensions

    @cached_property
    def tables(self) -> tuple[tuple[PlainTable, CrossTab], ...]:
        """The printed tables that the catalogue declares, in the print's order."""
        declared = {tab.slug: tab for tab in CATALOGUE}
        return tuple((table, declared[slug]) for slug, table in self.report.tables.items() if slug in declared)

    def population(self, tab: CrossTab) -> Population:
        """Return the population of a table."""
        return self.dimensions.populations[tab.population]

    def size(self, population: Population) -> int | None:
        """Return how many cases a population has, as far as the paper tells."""
        return self.report.populations.get(population.key)

    def table_of(self, population: Population) -> PlainTable | None:
        """Return the first table of a population."""
        return next((table for table, tab in self.tables if self.population(tab) == population), None)


def lint(report: PlainReport, dimensions: Dimensions) -> tuple[Fault, ...]:
    """Return every fault of a report on paper, the first of each figure only, in the order of the rules."""
    paper = Paper(report, dimensions)
    found: dict[Place, Fault] = {}
    for rule in RULES:
        for fault in rule(paper):
            found.setdefault(fault.place, fault)
    return tuple(found.values())


def counts_of(tab: CrossTab, notes: Iterable[str]) -> Mapping[Note, int]:
    """Return what the printed notes of a table say that they count, for each note that the catalogue knows."""
    texts = [unicodedata.normalize("NFKC", note) for note in notes]
    found = {}
    for note in tab.notes:
        before, _, after = unicodedata.normalize("NFKC", note.sentence).partition("%(count)d")
        pattern = re.compile(re.escape(before) + r"([0-9,]+)" + re.escape(after))
        matches = [match for text in texts if after and (match := pattern.search(text))]
        if matches:
            found[note] = int(matches[0].group(1).replace(",", ""))
    return found


def _blanks(tab: CrossTab, table: PlainTable, categories: tuple[Category, ...]) -> list[int]:
    """Return how many cases the notes say answer none of the categories, for each field that leaves some out."""
    asked = {condition.field for category in categories for condition in category.where}
    covered = {condition.field for category in categories for condition in category.where if condition.holds({})}
    counts = counts_of(tab, table.notes)
    return [count for note, count in counts.items() if note.unanswered in asked - covered]


def _rows_add_up(paper: Paper) -> Iterator[Fault]:
    for table, tab in paper.tables:
        blank = sum(_blanks(tab, table, tab.columns(paper.dimensions)))
        for row in table.rows:
            missing = row.total - row.sum
            least, most = (blank, blank) if row.code == TOTAL else (0, blank)
            # What the round before left blank does not stand in this print.
            if missing < least or (missing > most and row.code != PREVIOUS):
                why = say("行の内訳の合計は%(sum)d件", sum=row.sum)
                yield Fault(Place(table.slug, row.code, TOTAL), row.total, row.sum + least, why)


def _columns_add_up(paper: Paper) -> Iterator[Fault]:
    for table, tab in paper.tables:
        total = table.total
        if total is None:
            continue
        blanks = _blanks(tab, table, tab.rows(paper.dimensions))
        least, most = max(blanks, default=0), sum(blanks)
        # A row at fault may be wrong in its total or in a cell: the sum is at fault only where neither gives it.
        wrong = {one.place.row: one.expected for one in _rows_add_up(paper) if one.place.table == table.slug}
        sums = [sum(row.total for row in table.body), sum(wrong.get(row.code, row.total) for row in table.body)]
        if not any(least <= total.total - added <= most for added in sums):
            why = say("列の各行の合計は%(sum)d件", sum=sums[0])
            yield Fault(Place(table.slug, TOTAL, TOTAL), total.total, sums[0] + least, why)
        if any(row.packed for row in table.rows):
            continue
        for place, (code, cell) in enumerate(zip(table.columns, total.cells, strict=True)):
            added = sum(row.cells[place] or 0 for row in table.body)
            if not 0 <= (cell or 0) - added <= most:
                why = say("列の各行の合計は%(sum)d件", sum=added)
                yield Fault(Place(table.slug, TOTAL, code), cell or 0, added, why)


def _populations_fit(paper: Paper) -> Iterator[Fault]:
    for table, tab in paper.tables:
        size, total = paper.size(paper.population(tab)), table.total
        if size is not None and total is not None and total.total != size:
            why = say("集計の対象「%(name)s」は%(size)d件", name=paper.population(tab).name, size=size)
            yield Fault(Place(table.slug, TOTAL, TOTAL), total.total, size, why)


def _same_populations_agree(paper: Paper) -> Iterator[Fault]:
    for table, tab in paper.tables:
        first = paper.table_of(paper.population(tab))
        if first is None or first is table or first.total is None or table.total is None:
            continue
        pairs = [(TOTAL, table.total.total, first.total.total)]
        if first.columns == table.columns and not (first.total.packed or table.total.packed):
            pairs += [
                (code, one or 0, other or 0)
                for code, one, other in zip(table.columns, table.total.cells, first.total.cells, strict=True)
            ]
        for code, printed, expected in pairs:
            if printed != expected:
                title = next(one.title for one in CATALOGUE if one.slug == first.slug)
                why = say("同じ対象の表「%(table)s」では%(count)d件", table=title, count=expected)
                yield Fault(Place(table.slug, TOTAL, code), printed, expected, why)


def _populations_nest(paper: Paper) -> Iterator[Fault]:
    for population in paper.dimensions.populations.values():
        size = paper.size(population)
        for wider in paper.dimensions.populations.values():
            room = paper.size(wider)
            if size is None or room is None or not wider.leaves_out < population.leaves_out:
                continue
            if size > room:
                why = say("それを含む「%(name)s」は%(size)d件", name=wider.name, size=room)
                yield Fault(Place(POPULATIONS, population.key, TOTAL), size, room, why)


def _left_out_fits(paper: Paper) -> Iterator[Fault]:
    """Hold what a note says to be left out against the difference of two populations.

    Where the size of the wider population is told, against that; else against the table before that a reader compares:
    the nearest one whose population leaves out all that this one does beside what the note speaks of.
    """
    for place, (table, tab) in enumerate(paper.tables):
        population, total = paper.population(tab), table.total
        if total is None or any(paper.population(other) == population for _, other in paper.tables[:place]):
            continue
        for note, count in counts_of(tab, table.notes).items():
            if not note.excluded:
                continue
            wider = population.leaves_out - {note.excluded}
            base = _told(paper, wider) or _before(paper, place, wider)
            if base and base[1] - total.total != count:
                expected = base[1] - total.total
                why = say(
                    "「%(name)s」の%(base)d件との差は%(base)d－%(total)d＝%(difference)d件",
                    name=base[0],
                    base=base[1],
                    total=total.total,
                    difference=expected,
                )
                yield Fault(Place(POPULATIONS, population.key, note.excluded), count, expected, why, table.slug)


Base = tuple[Say, int]


def _told(paper: Paper, exclusions: frozenset[str]) -> Base | None:
    for population in paper.dimensions.populations.values():
        size = paper.size(population)
        if population.leaves_out == exclusions and size is not None:
            return population.name, size
    return None


def _before(paper: Paper, place: int, exclusions: frozenset[str]) -> Base | None:
    if not exclusions:
        return None
    for table, tab in reversed(paper.tables[:place]):
        if exclusions <= paper.population(tab).leaves_out and table.total:
            return tab.title, table.total.total
    return None


def _shares_fit(paper: Paper) -> Iterator[Fault]:
    """Hold a share against its population; where that is not told, against the table in which a reader looks it up."""
    for one in paper.report.headlines:
        basis, whole = _basis(paper, one), one.denominator
        if whole is None:
            continue
        if one.numerator > whole:
            why = say("分母は%(count)d件", count=whole)
            yield Fault(Place(HEADLINES, one.key, NUMERATOR), one.numerator, whole, why)
        if basis is None or basis.whole:
            continue
        population = paper.dimensions.populations[basis.population]
        size = paper.size(population)
        looked_up = None if size is not None else _looked_up(paper, basis, one)
        if size is not None and size != whole:
            why = say("集計の対象「%(name)s」は%(size)d件", name=population.name, size=size)
            yield Fault(Place(HEADLINES, one.key, DENOMINATOR), whole, size, why)
        elif looked_up and looked_up[1] != whole:
            title, total, slug = looked_up
            why = say("この件数がある表「%(table)s」の総計は%(total)d件", table=title, total=total)
            yield Fault(Place(HEADLINES, one.key, DENOMINATOR), whole, total, why, slug)


def _basis(paper: Paper, headline: PlainHeadline) -> Basis | None:
    share = SHARES.get(headline.key)
    if share is None:
        return None
    return Basis(share.population, share.part(paper.dimensions), share.whole(paper.dimensions))


def _looked_up(paper: Paper, basis: Basis, headline: PlainHeadline) -> tuple[Say, int, str] | None:
    """Return title, total and slug of the table that has a row of just these cases with just this number."""
    for table, tab in paper.tables:
        rows = {row.code: row for row in table.body}
        for category in tab.rows(paper.dimensions):
            row = rows.get(category.code)
            if row and table.total and category.where == basis.part and row.total == headline.numerator:
                return tab.title, table.total.total, table.slug
    return None


def _words_fit(paper: Paper) -> Iterator[Fault]:
    for one in paper.report.headlines:
        share = SHARES.get(one.key)
        if share is None or not one.denominator or one.numerator > one.denominator:
            continue
        words = share.words(one.numerator, one.denominator)
        text = unicodedata.normalize("NFKC", one.text)
        if unicodedata.normalize("NFKC", str(words)) not in text:
            why = say("この割合は「%(words)s」と書く", words=words)
            yield Fault(Place(HEADLINES, one.key, "text"), one.numerator, one.numerator, why)


def _ministries_fit(paper: Paper) -> Iterator[Fault]:
    for table, _ in paper.tables:
        for row in table.rows:
            if row.distinct is not None and row.distinct > row.total:
                why = say("その行の案件は%(count)d件", count=row.total)
                yield Fault(Place(table.slug, row.code, "ministries"), row.distinct, row.total, why)


def _growth_fits(paper: Paper) -> Iterator[Fault]:
    growth = next((one for one in paper.report.headlines if one.key == "growth"), None)
    for table, _ in paper.tables:
        previous, total = table.row(PREVIOUS), table.total
        if growth and previous and total and total.total - previous.total != growth.numerator:
            expected = total.total - previous.total
            why = say(
                "今回の%(now)d件と前回の%(before)d件の差は%(difference)d件",
                now=total.total,
                before=previous.total,
                difference=expected,
            )
            yield Fault(Place(HEADLINES, growth.key, NUMERATOR), growth.numerator, expected, why)


RULES: tuple[Callable[[Paper], Iterator[Fault]], ...] = (
    _rows_add_up,
    _columns_add_up,
    _populations_fit,
    _same_populations_agree,
    _populations_nest,
    _left_out_fits,
    _shares_fit,
    _words_fit,
    _ministries_fit,
    _growth_fits,
)
