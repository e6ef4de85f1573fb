"""A ministry's return in a round, and the frozen answers that the published tables count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId
from register.models.round import Round
from register.models.use_case import UseCase
from register.vocab import SubmissionState


class Submission(Audited, PublicId, OfMinistry, Base):
    """One ministry's return; ``nil`` is the explicit 該当なし, which is never the same as no answer."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("round_id", "ministry_id"),)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    state: Mapped[SubmissionState] = mapped_column(term(SubmissionState, "state"))
    nil: Mapped[bool] = mapped_column(default=False)
    submitted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    round: Mapped[Round] = relationship()
    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        return f"{self.round.code} {self.ministry.name}"


class SubmissionItem(Audited, PublicId, OfMinistry, Base):
    """The frozen answers about one case.

    ``answers`` maps field ids to what was answered (codes and texts as strings, dates as ISO strings, counts as
    integers); ``states`` maps every other field of the form to its answer state, so that a blank is never guessed.
    """

    __tablename__ = "submission_item"
    __table_args__ = (UniqueConstraint("round_id", "ministry_id", "case_no"),)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    use_case_id: Mapped[int | None] = mapped_column(ForeignKey("use_case.id"), index=True)
    case_no: Mapped[str] = mapped_column(Text)
    answers: Mapped[dict[str, Any]] = mapped_column(Json, info=CONFIDENTIAL)
    states: Mapped[dict[str, str]] = mapped_column(Json)

    submission: Mapped[Submission] = relationship()
    round: Mapped[Round] = relationship()
    ministry: Mapped[Ministry] = relationship()
    use_case: Mapped[UseCase | None] = relationship()

    @property
    def audit_label(self) -> str:
        return self.case_no
