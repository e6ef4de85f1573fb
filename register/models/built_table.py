"""Tables that the secretariat put together with the table builder (作成した表), and their versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime
from register.models.mixins import Audited, PublicId, Stamped, Versioned


class BuiltTable(Audited, PublicId, Stamped, Versioned, Base):
    """A table under its name, for every round; only a ``shared`` one is seen outside the secretariat."""

    __tablename__ = "built_table"

    name: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool]
    created_by: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    versions: Mapped[list[BuiltTableVersion]] = relationship(
        back_populates="table", order_by=lambda: BuiltTableVersion.number
    )

    @property
    def newest(self) -> BuiltTableVersion:
        """The version that is shown unless an earlier one is asked for."""
        return self.versions[-1]

    @property
    def audit_label(self) -> str:
        return self.name


class BuiltTableVersion(Audited, Base):
    """How a table was declared, as ``reports.builder`` reads it. Rows are never changed: a revision is another row."""

    __tablename__ = "built_table_version"
    __table_args__ = (UniqueConstraint("table_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    table_id: Mapped[int] = mapped_column(ForeignKey("built_table.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(Text)

    table: Mapped[BuiltTable] = relationship(back_populates="versions")

    @property
    def audit_label(self) -> str:
        return f"{self.table.name} {self.number}"
