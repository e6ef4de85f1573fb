"""Slow work that a request asked for and the job runner does: the row is written in the request's transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, Json, UtcDateTime, term
from register.models.mixins import PublicId
from register.vocab import JobState


class Job(PublicId, Base):
    """One piece of work; ``key`` is unique, so asking twice for the same work gives the same row.

    ``done`` of ``total`` steps is its progress; ``snapshot_id`` is what it made; one that an unexpected error stopped
    is not tried again before ``next_at``. Not audited: the deed that asked for it and the thing it makes are.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_queue", "state", "id"),)

    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[JobState] = mapped_column(term(JobState, "state"))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshot.id"))
