"""High-risk judgments (高リスク判定) of use cases, their record, and the flag that they set and take away."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, code, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Stamped, Versioned
from register.models.round import FormVersion
from register.models.use_case import UseCase
from register.vocab import AssessmentDeed, AssessmentState, RiskResult

_ONE_OF_EACH = {"open": text("state IN ('draft', 'proposed')"), "holds": text("state IN ('decided')")}


class Assessment(Audited, PublicId, OfMinistry, Stamped, Versioned, Base):
    """One judgment of one use case under one version of the sheet; once decided it is never edited, only superseded.

    ``answers``, ``reasons`` and ``evidence`` are keyed by viewpoint. The ``fact_`` columns are the case as it stood
    when the decision was asked for: what differs from them later has the case judged anew. ``fact_incidents`` counts
    its grave risk cases. ``causes`` says why the judgment was begun.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("use_case_id", "number"),
        Index("ix_assessment_case_state", "use_case_id", "state"),
        Index("ix_assessment_own_state", "ministry_id", "state", "review_due"),
        Index("ix_assessment_decided", "decided_at", "id", "state"),
        # At most one judgment of a case is under way, and at most one holds.
        *(
            Index(f"uq_assessment_case_{name}", "use_case_id", unique=True, sqlite_where=only, postgresql_where=only)
            for name, only in (
                ("open", text("state IN ('draft', 'proposed')")),
                ("holds", text("state IN ('decided')")),
            )
        ),
    )

    use_case_id: Mapped[int] = mapped_column(ForeignKey("use_case.id"))
    number: Mapped[int]
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    state: Mapped[AssessmentState] = mapped_column(term(AssessmentState, "state"))
    causes: Mapped[list[str]] = mapped_column(Json)
    answers: Mapped[dict[str, str]] = mapped_column(Json, info=CONFIDENTIAL)
    reasons: Mapped[dict[str, str]] = mapped_column(Json, info=CONFIDENTIAL)
    evidence: Mapped[dict[str, str]] = mapped_column(Json, info=CONFIDENTIAL)
    suggested: Mapped[RiskResult] = mapped_column(term(RiskResult, "suggested"), info=CONFIDENTIAL)
    fact_user_scope: Mapped[str | None] = mapped_column(code())
    fact_confidentiality: Mapped[str | None] = mapped_column(code())
    fact_usage_type: Mapped[str | None] = mapped_column(code())
    fact_stage: Mapped[str | None] = mapped_column(code())
    fact_system_id: Mapped[int | None]
    fact_model: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    fact_incidents: Mapped[int] = mapped_column(default=0)
    proposed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    proposed_by: Mapped[str] = mapped_column(Text, default="")
    decision: Mapped[RiskResult | None] = mapped_column(term(RiskResult, "decision"), info=CONFIDENTIAL)
    decision_reason: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    decided_on: Mapped[dt.date | None]
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(Text, default="")
    document_no: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    review_due: Mapped[dt.date | None]

    ministry: Mapped[Ministry] = relationship()
    use_case: Mapped[UseCase] = relationship()
    form_version: Mapped[FormVersion] = relationship()

    @property
    def assessment_no(self) -> str:
        """What people call it: the case's number and the count of its judgments."""
        return f"{self.use_case.case_no}-HR{self.number}"

    @property
    def audit_label(self) -> str:
        return self.assessment_no


class AssessmentEvent(Audited, OfMinistry, Base):
    """One line of a judgment's record: what was done, by whom, when and in which words. Rows are never changed."""

    __tablename__ = "assessment_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"), index=True)
    deed: Mapped[AssessmentDeed] = mapped_column(term(AssessmentDeed, "deed"))
    to_state: Mapped[AssessmentState] = mapped_column(term(AssessmentState, "to_state"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)


class HighRiskFlag(Audited, OfMinistry, Base):
    """That a use case counted as possibly high risk from one decision to another; ``until`` is None while it does."""

    __tablename__ = "high_risk_flag"
    __table_args__ = (Index("ix_high_risk_flag_case", "use_case_id", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    use_case_id: Mapped[int] = mapped_column(ForeignKey("use_case.id"))
    since: Mapped[dt.date]
    until: Mapped[dt.date | None]
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    lowered_by_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id"))

    @property
    def lasts(self) -> bool:
        """Tell whether the case counts as possibly high risk now."""
        return self.until is None
