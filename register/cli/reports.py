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
from register.reports import errata
from register.reports.report import Report, as_json, build
from register.reports.table import Table

group = AppGroup("reports", help="The published tables of a round.")


@group.command("show")
@click.argument("code", type=RoundCode())
@click.option("--format", "kind", type=click.Choice(["text", "json"]), default="text", show_default=True)
@refusals_told
def show(code: tuple[int, int], kind: str) -> None:
    """Print the report of round CODE."""
    with reading() as session:
        named = select(Round).where(Round.fiscal_year == code[0], Round.number == code[1], Round.rehearsal.is_(False))
        found = session.scalar(named.options(joinedload(Round.form_version)))
        if found is None:
            raise NotFound(say("%(code)sの回はありません。", code="-".join(map(str, code))))
        report = build(session, found, "ja", errata.load(runtime().config_dir, found.code))
    if kind == "json":
        click.echo(json.dumps(as_json(report, str), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_text(report)))


def _text(report: Report) -> list[str]:
    lines = [f"{report.fiscal_year}年度第{report.number}回（{report.as_of}時点）", ""]
    for headline in report.headlines:
        share = f"/{headline.denominator}" if headline.denominator is not None else ""
        lines.append(f"〇 {headline.text}（{headline.numerator}{share}）")
    lines += ["", "集計の対象　" + "　".join(f"{key} {count}" for key, count in report.populations.items())]
    for table in report.tables.values():
        lines += ["", *_table(table)]
    if report.flow:
        lines += ["", "利用類型の移り変わり（前回 > 今回）"]
        lines += [f"  {move:12} {count:4}" for move, count in report.flow.items()]
    if report.errata:
        lines += ["", "公表資料との違い"]
        lines += [f"  {e.table} {e.row}: 印刷 {e.printed}、集計 {e.counted}。{e.explanation.ja}" for e in report.errata]
    return lines


def _table(table: Table) -> list[str]:
    heads = [column.code for column in table.columns]
    head = ["", *heads, "計"]
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
    return [*lines, *(f"  ※ {note}" for note in table.notes)]


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
