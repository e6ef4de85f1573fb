"""Reminders as they were planned (お知らせ), what a person wants none of, and what a round has otherwise."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, term
from register.models.ministry import Ministry
from register.models.mixins import Audited, PublicId
from register.models.round import Round
from register.models.user import User
from register.vocab import ReminderEvent, ReminderState, ReminderTone


class Reminder(PublicId, Base):
    """That a person was told of something, or was not because a later word had come meanwhile.

    ``key`` is computed from data and unique, so that planning twice tells nobody twice. ``ministry_id`` is that of the
    matter, None where it is of no ministry. ``internal``: the matter is known to its ministry alone so far. ``params``
    fill the sentence and hold no text of a person. Not audited, as jobs are not: the rows are the record.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        # The inbox of a person and the number of what they have not read.
        Index("ix_reminder_inbox", "user_id", "state", "read_at", "id"),
        Index("ix_reminder_day", "day", "id"),
        Index("ix_reminder_own_day", "ministry_id", "day", "id"),
        Index("ix_reminder_round", "round_id", "day"),
    )

    key: Mapped[str] = mapped_column(String(200), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    ministry_id: Mapped[int | None] = mapped_column(ForeignKey("ministry.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"))
    event: Mapped[ReminderEvent] = mapped_column(term(ReminderEvent, "event"))
    stage: Mapped[str] = mapped_column(String(32))
    tone: Mapped[ReminderTone] = mapped_column(term(ReminderTone, "tone"))
    subject: Mapped[str] = mapped_column(String(64))
    anchor: Mapped[dt.date]
    day: Mapped[dt.date]
    internal: Mapped[bool]
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    endpoint: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, str]] = mapped_column(Json)
    state: Mapped[ReminderState] = mapped_column(term(ReminderState, "state"))
    planned_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()
    ministry: Mapped[Ministry | None] = relationship()
    round: Mapped[Round | None] = relationship()


class ReminderStop(Audited, Base):
    """That a person wants no reminders of an event, as far as they may be stopped."""

    __tablename__ = "reminder_stop"
    __table_args__ = (UniqueConstraint("user_id", "event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    event: Mapped[ReminderEvent] = mapped_column(term(ReminderEvent, "event"))


class RoundReminder(Audited, Base):
    """That a round has one stage of the plan on another day than usual, or not at all."""

    __tablename__ = "round_reminder"
    __table_args__ = (UniqueConstraint("round_id", "stage"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    stage: Mapped[str] = mapped_column(String(32))
    offset: Mapped[int] = mapped_column("offset_days")
    enabled: Mapped[bool]
