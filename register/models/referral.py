"""Referrals to the Advisory Board (報告・相談): package, what was sent of it, opinion, response, record."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime, term
from register.models.assessment import Assessment
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Stamped, Versioned
from register.models.use_case import UseCase
from register.vocab import Publicity, ReferralDeed, ReferralState

_OPEN = text("state NOT IN ('closed', 'withdrawn')")


class Package:
    """The four texts that the Advisory Board is asked with."""

    details: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    purpose: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    mitigation: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    quality: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)


class Referral(Audited, PublicId, OfMinistry, Package, Stamped, Versioned, Base):
    """A use case that is reported to the Advisory Board.

    The package here is the ministry's working text; what others read is the last ``ReferralPackage``. ``sent_at`` is
    the moment of the last sending; from the first one on it is never None, and the secretariat knows of the referral.
    """

    __tablename__ = "referral"
    __table_args__ = (
        UniqueConstraint("ministry_id", "referral_no"),
        Index("uq_referral_open", "use_case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_referral_all_updated", "updated_at", "id", "state", "sent_at"),
        Index("ix_referral_own_updated", "ministry_id", "updated_at", "id", "state"),
        Index("ix_referral_meeting", "meeting_on", "state"),
        Index("ix_referral_state", "state", "ministry_id", "meeting_on"),
    )

    referral_no: Mapped[str] = mapped_column(Text)
    use_case_id: Mapped[int] = mapped_column(ForeignKey("use_case.id"), index=True)
    state: Mapped[ReferralState] = mapped_column(term(ReferralState, "state"))
    publicity: Mapped[Publicity | None] = mapped_column(term(Publicity, "publicity"))
    author_id: Mapped[int | None]
    author_name: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    meeting_on: Mapped[dt.date | None]
    meeting_name: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    opinion: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    opinion_on: Mapped[dt.date | None]
    response: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    responded_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    ministry: Mapped[Ministry] = relationship()
    use_case: Mapped[UseCase] = relationship()

    @property
    def audit_label(self) -> str:
        return self.referral_no


class OfReferral:
    """A row that belongs to a referral and is seen by whoever sees that."""

    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"), index=True)


class ReferralPackage(Audited, OfReferral, OfMinistry, Package, Base):
    """A package as it was sent, with the SHA-256 of it. Rows are never changed: a second sending is another row.

    ``assessment_id`` is the high-risk judgment that held for the use case when it was sent.
    """

    __tablename__ = "referral_package"
    __table_args__ = (UniqueConstraint("referral_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    sent_by_id: Mapped[int | None]
    sent_by: Mapped[str] = mapped_column(Text)
    assessment_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id"), index=True)

    assessment: Mapped[Assessment | None] = relationship()


class ReferralCondition(Audited, OfReferral, OfMinistry, Base):
    """One condition (条件) of an opinion, and what the ministry does about it."""

    __tablename__ = "referral_condition"
    __table_args__ = (UniqueConstraint("referral_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    body: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    response: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)


class ReferralEvent(Audited, OfReferral, OfMinistry, Base):
    """One line of a referral's record: what was done, by whom, when and in which words. Rows are never changed.

    ``on`` is the day that the deed names: of the meeting, or of the opinion.
    """

    __tablename__ = "referral_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    deed: Mapped[ReferralDeed] = mapped_column(term(ReferralDeed, "deed"))
    to_state: Mapped[ReferralState] = mapped_column(term(ReferralState, "to_state"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    on: Mapped[dt.date | None]
    body: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)


class ReferralSerial(Base):
    """The last serial given per ministry and fiscal year, so that no referral number is ever used twice."""

    __tablename__ = "referral_serial"

    ministry_id: Mapped[int] = mapped_column(ForeignKey("ministry.id"), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
