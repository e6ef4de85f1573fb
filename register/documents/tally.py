"""Small tables of counts in documents, in the shape that ``templates/documents/_cross.html`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from register.documents.tell import Tell
from register.errors import Say, say
from register.models import Ministry
from register.reports.table import TOTAL, Column, Row, Table

# A category: its code and its label.
Named = Sequence[tuple[str, str]]
UNANSWERED = "none"


def cross(tell: Tell, slug: str, title: Say, rows: Named, columns: Named, pairs: Iterable[tuple[str, str]]) -> Table:
    """Count ``pairs`` of (row, column) codes into a table with totals; every category has its place."""
    counts = Counter(pairs)
    cells = {code: tuple(counts[code, column] for column, _ in columns) for code, _ in rows}
    made = [Row(code, label, "", cells[code], sum(cells[code])) for code, label in rows]
    sums = tuple(sum(cells[code][place] for code, _ in rows) for place in range(len(columns)))
    made.append(Row(TOTAL, tell.say(say("総計")), "", sums, sum(sums)))
    heads = tuple(Column(code, label, "") for code, label in columns)
    return Table(slug, title, title, "", heads, tuple(made), ())


def as_plain(tell: Tell, table: Table) -> dict[str, Any]:
    """Return a table as the data hold it, as the tables of a report are held."""
    return {
        "title": tell.say(table.title),
        "columns": [column.code for column in table.columns],
        "rows": [
            {"code": row.code, "label": row.label, "cells": list(row.cells), "total": row.total} for row in table.rows
        ],
    }


def options(tell: Tell, field_id: str) -> Named:
    """Return what may be answered to a question of the newest form, and that nothing was."""
    known = [(option.code, option.label(tell.code)) for option in tell.spec.field(field_id).options]
    return [*known, (UNANSWERED, tell.say(say("未回答")))]


def ministries(tell: Tell, found: Iterable[Ministry]) -> Named:
    """Return ministries as categories."""
    return [(one.key, one.label(tell.code)) for one in found]
