"""The board of a round as a file: the same rows as on the page, one fact in a cell."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext

from register.clock import TOKYO
from register.formats import Cell, csv, xlsx
from register.queries.rounds import BoardRow, RoundPage
from register.web.filters import language, term


def board(page: RoundPage, kind: str, created: dt.datetime) -> bytes:
    """Return the rows that are shown as a file of ``kind`` (csv or xlsx)."""
    header = _header(page)
    rows = [_line(page, row) for row in page.board]
    if kind == "csv":
        return csv.write(header, rows)
    title = f"{page.round.code} {gettext('府省庁の提出状況')}"
    return xlsx.write([xlsx.Sheet(gettext("提出状況"), header, rows)], created=created, title=title)


def _header(page: RoundPage) -> list[str]:
    return [
        gettext("府省庁"),
        gettext("状態"),
        gettext("該当なし"),
        gettext("案件数"),
        *(term(one) for one in page.confirmations),
        gettext("提出期限"),
        gettext("延長の理由"),
        gettext("期限超過"),
        gettext("残りの開庁日"),
        gettext("提出日時"),
        gettext("最後の操作"),
        gettext("確認に回した人"),
        gettext("承認した人"),
    ]


def _line(page: RoundPage, row: BoardRow) -> list[Cell]:
    own = row.submission
    return [
        row.ministry.label(language()),
        term(row.state),
        gettext("該当なし") if own and own.nil else "",
        row.items if own else None,
        *(row.counts.get(one, 0) if own else None for one in page.confirmations),
        row.deadline,
        row.extended_for,
        gettext("期限超過") if row.late else "",
        row.days_left,
        _local(own.submitted_at) if own else None,
        _local(own.active_at) if own else None,
        own.sent_by if own else "",
        own.approved_by if own else "",
    ]


def _local(moment: dt.datetime | None) -> dt.datetime | None:
    """Return a moment as clocks in Japan show it."""
    return moment.astimezone(TOKYO).replace(tzinfo=None) if moment else None
