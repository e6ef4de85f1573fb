"""Addresses of other systems to which the day's reminders are posted."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime
from register.models.ministry import Ministry
from register.models.mixins import SECRET, Audited, PublicId


class Webhook(Audited, PublicId, Base):
    """Where the reminders of a ministry's people, or (without one) of the secretariat's, are posted.

    The address may itself be a key to the room behind it, so only its ``host`` is shown and told. The key of the
    signature is kept nowhere (``formats.webhook.secret_of``).
    """

    __tablename__ = "webhook"

    ministry_id: Mapped[int | None] = mapped_column(ForeignKey("ministry.id"), index=True)
    url: Mapped[str] = mapped_column(Text, info=SECRET)
    host: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    stopped_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    ministry: Mapped[Ministry | None] = relationship()

    @property
    def audit_label(self) -> str:
        return self.host
