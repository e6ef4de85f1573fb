"""Use cases (案件) and their lifecycle."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime, code, term
from register.models.ai_system import AISystem
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Stamped, Versioned
from register.vocab import Lifecycle, Source, Stage

# The columns that the list may be narrowed by.
NARROWING = ("lifecycle", "usage_type", "user_scope", "confidentiality")


class UseCase(Audited, PublicId, OfMinistry, Stamped, Versioned, Base):
    """One use of generative AI by one ministry, counted as 件.

    The coded columns hold the codes of the newest form version and are NULL while unanswered. ``search_key`` is the
    folded text that the list searches; ``as_of`` is the as-of date of the newest round that set the row, so that an
    older round loaded later does not turn the register back.
    """

    __tablename__ = "use_case"
    __table_args__ = (
        # In this order, so that a list by number uses the index below, which holds what the list is narrowed by.
        UniqueConstraint("case_no", "ministry_id"),
        # One index per order of the list, which ends in the id, the stable tie-break; then what narrows the list, so
        # that a page and its count read no row that they do not show.
        Index("ix_use_case_all_updated", "updated_at", "id", *NARROWING),
        Index("ix_use_case_all_since", "lifecycle_since", "id", *NARROWING),
        Index("ix_use_case_all_title", "title", "id", *NARROWING),
        Index("ix_use_case_own_updated", "ministry_id", "updated_at", "id", *NARROWING),
        Index("ix_use_case_own_number", "ministry_id", "case_no", "id", *NARROWING),
        # What the first page counts.
        Index("ix_use_case_all_state", "lifecycle", "ministry_id"),
    )

    case_no: Mapped[str] = mapped_column(Text)
    ai_system_id: Mapped[int | None] = mapped_column(ForeignKey("ai_system.id"), index=True)
    unit: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    title: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    purpose: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    usage_type: Mapped[str | None] = mapped_column(code())
    start_on: Mapped[dt.date | None]
    user_scope: Mapped[str | None] = mapped_column(code())
    planned_stage: Mapped[Stage | None] = mapped_column(term(Stage, "planned_stage"))
    confidentiality: Mapped[str | None] = mapped_column(code())
    goal_kind: Mapped[str | None] = mapped_column(code())
    goal_text: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    output_type: Mapped[str | None] = mapped_column(code())
    model_usage: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    lifecycle: Mapped[Lifecycle] = mapped_column(term(Lifecycle, "lifecycle"))
    lifecycle_since: Mapped[dt.date]
    as_of: Mapped[dt.date | None]
    search_key: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)

    ministry: Mapped[Ministry] = relationship()
    ai_system: Mapped[AISystem | None] = relationship()

    @property
    def audit_label(self) -> str:
        return self.case_no


class LifecycleEvent(Audited, OfMinistry, Base):
    """One step of a use case's life: from where to where, on which day, by whom and why. Rows are never changed."""

    __tablename__ = "lifecycle_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    use_case_id: Mapped[int] = mapped_column(ForeignKey("use_case.id"), index=True)
    from_state: Mapped[Lifecycle | None] = mapped_column(term(Lifecycle, "from_state"))
    to_state: Mapped[Lifecycle] = mapped_column(term(Lifecycle, "to_state"))
    on: Mapped[dt.date] = mapped_column("on_date")
    recorded_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    source: Mapped[Source] = mapped_column(term(Source, "source"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"))
    reason: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
