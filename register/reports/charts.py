"""The report's charts, drawn from its tables: the page and the PDF show the same strings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from register.errors import Say, listed, say
from register.formats import svg
from register.reports.table import Row, Table

Speak = Callable[[Say], str]


@dataclass(frozen=True)
class Chart:
    """A drawing with its caption; ``table`` is the slug of the table that holds the same numbers."""

    caption: Say
    table: str
    svg: str


class Drawable(Protocol):
    """What a report and an edition of it have in common."""

    @property
    def code(self) -> str: ...
    @property
    def previous(self) -> str | None: ...
    @property
    def tables(self) -> Mapping[str, Table]: ...
    @property
    def flow_table(self) -> Table | None: ...


def charts(report: Drawable, speak: Speak) -> Mapping[str, Chart]:
    """Return the charts of ``report`` by the slug of their table; ``speak`` puts sentences into words.

    A table of which a figure is left out has no chart, for a bar would show it.
    """
    made = [draw(report, speak) for draw in (_timing, _stages, _outputs, _flow)]
    return {chart.table: chart for chart in made if chart is not None}


def _whole(table: Table | None) -> Table | None:
    return None if table is None or any(row.hidden for row in table.rows) else table


def _timing(report: Drawable, speak: Speak) -> Chart | None:
    return _bars(report.tables.get("start_timing_by_usage_type"), say("利用開始時期ごとの案件数"), speak)


def _outputs(report: Drawable, speak: Speak) -> Chart | None:
    return _bars(report.tables.get("output_type"), say("出力データの種類ごとの案件数"), speak)


def _bars(table: Table | None, caption: Say, speak: Speak) -> Chart | None:
    table = _whole(table)
    if table is None or not table.total.total:
        return None
    largest = max(table.body, key=lambda row: row.total)
    desc = say("最も多いのは「%(label)s」で%(count)d件。", label=largest.label, count=largest.total)
    items = [(row.label, row.total) for row in table.body]
    return Chart(caption, table.slug, svg.bars(_key(table.slug), speak(caption), speak(desc), items))


def _stages(report: Drawable, speak: Speak) -> Chart | None:
    table = _whole(report.tables.get("stage_by_user_scope"))
    if table is None or not table.total.total:
        return None
    caption = say("利用者の範囲ごとの導入段階")
    scopes = list(dict.fromkeys(row.group for row in table.body))
    stages = list(dict.fromkeys(row.label for row in table.body))
    counts = {(row.group, row.label): row.total for row in table.body}
    series = [svg.Series(stage, [counts[scope, stage] for scope in scopes]) for stage in stages]
    totals = [f"{stage} {sum(counts[scope, stage] for scope in scopes)}" for stage in stages]
    desc = say("合計は%(totals)s。", totals=listed(totals))
    drawn = svg.stacked_bars(_key(table.slug), speak(caption), speak(desc), scopes, series)
    return Chart(caption, table.slug, drawn)


def _flow(report: Drawable, speak: Speak) -> Chart | None:
    table = _whole(report.flow_table)
    if table is None:
        return None
    caption = say("利用類型の移り変わり（前回から今回）")
    links = [
        svg.Link(left, right, cell)
        for left, row in enumerate(table.body)
        for right, cell in enumerate(row.cells)
        if cell
    ]
    desc = say("前回%(before)sから今回%(after)sまでの案件の動き。", before=report.previous or "", after=report.code)
    names = [row.label for row in table.body], [column.label for column in table.columns]
    return Chart(caption, table.slug, svg.flow("flow", speak(caption), speak(desc), *names, links))


def over_rounds(table: Table, speak: Speak) -> Chart | None:
    """Return a bar for each round of a trend's table, stacked of its rows; None where there is nothing to draw.

    Rounds of which the table tells nothing are left out. More rows than a chart can show are drawn as one.
    """
    places = [place for place, cell in enumerate(table.total.cells) if cell and any(_column(table.body, place))]
    if not places:
        return None
    largest = sorted(filter(_size, table.body), key=_size, reverse=True)
    several = len(largest) > svg.MAX_SERIES
    apart = largest[: svg.MAX_SERIES - 1] if several else largest
    series = [svg.Series(row.label, [row.cells[at] or 0 for at in places]) for row in table.body if row in apart]
    if several:
        rest = [row for row in largest if row not in apart]
        series.append(svg.Series(speak(say("ほか")), [sum(_column(rest, place)) for place in places]))
    caption, key = say("%(title)s（回ごとの件数）", title=table.title), _key(table.slug)
    names = [table.columns[place].label for place in places]
    drawn = svg.stacked_bars(key, speak(caption), speak(_finding(table, places)), names, series)
    return Chart(caption, table.slug, drawn)


def _size(row: Row) -> int:
    return sum(cell or 0 for cell in row.cells)


def _column(rows: Sequence[Row], place: int) -> list[int]:
    return [row.cells[place] or 0 for row in rows]


def _finding(table: Table, places: Sequence[int]) -> Say:
    """Return what a trend's chart shows in a sentence: where it comes from, where it has got to, its largest part."""
    first, last = places[0], places[-1]
    largest = max(table.body, key=lambda row: row.cells[last] or 0)
    told = {"last": table.columns[last].label, "now": table.total.cells[last]}
    told |= {"label": largest.label, "count": largest.cells[last]}
    if first == last:
        return say("%(last)sは%(now)d件。最も多いのは「%(label)s」で%(count)d件。", **told)
    told |= {"first": table.columns[first].label, "was": table.total.cells[first]}
    return say(
        "%(first)sの%(was)d件から%(last)sの%(now)d件へ。%(last)sで最も多いのは「%(label)s」で%(count)d件。", **told
    )


def _key(slug: str) -> str:
    return slug.replace("_", "-")
