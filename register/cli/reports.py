"""``flask reports``: a round's report as JSON (the contract) or as text for reading."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from register.cli.base import reading, refusals_told, runtime
from register.cli.rounds import RoundCode
from register.errors import NotFound, say
from register.models import Round
from register.reports import published
from register.reports.explain import Erratum
from register.reports.report import Report, as_json, build
from register.reports.table import Table

group = AppGroup("reports", help="The published tables of a round.")


class ReportCode(click.ParamType[tuple[int, int, bool]]):
    """``2025-2`` or, for a rehearsal, ``2025-2r``."""

    name = "round"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int, bool]:
        plain = str(value).removesuffix("r")
        year, number = RoundCode().convert(plain, param, ctx)
        return year, number, plain != value


@group.command("show")
@click.argument("code", type=ReportCode())
@click.option("--format", "kind", type=click.Choice(["text", "json"]), default="text", show_default=True)
@refusals_told
def show(code: tuple[int, int, bool], kind: str) -> None:
    """Print the report of round CODE (2025-2, or 2025-2r for its rehearsal)."""
    with reading() as session:
        year, number, rehearsal = code
        named = select(Round).where(Round.fiscal_year == year, Round.number == number, Round.rehearsal.is_(rehearsal))
        found = session.scalar(named.options(joinedload(Round.form_version)))
        if found is None:
            raise NotFound(say("%(code)sの回はありません。", code=f"{year}-{number}{'r' if rehearsal else ''}"))
        report = build(session, found, "ja", runtime().forms)
        errata = published.errata(session, report, runtime().config_dir)
    if kind == "json":
        click.echo(json.dumps(as_json(report, str), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_text(report, errata)))


def _text(report: Report, errata: Sequence[Erratum]) -> list[str]:
    lines = [f"{report.name}（{report.as_of}時点）", ""]
    for caution in report.standing.cautions:
        lines += [f"【{caution.word}】{caution.sentence}", ""]
    for headline in report.headlines:
        share = f"/{headline.denominator}" if headline.denominator is not None else ""
        lines.append(f"〇 {headline.text}（{headline.numerator}{share}）")
    lines += ["", "集計の対象　" + "　".join(f"{key} {count}" for key, count in report.populations.items())]
    lines += [f"  ※ {note}" for note in report.standing.notes]
    for table in report.tables.values():
        lines += ["", *_table(table)]
    if report.flow:
        lines += ["", "利用類型の移り変わり（前回 > 今回）"]
        lines += [f"  {move:12} {count:4}" for move, count in report.flow.items()]
    if report.change_table:
        lines += ["", *_table(report.change_table)]
    if errata:
        lines += ["", "公表資料との違い"]
        lines += [f"  {_erratum(erratum)}" for erratum in errata]
    return lines


def _erratum(one: Erratum) -> str:
    return f"{one.figure}：公表資料 {one.printed}、集計 {one.counted}。{one.explanation}"


def _table(table: Table) -> list[str]:
    head = ["", *(column.code for column in table.columns), "計"]
    body = []
    for row in table.rows:
        label = f"{row.group}／{row.label}" if row.group else row.label
        marks = row.larger or (False,) * len(row.cells)
        cells = [
            "-" if cell is None else f"{'◆' if mark else ''}{cell or ''}"
            for cell, mark in zip(row.cells, marks, strict=True)
        ]
        ministries = f"({row.distinct_ministries})" if row.distinct_ministries is not None else ""
        folded = f"（うち未回答{row.folded}）" if row.folded else ""
        body.append([label, *cells, f"{row.total}{ministries}{folded}"])
    lines = [f"■ {table.title}", *_aligned([head, *body])]
    return [*lines, *(f"  ※ {note.text}" for note in table.notes)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows with their columns in line; a wide character takes two places."""
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) if n == 0 else " " * (width - _width(cell)) + cell
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)
