"""Form versions as they were published, and the reporting rounds (定期報告の回) that point at them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime, term
from register.models.mixins import Audited, Versioned
from register.vocab import RoundState


class FormVersion(Audited, Base):
    """A published form version: its canonical JSON and digest, kept so that old answers stay readable."""

    __tablename__ = "form_version"
    __table_args__ = (UniqueConstraint("form", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(32))
    canonical: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    @property
    def audit_label(self) -> str:
        return f"{self.form} {self.version}"


class Round(Audited, Versioned, Base):
    """A round is (fiscal year, number), never a half-year; its ``code`` is what people and URLs call it.

    A rehearsal is numbered beside the real rounds, works like one, and never enters a statistic or the register.
    """

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("fiscal_year", "number", "rehearsal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiscal_year: Mapped[int]
    number: Mapped[int]
    as_of: Mapped[dt.date]
    opens_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None]
    state: Mapped[RoundState] = mapped_column(term(RoundState, "state"))
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    rehearsal: Mapped[bool] = mapped_column(default=False)
    instructions: Mapped[str] = mapped_column(Text, default="")
    contact: Mapped[str] = mapped_column(Text, default="")

    form_version: Mapped[FormVersion] = relationship()

    @property
    def code(self) -> str:
        """``2025-2`` for 2025年度第2回, ``2025-2r`` for its rehearsal."""
        return f"{self.fiscal_year}-{self.number}{'r' if self.rehearsal else ''}"

    @property
    def audit_label(self) -> str:
        return self.code
