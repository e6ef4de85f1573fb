"""The report's charts, drawn from its tables: the page and the PDF show the same strings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from register.errors import Say, listed, say
from register.formats import svg
from register.reports.table import Table

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


def _key(slug: str) -> str:
    return slug.replace("_", "-")
