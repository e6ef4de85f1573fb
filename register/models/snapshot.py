"""Snapshots (台帳写し): PDF documents kept for auditors, bound to the audit chain as it stood."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime
from register.models.mixins import Audited, PublicId
from register.models.round import Round


class Snapshot(Audited, PublicId, Base):
    """A stored document: never changed once written. ``audit_seq`` and ``audit_head`` are the printed anchor."""

    __tablename__ = "snapshot"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    file_name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    data_sha256: Mapped[str] = mapped_column(String(64))
    audit_seq: Mapped[int]
    audit_head: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(Text)

    round: Mapped[Round] = relationship()

    @property
    def audit_label(self) -> str:
        return self.file_name
