"""Who leads the job runners, and every run of the chores that they do by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, Json, UtcDateTime, term
from register.models.mixins import PublicId
from register.vocab import RunState


class JobLeader(Base):
    """The one row that says which runner leads: each new leader raises ``fence``, and a step with an older one is lost.

    Not audited: it says who works, not what was done.
    """

    __tablename__ = "job_leader"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fence: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    since: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class JobRun(PublicId, Base):
    """One run of a chore for one ``slot``, the moment at which it was due; there is no second row for the same slot.

    ``fence`` is that of the leader who runs it, ``attempts`` counts how often it was begun; before ``next_at`` a run
    that failed is not tried again. Not audited: what a chore changes is.
    """

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("chore", "slot"), Index("ix_job_run_newest", "chore", "id"))

    chore: Mapped[str] = mapped_column(String(32))
    slot: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    state: Mapped[RunState] = mapped_column(term(RunState, "state"))
    attempts: Mapped[int]
    fence: Mapped[int]
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(Json)
    error: Mapped[str] = mapped_column(Text, default="")
