"""The audit chain's tables. No foreign keys lead out of it, and triggers refuse to change or delete an entry."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, BigId, Json, UtcDateTime


class AuditEntry(Base):
    """One deed. ``body`` is the canonical JSON that is hashed; the other columns repeat parts of it for reading."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_table", "subject_id", "seq"),
        Index("ix_audit_entry_ministry", "ministry_id", "seq"),
        Index("ix_audit_entry_event", "event", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    prev: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(32))
    ministry_id: Mapped[int | None]
    subject_table: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(64))
    subject_label: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


class AuditClear(Base):
    """The clear text of confidential values whose digests stand in an entry; a lawful purge removes only this row."""

    __tablename__ = "audit_clear"

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(64))
    texts: Mapped[dict[str, Any]] = mapped_column(Json)


class AuditHead(Base):
    """The one row that every audited transaction takes last: the chain's length and newest hash."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class ChangeMark(Base):
    """What the triggers saw change in the running transaction; a mark that outlives it is a change nobody named."""

    __tablename__ = "change_mark"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    table_name: Mapped[str] = mapped_column(String(64))
    pk: Mapped[str] = mapped_column(String(64))
    op: Mapped[str] = mapped_column(String(6))
    txid: Mapped[int | None] = mapped_column(BigInteger, index=True)
