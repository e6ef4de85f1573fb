"""Snapshots (台帳写し): documents kept for auditors, bound to the audit chain as it stood, and copies handed out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, PublicId
from register.models.round import Round
from register.vocab import SnapshotKind, SnapshotState, Variant


class Snapshot(Audited, PublicId, Base):
    """One stored file: what it tells is never changed, only whether it is signed, superseded or disposed of.

    ``series`` is what it is a snapshot of: of two in one series the newer one supersedes the older where their data
    differ; empty where each stands for its own moment. ``subject`` is what it was asked with. ``as_of`` is the moment
    that it tells of, None where that is the one of its making. ``audit_seq``, ``audit_head`` and ``audit_root`` are
    the printed anchor. ``sha256`` is of the file as it is handed out, ``unsigned_sha256`` of its first
    ``unsigned_size`` bytes, which are what was rendered. ``internal`` ones rest on what only their ministry knows.
    ``volume`` of ``volumes`` counts the files of one set.
    """

    __tablename__ = "snapshot"
    __table_args__ = (Index("ix_snapshot_made", "made_at", "id"), Index("ix_snapshot_series", "series", "id"))

    kind: Mapped[SnapshotKind] = mapped_column(term(SnapshotKind, "kind"), default=SnapshotKind.REPORT)
    state: Mapped[SnapshotState] = mapped_column(term(SnapshotState, "state"), default=SnapshotState.ISSUED)
    variant: Mapped[Variant] = mapped_column(term(Variant, "variant"), default=Variant.CLOSED)
    internal: Mapped[bool] = mapped_column(default=False)
    series: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    title: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"), index=True)
    ministry_id: Mapped[int | None] = mapped_column(ForeignKey("ministry.id"), index=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    as_of: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    volume: Mapped[int] = mapped_column(default=1)
    volumes: Mapped[int] = mapped_column(default=1)
    file_name: Mapped[str] = mapped_column(Text, unique=True)
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    unsigned_sha256: Mapped[str] = mapped_column(String(64), index=True, default="")
    unsigned_size: Mapped[int] = mapped_column(default=0)
    data_sha256: Mapped[str] = mapped_column(String(64))
    audit_seq: Mapped[int]
    audit_head: Mapped[str] = mapped_column(String(64))
    audit_root: Mapped[str] = mapped_column(String(64), default="")
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("snapshot.id"), index=True)
    retain_until: Mapped[dt.date | None]
    disposed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    round: Mapped[Round | None] = relationship()
    ministry: Mapped[Ministry | None] = relationship()
    supersedes: Mapped[Snapshot | None] = relationship(remote_side="Snapshot.id")

    @property
    def number(self) -> str:
        """What is printed in it: the name of its file without volume, language and kind of file."""
        stem = self.file_name.rpartition(".")[0].removesuffix(f"-{self.language}")
        return stem.removesuffix(f"-{self.volume}of{self.volumes}")

    @property
    def audit_label(self) -> str:
        return self.file_name


class SnapshotCopy(Audited, PublicId, Base):
    """That somebody was handed a copy with their name across it: its digests, by which it is known again."""

    __tablename__ = "snapshot_copy"

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    handed_to: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    unsigned_sha256: Mapped[str] = mapped_column(String(64), index=True)

    snapshot: Mapped[Snapshot] = relationship()

    @property
    def audit_label(self) -> str:
        return self.snapshot.file_name
