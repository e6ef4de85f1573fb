"""Published reports of a round as they were printed (公表資料), kept beside what the register counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime
from register.models.mixins import Audited, PublicId
from register.models.round import Round


class RoundPrint(Audited, PublicId, Base):
    """What a published report of a round says: the newest that was not withdrawn is the one that is compared.

    ``content`` has the shape that ``reports.plain`` reads; ``sha256`` is of its canonical JSON.
    """

    __tablename__ = "round_print"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    round: Mapped[Round] = relationship()

    @property
    def audit_label(self) -> str:
        return f"{self.round.code} {self.name}"
