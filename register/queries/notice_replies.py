"""Reading what a ministry answers to a notice: its cases that resemble, with the answers so far."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.models import Ministry, Notice, NoticeAnswer, NoticeEvent, NoticeRecipient, UseCase
from register.queries.listing import PER_PAGE, pages_of
from register.queries.resemblance import Audience, resembling
from register.vocab import NoticeDeed, NoticeState, Reply

# What a line is called that speaks of no case.
ITSELF = "ministry"
REPLYING = (NoticeDeed.ANSWER, NoticeDeed.REOPEN, NoticeDeed.CONFIRM)


@dataclass(frozen=True)
class Line:
    """One line of the answer: a case, or (without one) the ministry itself; ``fits`` tells whether it resembles now."""

    use_case: UseCase | None
    answer: NoticeAnswer | None
    fits: bool

    @property
    def case_id(self) -> int | None:
        """The case that the line speaks of."""
        return self.use_case.id if self.use_case else None

    @property
    def key(self) -> str:
        """What the line is called in a form."""
        return str(self.use_case.public_id) if self.use_case else ITSELF


@dataclass(frozen=True)
class ReplyPage:
    """One page of a ministry's answer, and how all of it stands; ``resembling`` counts its cases that fit now."""

    recipient: NoticeRecipient
    notice: Notice
    ministry: Ministry
    lines: Sequence[Line]
    counts: Mapping[Reply, int]
    resembling: int
    unanswered: int
    page: int
    pages: int
    record: Sequence[NoticeEvent]
    shown: bool

    @property
    def running(self) -> bool:
        """Whether the answer can still be given or changed."""
        return self.notice.state is NoticeState.ISSUED


@dataclass(frozen=True)
class Standing:
    """What a ministry has to answer: the numbers of its cases that fit by id, and the answers by the case's id."""

    fitting: Mapping[int, str]
    answers: Mapping[int | None, NoticeAnswer]

    @property
    def open_ids(self) -> list[int | None]:
        """What is not answered yet: cases that fit, or the ministry itself where none does."""
        wanted: list[int | None] = [*self.fitting] if self.fitting or self._of_cases else [None]
        return [one for one in wanted if one not in self.answers]

    @property
    def all_ids(self) -> list[int | None]:
        """Every line, the ministry first and cases by number; what was answered stays though it fits no more."""
        numbers = {**{one: row.use_case.case_no for one, row in self._of_cases.items() if row.use_case}, **self.fitting}
        itself: list[int | None] = [None] if None in self.answers or not numbers else []
        return [*itself, *sorted(numbers, key=lambda one: numbers[one])]

    @property
    def _of_cases(self) -> Mapping[int, NoticeAnswer]:
        return {one: row for one, row in self.answers.items() if one is not None}


def standing(session: Session, recipient: NoticeRecipient) -> Standing:
    """Return what the ministry of ``recipient`` has to answer and has answered."""
    audience = Audience.of(recipient.notice)
    fitting = {row.id: row.case_no for row in resembling(session, audience, recipient.ministry_id)}
    stored = select(NoticeAnswer).where(NoticeAnswer.recipient_id == recipient.id)
    answers = session.scalars(stored.options(joinedload(NoticeAnswer.use_case)))
    return Standing(fitting, {answer.use_case_id: answer for answer in answers})


def reply_page(session: Session, recipient: NoticeRecipient, actor: Actor, page: int = 1) -> ReplyPage:
    """Return one page of the answer of ``recipient`` as ``actor`` may see it."""
    found, shown = standing(session, recipient), authz.can(actor, authz.Permission.NOTICE_ANSWER_READ, recipient)
    ids = found.all_ids if shown else []
    pages = pages_of(len(ids))
    page = min(page, pages)
    counts = Counter(answer.reply for answer in found.answers.values()) if shown else Counter()
    return ReplyPage(
        recipient,
        recipient.notice,
        recipient.ministry,
        _lines(session, ids[(page - 1) * PER_PAGE : page * PER_PAGE], found, actor),
        {reply: counts[reply] for reply in Reply if counts[reply]},
        len(found.fitting),
        len(found.open_ids),
        page,
        pages,
        _record(session, recipient) if shown else (),
        shown,
    )


def digest(answers: Mapping[int | None, NoticeAnswer]) -> str:
    """Return the sha256 of what is answered (RFC 8785), in hex; the empty text for nothing."""
    said = {
        answer.use_case.case_no if answer.use_case else "": [answer.reply.value, answer.comment]
        for answer in answers.values()
    }
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest() if said else ""


def _lines(session: Session, ids: Sequence[int | None], found: Standing, actor: Actor) -> list[Line]:
    wanted = select(UseCase).where(UseCase.id.in_([one for one in ids if one is not None]))
    cases: Mapping[Any, UseCase] = {case.id: case for case in session.scalars(authz.visible(wanted, UseCase, actor))}
    return [Line(cases.get(one), found.answers.get(one), one is None or one in found.fitting) for one in ids]


def _record(session: Session, recipient: NoticeRecipient) -> Sequence[NoticeEvent]:
    own = select(NoticeEvent).where(
        NoticeEvent.notice_id == recipient.notice_id,
        NoticeEvent.ministry_id == recipient.ministry_id,
        NoticeEvent.deed.in_(REPLYING),
    )
    return session.scalars(own.order_by(NoticeEvent.id)).all()
