"""Cases that fit a notice and of which their ministry, which has confirmed its answer, said nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.models import Notice, NoticeAnswer, NoticeRecipient
from register.queries.resemblance import CODED, LIVE, WRITTEN
from register.text import search_key
from register.vocab import AudienceKind, NoticeState, ReplyState


@dataclass(frozen=True)
class Asked:
    """A notice that a ministry has answered; ``value`` is folded where it is looked for in what people wrote."""

    id: int
    number: str
    kind: AudienceKind
    value: str


def answered(session: Session) -> Mapping[int, Sequence[Asked]]:
    """Return the running notices that each ministry has confirmed its answer to, in one statement."""
    statement = (
        select(NoticeRecipient.ministry_id, Notice.id, Notice.notice_no, Notice.audience_kind, Notice.audience_value)
        .join(Notice, Notice.id == NoticeRecipient.notice_id)
        .where(Notice.state == NoticeState.ISSUED, NoticeRecipient.state == ReplyState.CONFIRMED)
        .order_by(Notice.id)
    )
    found: dict[int, list[Asked]] = {}
    for ministry_id, notice_id, number, kind, value in session.execute(statement):
        folded = search_key(value) if kind in WRITTEN else value
        found.setdefault(ministry_id, []).append(Asked(notice_id, number, kind, folded))
    return found


def gaps(session: Session, asked: Mapping[int, Sequence[Asked]], rows: Sequence[Any]) -> Mapping[int, str]:
    """Return the numbers of the notices that lack an answer, by the id of the case.

    ``rows`` are cases in the order of their ids, with their system's ``system_model`` and ``vendor``.
    """
    if not any(row.ministry_id in asked for row in rows):
        return {}
    of_cases = select(NoticeAnswer.use_case_id, NoticeRecipient.notice_id)
    of_cases = of_cases.join(NoticeRecipient, NoticeRecipient.id == NoticeAnswer.recipient_id)
    said = {
        tuple(one) for one in session.execute(of_cases.where(NoticeAnswer.use_case_id.between(rows[0].id, rows[-1].id)))
    }
    found = {}
    for row in rows:
        mine = asked.get(row.ministry_id, ()) if row.lifecycle in LIVE else ()
        described = _described(row) if mine else {}
        open_ones = [one.number for one in mine if _fits(one, described) and (row.id, one.id) not in said]
        if open_ones:
            found[row.id] = " ".join(open_ones)
    return found


def _described(row: Any) -> Mapping[AudienceKind, str]:
    return {
        AudienceKind.USAGE_TYPE: row.usage_type or "",
        AudienceKind.CONFIDENTIALITY: row.confidentiality or "",
        AudienceKind.MODEL: f"{search_key(row.model_usage)}\n{search_key(row.system_model or '')}",
        AudienceKind.VENDOR: search_key(row.vendor or ""),
    }


def _fits(asked: Asked, described: Mapping[AudienceKind, str]) -> bool:
    if asked.kind is AudienceKind.ALL:
        return True
    text = described[asked.kind]
    return text == asked.value if asked.kind in CODED else asked.value in text
