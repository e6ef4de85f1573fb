"""The outbox: what is to leave the register, written in the transaction of the deed that it tells of."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, Json, UtcDateTime, term
from register.models.mixins import PublicId
from register.vocab import Channel, MessageState

_OPEN = text("next_at IS NOT NULL")


class Message(PublicId, Base):
    """One message to one person; ``key`` is computed from data and unique, so that planning twice queues once.

    What it says is written when it is taken up (``kind`` and ``params`` say from what), so that nothing that has lapsed
    is told and no text is kept here. ``fence`` is the number of the leader that last took it; ``refusals`` counts the
    answers "not now"; ``error`` is a sentence (``services.jobs.packed``), ``detail`` what the server said; ``again``
    counts how often a person had it sent again, always with the same ``message_id``. Not audited: the row is itself
    the record, and a delivery must not wait for the chain.

    ``next_at`` is when it is due, or was when it began to wait for a person, and None once nothing remains to do. By it
    the few open ones are found, and not by ``state``: what no index tells of, PostgreSQL changes in place.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_open", "next_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        CheckConstraint("(next_at IS NULL) = (state IN ('sent', 'superseded'))", name="open"),
        # Room beside each row for what the next step makes of it.
        {"postgresql_with": {"fillfactor": 70}},
    )

    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[Channel] = mapped_column(term(Channel, "channel"))
    kind: Mapped[str] = mapped_column(String(32))
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    address: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(2))
    day: Mapped[dt.date] = mapped_column()
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[MessageState] = mapped_column(term(MessageState, "state"))
    attempts: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    claimed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    again: Mapped[int] = mapped_column(default=0)


class DeadAddress(PublicId, Base):
    """An address that mail does not reach; no more is sent to it until a person says that it works again.

    It is of the address, not of the person: whoever gets another one is reached at once. Not audited, for deliveries
    would wait for the audit's head; that somebody took an address into use again is.
    """

    __tablename__ = "dead_address"

    address: Mapped[str] = mapped_column(String(255), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    since: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, default="")
