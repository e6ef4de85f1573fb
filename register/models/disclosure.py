"""What of a use case is public (公開の区分): the ministry proposes it, the secretariat decides."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Versioned
from register.models.use_case import UseCase
from register.vocab import DisclosureClass, DisclosurePart, DisclosureState, Ground


class Disclosure(Audited, PublicId, OfMinistry, Versioned, Base):
    """How far one part of a case is public; no row, and none that is decided, is not public.

    ``text_sha256`` is of the text that was looked at: another text needs another look. ``public_text`` is what stands
    in its place where it is public in part; ``ground`` says why not all of it is; ``review_on`` is the day to look
    again. ``word`` is why the secretariat sent a proposal back.
    """

    __tablename__ = "disclosure"
    __table_args__ = (UniqueConstraint("use_case_id", "part"),)

    use_case_id: Mapped[int] = mapped_column(ForeignKey("use_case.id"))
    part: Mapped[DisclosurePart] = mapped_column(term(DisclosurePart, "part"))
    level: Mapped[DisclosureClass] = mapped_column(term(DisclosureClass, "level"))
    ground: Mapped[Ground | None] = mapped_column(term(Ground, "ground"))
    public_text: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    text_sha256: Mapped[str] = mapped_column(String(64))
    review_on: Mapped[dt.date | None]
    state: Mapped[DisclosureState] = mapped_column(term(DisclosureState, "state"), index=True)
    proposed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    proposed_by_id: Mapped[int | None]
    proposed_by: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(Text, default="")
    word: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)

    use_case: Mapped[UseCase] = relationship()
    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        return f"{self.use_case.case_no} {self.part.ja}"

    def overdue(self, today: dt.date) -> bool:
        """Tell whether the day to look again has come."""
        return self.state is DisclosureState.DECIDED and self.review_on is not None and self.review_on <= today
