"""What was counted of a settled round, kept so that its report costs the same however many cases it has."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, Json, UtcDateTime


class RoundTally(Base):
    """The counts of one settled round with the SHA-256 of the answers that were counted.

    Not audited: all of it can be counted again. ``basis`` says on which state of the round the counts rest, and
    ``moves_basis`` the same of the moves since the round before; where one differs from today's, it is counted anew.
    """

    __tablename__ = "round_tally"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), primary_key=True)
    basis: Mapped[str] = mapped_column(Text)
    items: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    counted: Mapped[dict[str, Any]] = mapped_column(Json)
    moves_basis: Mapped[str] = mapped_column(Text, default="")
    moves: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
