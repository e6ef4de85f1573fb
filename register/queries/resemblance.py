"""Which use cases resemble one another, by the rule that a notice names: model, vendor, usage type, confidentiality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from register.authz import AnySelect
from register.models import AISystem, Ministry, Notice, NoticeRecipient, UseCase
from register.queries.ministries import existed
from register.text import search_key
from register.vocab import AudienceKind, Lifecycle

# A case that has ended uses nothing any more.
LIVE = frozenset(Lifecycle) - {Lifecycle.RETIRED}
# What is compared by its code.
CODED: Mapping[AudienceKind, InstrumentedAttribute[Any]] = {
    AudienceKind.USAGE_TYPE: UseCase.usage_type,
    AudienceKind.CONFIDENTIALITY: UseCase.confidentiality,
}
# What people wrote, in which the words of the notice are looked for: of the case itself or of its system.
WRITTEN: Mapping[AudienceKind, tuple[InstrumentedAttribute[Any], ...]] = {
    AudienceKind.MODEL: (UseCase.model_usage, AISystem.model_usage),
    AudienceKind.VENDOR: (AISystem.vendor,),
}


@dataclass(frozen=True)
class Audience:
    """Whose cases a notice speaks of: what they have in common, and its value."""

    kind: AudienceKind
    value: str = ""

    @classmethod
    def of(cls, notice: Notice) -> Audience:
        """Return the audience of ``notice``."""
        return cls(notice.audience_kind, notice.audience_value)


def resembling(session: Session, audience: Audience, ministry_id: int | None = None) -> Iterator[Row[Any]]:
    """Yield id, case_no and ministry_id of the live cases that fit, of one ministry or of all."""
    texts = WRITTEN.get(audience.kind, ())
    statement: AnySelect = select(UseCase.id, UseCase.case_no, UseCase.ministry_id, *texts)
    statement = statement.where(UseCase.lifecycle.in_(LIVE))
    if ministry_id is not None:
        statement = statement.where(UseCase.ministry_id == ministry_id)
    if audience.kind in CODED:
        statement = statement.where(CODED[audience.kind] == audience.value)
    if texts:
        statement = statement.outerjoin(AISystem, AISystem.id == UseCase.ai_system_id)
        statement = statement.where(or_(*(text != "" for text in texts)))
    words = search_key(audience.value)
    for row in session.execute(statement.execution_options(yield_per=1000)):
        # Folded as a search is, which no database does alike; a case is read once and never kept.
        if not texts or any(words in search_key(text or "") for text in row[3:]):
            yield row


def count_by_ministry(session: Session, audience: Audience, ministry_id: int | None = None) -> Mapping[int, int]:
    """Return how many cases of each ministry fit, or of one; ministries without any are left out."""
    return Counter(row.ministry_id for row in resembling(session, audience, ministry_id))


def addressed(session: Session, audience: Audience) -> Sequence[tuple[Ministry, int]]:
    """Return the ministries of today that ``audience`` means, in official order, each with how many cases fit."""
    return meant(session, audience, count_by_ministry(session, audience))


def unaddressed(session: Session, notice: Notice, counts: Mapping[int, int]) -> Sequence[tuple[Ministry, int]]:
    """Return the ministries that ``notice`` means by now and did not reach, given how many cases of each fit."""
    reached = select(NoticeRecipient.ministry_id).where(NoticeRecipient.notice_id == notice.id)
    known = set(session.scalars(reached))
    return [(body, count) for body, count in meant(session, Audience.of(notice), counts) if body.id not in known]


def meant(session: Session, audience: Audience, counts: Mapping[int, int]) -> Sequence[tuple[Ministry, int]]:
    """Return the ministries of today that ``audience`` means when so many cases of each fit, in official order."""
    today = session.info["clock"].today()
    bodies = session.scalars(select(Ministry).where(existed(today)).order_by(Ministry.sort_no, Ministry.id))
    everybody = audience.kind is AudienceKind.ALL
    return [(body, counts.get(body.id, 0)) for body in bodies if everybody or body.id in counts]
