"""Editions of a round's report (報告書の版): drafted, checked, approved by a second person, published for good."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, Json, UtcDateTime, term
from register.models.mixins import Audited, PublicId, Stamped, Versioned
from register.models.round import Round
from register.vocab import EditionState, Variant


class Edition(Audited, PublicId, Stamped, Versioned, Base):
    """One edition of a report, public and closed at once; a correction is a new one that names what it supersedes.

    ``threshold`` is the least count that is not small; ``examples`` are the numbers of the items whose goals are
    shown, in order. ``hands`` are the ids of those who drafted, changed or checked it. ``sha256`` is of both variants
    in both languages as they were checked, empty before; ``answers_sha256`` of the answers that they count. ``note``
    says what a correction corrects.
    """

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    number: Mapped[int]
    state: Mapped[EditionState] = mapped_column(term(EditionState, "state"), index=True)
    threshold: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    examples: Mapped[list[int]] = mapped_column(Json, default=list)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    sha256: Mapped[str] = mapped_column(String(64), default="")
    answers_sha256: Mapped[str] = mapped_column(String(64), default="")
    hands: Mapped[list[int]] = mapped_column(Json, default=list)
    author: Mapped[str] = mapped_column(Text)
    checked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    checked_by: Mapped[str] = mapped_column(Text, default="")
    approved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(Text, default="")
    word: Mapped[str] = mapped_column(Text, default="")

    round: Mapped[Round] = relationship()
    supersedes: Mapped[Edition | None] = relationship(remote_side="Edition.id")

    @property
    def audit_label(self) -> str:
        return f"{self.round.code}-{self.number}"


class EditionText(Base):
    """What a checked edition says, in one variant and language: written once, and bound by the edition's digest."""

    __tablename__ = "edition_text"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    variant: Mapped[Variant] = mapped_column(term(Variant, "variant"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(Json)


def texts_digest(texts: Mapping[tuple[Variant, str], Mapping[str, Any]]) -> str:
    """Return the sha256 of all that an edition says: of the digests of what each variant says in each language."""
    each = {
        f"{variant.value}.{language}": hashlib.sha256(rfc8785.dumps(dict(text))).hexdigest()
        for (variant, language), text in texts.items()
    }
    return hashlib.sha256(rfc8785.dumps(each)).hexdigest()
