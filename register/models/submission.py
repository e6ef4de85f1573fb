"""A ministry's return in a round, and the answers that the published tables count once they are accepted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, and_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Versioned
from register.models.round import Round
from register.models.use_case import UseCase
from register.vocab import Confirmation, RemarkKind, SubmissionDeed, SubmissionState

# What of a round is counted: cases that a ministry reports, once the secretariat has accepted its return.
COUNTED_CASES = (Confirmation.UNCHANGED, Confirmation.CHANGED, Confirmation.NEW, Confirmation.REPORTED)
COUNTED_RETURNS = (SubmissionState.ACCEPTED, SubmissionState.FROZEN)


class Submission(Audited, PublicId, OfMinistry, Versioned, Base):
    """One ministry's return; ``nil`` is the explicit 該当なし, which is never the same as no answer.

    ``due_on`` is an extension of the round's deadline for this ministry. ``sent_sha256`` and ``approved_sha256`` are
    digests of the content as it stood then: a later change is seen by them. ``late`` is settled when it is first handed
    in and stays. ``granted`` lets a ministry hand in after the round was closed, for the secretariat returned it.
    ``active_at`` is when the ministry last did something.
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("round_id", "ministry_id"),)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    state: Mapped[SubmissionState] = mapped_column(term(SubmissionState, "state"))
    nil: Mapped[bool] = mapped_column(default=False)
    submitted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    due_on: Mapped[dt.date | None]
    granted: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)
    active_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    sent_by_id: Mapped[int | None]
    sent_by: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    sent_sha256: Mapped[str] = mapped_column(String(64), default="")
    approved_by: Mapped[str] = mapped_column(Text, default="")
    approved_sha256: Mapped[str] = mapped_column(String(64), default="")

    round: Mapped[Round] = relationship()
    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        return f"{self.round.code} {self.ministry.name}"

    def may_still(self, today: dt.date) -> bool:
        """Tell whether this ministry may hand in after the round was closed."""
        return self.granted or (self.due_on is not None and self.due_on >= today)

    def deadline(self, round: Round) -> dt.date | None:
        """Return the last day for this ministry."""
        return max(filter(None, (self.due_on, round.due_on)), default=None)


class SubmissionEvent(Audited, OfMinistry, Base):
    """One step of a return: what was done, by whom, with which content. Rows are never changed."""

    __tablename__ = "submission_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    deed: Mapped[SubmissionDeed] = mapped_column(term(SubmissionDeed, "deed"))
    to_state: Mapped[SubmissionState] = mapped_column(term(SubmissionState, "to_state"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    sha256: Mapped[str] = mapped_column(String(64), default="")


class SubmissionItem(Audited, PublicId, OfMinistry, Versioned, Base):
    """The answers about one case in one round.

    ``answers`` maps field ids to what was answered (codes and texts as strings, dates as ISO strings, counts as
    integers); ``states`` maps the other fields that were settled to their answer state, so that a blank is never
    guessed. While a round runs, ``carried`` holds what the register knows: it is shown beside the question and is no
    answer until somebody confirms it. ``recheck`` names the carried fields whose answer means something else in this
    form, with the kind of the change. ``mapping`` tells of each answer that came from an earlier form who carried it
    over and why it differs; ``notes`` holds the reasons that a person gave beside a field.
    """

    __tablename__ = "submission_item"
    __table_args__ = (UniqueConstraint("round_id", "ministry_id", "case_no"),)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    use_case_id: Mapped[int | None] = mapped_column(ForeignKey("use_case.id"), index=True)
    case_no: Mapped[str] = mapped_column(Text)
    confirmation: Mapped[Confirmation] = mapped_column(
        term(Confirmation, "confirmation"), default=Confirmation.REPORTED
    )
    answers: Mapped[dict[str, Any]] = mapped_column(Json, info=CONFIDENTIAL)
    states: Mapped[dict[str, str]] = mapped_column(Json)
    carried: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, info=CONFIDENTIAL)
    recheck: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    mapping: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    notes: Mapped[dict[str, str]] = mapped_column(Json, default=dict, info=CONFIDENTIAL)
    ended_on: Mapped[dt.date | None]
    ended_reason: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)

    submission: Mapped[Submission] = relationship()
    round: Mapped[Round] = relationship()
    ministry: Mapped[Ministry] = relationship()
    use_case: Mapped[UseCase | None] = relationship()

    @property
    def audit_label(self) -> str:
        return self.case_no

    @property
    def title(self) -> str:
        """What the case is called, as far as this round knows."""
        return str(self.answers.get("title") or self.carried.get("title") or self.case_no)


class ItemVersion(Audited, OfMinistry, Base):
    """An item as it stood before it was corrected after freezing; ``reason`` is why it was replaced."""

    __tablename__ = "item_version"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("submission_item.id"))
    number: Mapped[int]
    answers: Mapped[dict[str, Any]] = mapped_column(Json, info=CONFIDENTIAL)
    states: Mapped[dict[str, str]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    replaced_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    replaced_by: Mapped[str] = mapped_column(Text)


class Remark(Audited, PublicId, OfMinistry, Base):
    """A question or finding of the secretariat on a field of an item, and the replies to it (``parent_id``)."""

    __tablename__ = "remark"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("submission_item.id"), index=True)
    field_id: Mapped[str] = mapped_column(String(64), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("remark.id"))
    kind: Mapped[RemarkKind] = mapped_column(term(RemarkKind, "kind"))
    body: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    author_id: Mapped[int | None]
    author_name: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    submission: Mapped[Submission] = relationship()


class AnswerDraft(Base):
    """What one person has typed into a section and not saved yet; ``seen`` is the digest of what it was typed over."""

    __tablename__ = "answer_draft"
    __table_args__ = (UniqueConstraint("item_id", "section", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("submission_item.id"))
    section: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    seen: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class Upload(PublicId, OfMinistry, Base):
    """A workbook that was checked and waits for its word; what it would do is read from the file each time.

    Not audited: nothing of it enters the register before the deed that takes it over, which is.
    """

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_submission", "submission_id", "id"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    file_name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    submission: Mapped[Submission] = relationship()


def counted(item: Any = SubmissionItem) -> ColumnElement[bool]:
    """Return the condition on items (or an alias of them) that figures count: whatever counts a round asks this."""
    accepted = select(Submission.id).where(Submission.state.in_(COUNTED_RETURNS))
    return and_(item.confirmation.in_(COUNTED_CASES), item.submission_id.in_(accepted))
