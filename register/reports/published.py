"""The published report of a round beside the counts: where it is kept, how it is read, what it prints otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.errors import Invalid, say
from register.formats import workbook_read
from register.models import RoundPrint
from register.reports import plain, plain_grid
from register.reports.explain import Erratum, Reading, explain
from register.reports.plain import FILE, PlainReport
from register.reports.report import Report


@dataclass(frozen=True)
class Published:
    """A print with what became of it beside the report; ``row`` is None for one that came with the register."""

    print: PlainReport
    row: RoundPrint | None
    reading: Reading


def find(session: Session, report: Report, config_dir: Path) -> Published | None:
    """Return the print that a round's report is compared with: the last one entered, else the one that is on file.

    What is on file belongs to data that give the totals of its tables; another round under the same code has others.
    """
    own = select(RoundPrint).where(RoundPrint.round_id == report.round_id, RoundPrint.withdrawn_at.is_(None))
    row = session.scalar(own.order_by(RoundPrint.entered_at.desc(), RoundPrint.id.desc()).limit(1))
    if row is not None:
        entered = plain.read(row.content)
        return Published(entered, row, explain(entered, report))
    path = config_dir / "published" / f"{report.code}.json"
    if not path.exists():
        return None
    on_file = plain.read(json.loads(path.read_text(encoding="utf-8")))
    return Published(on_file, None, explain(on_file, report)) if _belongs(on_file, report) else None


def errata(session: Session, report: Report, config_dir: Path) -> tuple[Erratum, ...]:
    """Return what the published report of a round prints otherwise, in the order of its tables."""
    found = find(session, report, config_dir)
    return found.reading.errata if found else ()


def _belongs(print_: PlainReport, report: Report) -> bool:
    totals = [
        (table.total.total, report.tables[slug].total.total)
        for slug, table in print_.tables.items()
        if table.total and slug in report.tables
    ]
    return bool(totals) and all(printed == counted for printed, counted in totals)


def read_file(data: bytes, name: str, report: Report, slug: str) -> PlainReport:
    """Return what a file says: JSON of a whole report, or a workbook or CSV of tables; raise ``Invalid``.

    ``slug`` is the table that it holds, where it does not say so itself.
    """
    if name.lower().endswith(".json"):
        try:
            return plain.read(json.loads(data))
        except (ValueError, RecursionError):
            raise Invalid({FILE: say("JSONとして読めません。")}) from None
    sheets = [[row.cells for row in sheet.rows] for sheet in workbook_read.read(data, name=name).sheets]
    # Where several sheets hold a table, the last one does for programs: so do our own workbooks.
    titled = {found: lines for lines in sheets if (found := _titled(lines, report))}
    if titled and not slug:
        return _together([plain_grid.read(lines, report, found) for found, lines in titled.items()], report)
    if not sheets:
        raise Invalid({FILE: say("表がありません。")})
    return plain_grid.read(titled.get(slug, sheets[0]), report, slug)


def read_text(text: str, report: Report, slug: str) -> PlainReport:
    """Return what pasted text says: the JSON of a report, or the table ``slug``; raise ``Invalid``."""
    if text.lstrip().startswith("{"):
        return read_file(text.encode(), "pasted.json", report, slug)
    return plain_grid.read(plain_grid.pasted(text), report, slug)


def added(before: PlainReport | None, more: PlainReport) -> PlainReport:
    """Return a print with the tables that were entered before and are not entered anew."""
    if before is None:
        return more
    headlines = more.headlines or before.headlines
    return replace(more, tables={**before.tables, **more.tables}, headlines=headlines)


def _titled(lines: Iterable[plain_grid.Line], report: Report) -> str:
    """Return the table whose title stands on a sheet, empty where none does."""
    words = {plain_grid.bare(str(cell)) for line in lines for cell in line if isinstance(cell, str)}
    return next((slug for slug, one in report.tables.items() if plain_grid.bare(str(one.title)) in words), "")


def _together(found: list[PlainReport], report: Report) -> PlainReport:
    return PlainReport(report.code, {slug: table for one in found for slug, table in one.tables.items()}, (), {})
