"""The board of answers to a notice as a file: the same rows as on the page, one fact in a cell."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext

from register.clock import TOKYO
from register.formats import Cell, csv, xlsx
from register.queries.notices import BoardPage, BoardRow
from register.vocab import Reply, ReplyState
from register.web.filters import term


def board(page: BoardPage, kind: str, created: dt.datetime) -> bytes:
    """Return the file of this board."""
    lines = [_line(page, row) for row in page.rows]
    if kind == "csv":
        return csv.write(_header(), lines)
    title = gettext("注意喚起への回答")
    return xlsx.write([xlsx.Sheet(title, _header(), lines)], created=created, title=title)


def _header() -> list[str]:
    return [
        gettext("番号"),
        gettext("件名"),
        gettext("府省庁"),
        gettext("回答の状態"),
        gettext("回答の期限"),
        gettext("回答を確定した日時"),
        gettext("回答の遅れ"),
        *(term(reply) for reply in Reply),
        gettext("当てはまる案件数"),
    ]


def _line(page: BoardPage, row: BoardRow) -> list[Cell]:
    confirmed, notice = row.recipient.confirmed_at, page.notice
    settled = row.recipient.state is ReplyState.CONFIRMED
    late = row.recipient.late or row.overdue
    return [
        notice.notice_no,
        notice.title,
        row.ministry.name,
        term(row.recipient.state),
        row.recipient.due,
        confirmed.astimezone(TOKYO).replace(tzinfo=None) if confirmed else None,
        gettext("期限後") if late else "",
        *(row.counts.get(reply, 0) if settled else None for reply in Reply),
        row.resembling,
    ]
