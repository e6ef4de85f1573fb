"""Notices (注意喚起) to the ministries: the text, whom it reached, what each answered, and the record."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime, term
from register.models.incident import Incident
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Stamped, Versioned
from register.models.use_case import UseCase
from register.vocab import AudienceKind, NoticeDeed, NoticeState, Reply, ReplyState


class Notice(Audited, PublicId, Stamped, Versioned, Base):
    """A warning to ministries, from an incident of one of them or by itself.

    It belongs to no ministry: what is done with it is in nobody's log but those of whoever oversees. ``notice_no`` is
    given when it is issued. ``cleared_sha256`` is the text as the ministry of origin cleared it.
    """

    __tablename__ = "notice"

    notice_no: Mapped[str | None] = mapped_column(Text, unique=True)
    state: Mapped[NoticeState] = mapped_column(term(NoticeState, "state"), index=True)
    title: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    text: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    action: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    origin_ministry_id: Mapped[int | None] = mapped_column(ForeignKey("ministry.id"), index=True)
    audience_kind: Mapped[AudienceKind] = mapped_column(term(AudienceKind, "audience_kind"))
    audience_value: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    due_on: Mapped[dt.date | None]
    author_id: Mapped[int | None]
    author_name: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    cleared_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    cleared_by: Mapped[str] = mapped_column(Text, default="")
    cleared_sha256: Mapped[str] = mapped_column(String(64), default="")
    issued_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    incident: Mapped[Incident | None] = relationship()
    recipients: Mapped[list[NoticeRecipient]] = relationship(back_populates="notice")

    @property
    def audit_label(self) -> str:
        # Before it has a number, the id of its page tells it from the others.
        return self.notice_no or str(self.public_id)[:8]


class NoticeRecipient(Audited, PublicId, OfMinistry, Versioned, Base):
    """That a notice was issued to a ministry, and where its answer stands.

    ``due_on`` is given to a ministry that was added after the issue; the others answer by the day of the notice.

    ``sha256`` is that of the answers as they stand, ``confirmed_sha256`` of those that the approver confirmed; ``late``
    is None until the first confirmation and never changes after.
    """

    __tablename__ = "notice_recipient"
    __table_args__ = (UniqueConstraint("notice_id", "ministry_id"),)

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    state: Mapped[ReplyState] = mapped_column(term(ReplyState, "state"))
    sha256: Mapped[str] = mapped_column(String(64), default="")
    confirmed_sha256: Mapped[str] = mapped_column(String(64), default="")
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str] = mapped_column(Text, default="")
    late: Mapped[bool | None]
    due_on: Mapped[dt.date | None]

    notice: Mapped[Notice] = relationship(back_populates="recipients")
    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        return self.notice.audit_label

    @property
    def due(self) -> dt.date | None:
        """By when the ministry is to answer."""
        return self.due_on or self.notice.due_on

    def overdue(self, today: dt.date) -> bool:
        """Tell whether the answer is still asked for and its day has passed."""
        waits = self.notice.state is NoticeState.ISSUED and self.state is not ReplyState.CONFIRMED
        return waits and self.due is not None and self.due < today


class NoticeAnswer(Audited, OfMinistry, Base):
    """What a ministry answers of one of its cases, or (without a case) of itself; no row is no answer."""

    __tablename__ = "notice_answer"
    __table_args__ = (UniqueConstraint("recipient_id", "use_case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("notice_recipient.id"), index=True)
    use_case_id: Mapped[int | None] = mapped_column(ForeignKey("use_case.id"), index=True)
    reply: Mapped[Reply] = mapped_column(term(Reply, "reply"))
    comment: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    author_id: Mapped[int | None]
    author_name: Mapped[str] = mapped_column(Text)

    recipient: Mapped[NoticeRecipient] = relationship()
    use_case: Mapped[UseCase | None] = relationship()


class NoticeEvent(Audited, Base):
    """One line of a notice's record. Rows are never changed.

    ``ministry_id`` is the ministry whose people did it: others never see the line. It is empty for what the
    secretariat did.
    """

    __tablename__ = "notice_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    ministry_id: Mapped[int | None] = mapped_column(ForeignKey("ministry.id"))
    deed: Mapped[NoticeDeed] = mapped_column(term(NoticeDeed, "deed"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)

    notice: Mapped[Notice] = relationship()

    @property
    def audit_label(self) -> str:
        return self.notice.audit_label


class NoticeSerial(Base):
    """The last serial given per fiscal year, so that no number of a notice is ever used twice."""

    __tablename__ = "notice_serial"

    fiscal_year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
