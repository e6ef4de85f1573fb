"""The list of high-risk judgments as a file: the same rows as on the page, one fact in a cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row

from register.formats import Cell, csv, xlsx
from register.web.filters import term


def assessments(rows: Iterable[Row[Any]], kind: str, created: dt.datetime) -> tuple[bytes, int]:
    """Return the file of these judgments and how many they are."""
    lines = [_line(row) for row in rows]
    if kind == "csv":
        return csv.write(_header(), lines), len(lines)
    title = gettext("高リスク判定一覧")
    return xlsx.write([xlsx.Sheet(title, _header(), lines)], created=created, title=title), len(lines)


def _header() -> list[str]:
    return [
        gettext("番号"),
        gettext("府省庁"),
        gettext("案件番号"),
        gettext("案件名"),
        gettext("状態"),
        gettext("シートの版"),
        gettext("シートの示す結果"),
        gettext("判定の結果"),
        gettext("判定の理由"),
        gettext("判定した日"),
        gettext("判定した人"),
        gettext("文書番号"),
        gettext("見直しの期限"),
    ]


def _line(row: Row[Any]) -> list[Cell]:
    return [
        f"{row.case_no}-HR{row.number}",
        row.ministry,
        row.case_no,
        row.title,
        term(row.state),
        row.sheet,
        term(row.suggested),
        term(row.decision) if row.decision else "",
        row.decision_reason,
        row.decided_on,
        row.decided_by,
        row.document_no,
        row.review_due,
    ]
