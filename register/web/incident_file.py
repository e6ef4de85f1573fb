"""The list of incidents as a file: the same rows as on the page, one fact in a cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row

from register.clock import TOKYO
from register.formats import Cell, csv, xlsx
from register.formspec.risk import RiskTerms
from register.web.filters import language, term


def incidents(rows: Iterable[Row[Any]], terms: RiskTerms, kind: str, created: dt.datetime) -> tuple[bytes, int]:
    """Return the file of these incidents and how many they are."""
    lines = [_line(row, terms) for row in rows]
    if kind == "csv":
        return csv.write(_header(), lines), len(lines)
    title = gettext("リスクケース一覧")
    return xlsx.write([xlsx.Sheet(title, _header(), lines)], created=created, title=title), len(lines)


def _header() -> list[str]:
    return [
        gettext("番号"),
        gettext("府省庁"),
        gettext("件名"),
        gettext("種類"),
        gettext("状態"),
        gettext("分類"),
        gettext("重大度"),
        gettext("覚知した日"),
        gettext("一報の日時"),
        gettext("一報の期限"),
        gettext("一報の遅れ"),
        gettext("事務局への報告の期限"),
        gettext("事務局への報告の遅れ"),
        gettext("終結した日時"),
    ]


def _line(row: Row[Any], terms: RiskTerms) -> list[Cell]:
    return [
        row.incident_no,
        row.ministry,
        row.title,
        term(row.kind),
        term(row.state),
        gettext("、").join(terms.categories.label(code, language()) for code in row.categories.split()),
        terms.grades.label(row.grade, language()),
        row.detected_on,
        _local(row.reported_at),
        row.report_due,
        gettext("期限後") if row.report_late else "",
        row.notify_due,
        gettext("期限後") if row.notify_late else "",
        _local(row.closed_at),
    ]


def _local(moment: dt.datetime | None) -> dt.datetime | None:
    """Return a moment as clocks in Japan show it."""
    return moment.astimezone(TOKYO).replace(tzinfo=None) if moment else None
