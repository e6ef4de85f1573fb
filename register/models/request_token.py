"""Tokens of forms already carried out, so that a double click or a retry never doubles a deed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UtcDateTime


class RequestToken(Base):
    """A used token with its person, as one digest (``token``), and where the deed's answer stood."""

    __tablename__ = "request_token"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int]
    location: Mapped[str] = mapped_column(Text)
    used_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
