"""Questions of the consistency check to a ministry, each with its trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, code, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Versioned
from register.vocab import QuestionDeed, QuestionState


class Question(Audited, PublicId, OfMinistry, Versioned, Base):
    """What a rule of the check asks a ministry about one subject; the same question is one row for ever.

    ``subject`` names what it is about and is unique with ``rule``; the ids beside it lead to the rows. ``facts`` are
    those that the rule looked at, ``fingerprint`` is their digest: what was explained holds while it stays the same.
    ``internal``: the facts rest on what only the ministry knows, and so does the question.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("rule", "subject"),
        # One for each way of the list, ending in the id; then what narrows it.
        Index("ix_question_all_moved", "moved_at", "id", "state", "internal", "rule"),
        Index("ix_question_own_moved", "ministry_id", "moved_at", "id", "state", "rule"),
        # What the worklist and the board count.
        Index("ix_question_state", "state", "ministry_id", "internal"),
    )

    rule: Mapped[str] = mapped_column(code(8))
    subject: Mapped[str] = mapped_column(String(64))
    use_case_id: Mapped[int | None] = mapped_column(ForeignKey("use_case.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    ai_system_id: Mapped[int | None] = mapped_column(ForeignKey("ai_system.id"), index=True)
    state: Mapped[QuestionState] = mapped_column(term(QuestionState, "state"))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, info=CONFIDENTIAL)
    fingerprint: Mapped[str] = mapped_column(String(64))
    internal: Mapped[bool]
    opened_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        return f"{self.rule} {str(self.public_id)[:8]}"


class QuestionEvent(Audited, OfMinistry, Base):
    """One line of a question's trail: what was done, by whom, when and in which words. Rows are never changed.

    ``changes`` holds what the check found otherwise than before: the old and the new value of each fact.
    """

    __tablename__ = "question_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    deed: Mapped[QuestionDeed] = mapped_column(term(QuestionDeed, "deed"))
    to_state: Mapped[QuestionState] = mapped_column(term(QuestionState, "to_state"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, info=CONFIDENTIAL)
