"""Calendars that people have let out of the register: an address that shows its days to whoever knows it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime
from register.models.mixins import Audited, PublicId
from register.models.round import Round
from register.models.user import User


class CalendarFeed(Audited, PublicId, Base):
    """The calendar of one person, of one round or (without one) of all their deadlines, until they take it back."""

    __tablename__ = "calendar_feed"
    __table_args__ = (Index("ix_calendar_feed_own", "user_id", "revoked_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"))
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()
    round: Mapped[Round | None] = relationship()

    @property
    def audit_label(self) -> str:
        return self.round.code if self.round else str(self.public_id)[:8]
