"""The bodies (府省庁) in official order; a roster of rows, never of code."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base
from register.models.mixins import Audited


class Ministry(Audited, Base):
    """A body that registers use cases; ``key`` starts its case numbers and never changes."""

    __tablename__ = "ministry"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    name_short: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    sort_no: Mapped[int] = mapped_column(index=True)
    corporate_number: Mapped[str | None] = mapped_column(String(13))
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]

    @property
    def audit_label(self) -> str:
        return self.name

    def label(self, language: str) -> str:
        """Return the name in ``language``; a body without an English name keeps its own."""
        return self.name_en if language == "en" and self.name_en else self.name


class CaseSerial(Base):
    """The last serial given per ministry and fiscal year, so that no case number is ever used twice."""

    __tablename__ = "case_serial"

    ministry_id: Mapped[int] = mapped_column(ForeignKey("ministry.id"), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
