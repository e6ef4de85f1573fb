"""Reading notices: the filtered, paged list, one notice with its record, the board of answers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from register import authz, states
from register.authz import Actor, Permission
from register.models import Incident, Ministry, Notice, NoticeAnswer, NoticeEvent, NoticeRecipient
from register.queries import listing
from register.queries.listing import PER_PAGE, pages_of
from register.queries.notice_replies import REPLYING
from register.queries.resemblance import Audience, addressed, count_by_ministry
from register.states import NoticeFacts, NoticeStep
from register.vocab import MINISTRY_ROLES, NoticeDeed, NoticeState, Reply, ReplyState

OPEN, LATE = "open", "late"
# What everybody who received a notice may know of its way; the rest would tell that it comes from somebody.
PUBLIC_DEEDS = (NoticeDeed.ISSUE, NoticeDeed.CLOSE, NoticeDeed.WITHDRAW)
UNISSUED = frozenset({NoticeState.DRAFT, NoticeState.ASKED, NoticeState.CLEARED})
Narrow = Callable[[Actor, Sequence[str], dt.date], ColumnElement[bool]]


def _in_state(_actor: Actor, values: Sequence[str], _today: dt.date) -> ColumnElement[bool]:
    return Notice.state.in_([NoticeState(value) for value in values if value in set(NoticeState)])


def _replied(actor: Actor, values: Sequence[str], today: dt.date) -> ColumnElement[bool]:
    waits = Notice.id.in_(select(NoticeRecipient.notice_id).where(authz.sight(NoticeRecipient, actor), unconfirmed()))
    late = [Notice.due_on < today] if LATE in values else []
    return and_(Notice.state == NoticeState.ISSUED, waits, *late)


FILTERS: Mapping[str, Narrow] = {"state": _in_state, "reply": _replied}


def unconfirmed() -> ColumnElement[bool]:
    """Return the condition under which a ministry has not answered."""
    return NoticeRecipient.state != ReplyState.CONFIRMED


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = FILTERS


@dataclass(frozen=True)
class ListRow:
    """A notice, and how many of the answers that the person may know of stand where."""

    notice: Notice
    replies: Mapping[ReplyState, int]
    late: bool

    @property
    def recipients(self) -> int:
        return sum(self.replies.values())

    @property
    def confirmed(self) -> int:
        return self.replies.get(ReplyState.CONFIRMED, 0)


@dataclass(frozen=True)
class ListPage:
    """One page of the list, and how many notices there are in all."""

    rows: Sequence[ListRow]
    total: int
    state: ListState

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class NoticePage:
    """All that the page of one notice shows; what tells where it comes from is empty for everybody else.

    ``own`` is the answer of the person's ministry and ``resembling`` how many of its cases fit now; ``audience`` whom
    it would reach if it were issued now, for the people who issue it.
    """

    notice: Notice
    incident: Incident | None
    origin: Ministry | None
    steps: tuple[NoticeStep, ...]
    events: Sequence[NoticeEvent]
    own: NoticeRecipient | None
    resembling: int
    audience: Sequence[tuple[Ministry, int]] | None
    replies: Mapping[ReplyState, int]
    today: dt.date

    @property
    def recipients(self) -> int:
        return sum(self.replies.values())

    @property
    def confirmed(self) -> int:
        return self.replies.get(ReplyState.CONFIRMED, 0)

    @property
    def late(self) -> bool:
        """Whether the day of the answers has passed while they are still asked for."""
        due = self.notice.due_on
        return self.notice.state is NoticeState.ISSUED and due is not None and due < self.today


@dataclass(frozen=True)
class BoardRow:
    """A ministry on the board: where its answer stands, what it confirmed, how many of its cases fit now."""

    recipient: NoticeRecipient
    ministry: Ministry
    counts: Mapping[Reply, int]
    resembling: int
    overdue: bool


@dataclass(frozen=True)
class BoardPage:
    """The board of answers, ministries in official order."""

    notice: Notice
    rows: Sequence[BoardRow]
    states: Mapping[ReplyState, int]
    counts: Mapping[Reply, int]

    @property
    def overdue(self) -> int:
        return sum(row.overdue for row in self.rows)


def list_page(session: Session, actor: Actor, state: ListState, today: dt.date) -> ListPage:
    """Return one page of what ``actor`` may see, newest first, in three statements."""
    conditions = [authz.sight(Notice, actor)]
    conditions.extend(FILTERS[name](actor, values, today) for name, values in state.chosen.items())
    total: int = session.scalar(select(func.count()).select_from(Notice).where(*conditions)) or 0
    page = min(state.page, pages_of(total))
    rows = select(Notice).where(*conditions).order_by(Notice.id.desc())
    notices = session.scalars(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    replies = _replies(session, actor, [notice.id for notice in notices])
    listed = [ListRow(one, replies.get(one.id, {}), _late(one, replies.get(one.id, {}), today)) for one in notices]
    return ListPage(listed, total, replace(state, page=page))


def notice_page(session: Session, notice: Notice, actor: Actor, today: dt.date) -> NoticePage:
    """Return what the page of ``notice`` shows to ``actor``."""
    incident = notice.incident
    known = incident is not None and authz.can(actor, Permission.INCIDENT_READ, incident)
    own = session.scalar(select(NoticeRecipient).where(*_own(notice, actor)))
    fitting = count_by_ministry(session, Audience.of(notice), own.ministry_id) if own else {}
    writes = authz.can(actor, Permission.NOTICE_WRITE, notice) and notice.state in UNISSUED
    return NoticePage(
        notice,
        incident if known else None,
        session.get(Ministry, notice.origin_ministry_id) if known else None,
        steps_for(notice, actor),
        _events(session, notice, actor),
        own,
        sum(fitting.values()),
        addressed(session, Audience.of(notice)) if writes else None,
        _replies(session, actor, [notice.id]).get(notice.id, {}),
        today,
    )


def steps_for(notice: Notice, actor: Actor) -> tuple[NoticeStep, ...]:
    """Return the steps that ``actor`` may take with ``notice`` now, without those that its facts stand against."""
    facts = NoticeFacts(notice.origin_ministry_id is not None, notice.state is NoticeState.CLEARED, 1)
    return tuple(
        step
        for step in states.notice_steps(notice.state)
        if authz.can(actor, authz.NOTICE_DEEDS[step.deed], notice) and not states.notice_refusals(step, facts)
    )


def of_incident(session: Session, incident: Incident, actor: Actor) -> Sequence[Notice]:
    """Return the notices from an incident that ``actor`` may see, newest first."""
    own = select(Notice).where(Notice.incident_id == incident.id).order_by(Notice.id.desc())
    return session.scalars(authz.visible(own, Notice, actor)).all()


def board(session: Session, notice: Notice, actor: Actor, today: dt.date) -> BoardPage:
    """Return the board of answers: what each ministry confirmed, and who is late."""
    rows = (
        select(NoticeRecipient, Ministry)
        .join(Ministry, Ministry.id == NoticeRecipient.ministry_id)
        .where(NoticeRecipient.notice_id == notice.id)
        .order_by(Ministry.sort_no, Ministry.id)
    )
    counted = (
        select(NoticeAnswer.recipient_id, NoticeAnswer.reply, func.count())
        .join(NoticeRecipient, NoticeRecipient.id == NoticeAnswer.recipient_id)
        .where(NoticeRecipient.notice_id == notice.id)
        .group_by(NoticeAnswer.recipient_id, NoticeAnswer.reply)
    )
    counts: dict[int, dict[Reply, int]] = {}
    for recipient_id, reply, count in session.execute(authz.visible(counted, NoticeAnswer, actor)):
        counts.setdefault(recipient_id, {})[reply] = count
    fitting = count_by_ministry(session, Audience.of(notice))
    listed = [
        BoardRow(one, body, counts.get(one.id, {}), fitting.get(body.id, 0), _overdue(notice, one, today))
        for one, body in session.execute(authz.visible(rows, NoticeRecipient, actor))
    ]
    every: Counter[Reply] = Counter()
    for row in listed:
        every.update(row.counts)
    found = Counter(row.recipient.state for row in listed)
    ordered = {state: found[state] for state in ReplyState if found[state]}
    return BoardPage(notice, listed, ordered, {reply: every[reply] for reply in Reply if every[reply]})


def _overdue(notice: Notice, recipient: NoticeRecipient, today: dt.date) -> bool:
    waits = notice.state is NoticeState.ISSUED and recipient.state is not ReplyState.CONFIRMED
    return waits and notice.due_on is not None and notice.due_on < today


def _late(notice: Notice, replies: Mapping[ReplyState, int], today: dt.date) -> bool:
    waits = any(count for state, count in replies.items() if state is not ReplyState.CONFIRMED)
    return waits and notice.state is NoticeState.ISSUED and notice.due_on is not None and notice.due_on < today


def _replies(session: Session, actor: Actor, ids: Sequence[int]) -> Mapping[int, Mapping[ReplyState, int]]:
    counted = select(NoticeRecipient.notice_id, NoticeRecipient.state, func.count())
    counted = counted.where(NoticeRecipient.notice_id.in_(ids))
    counted = counted.group_by(NoticeRecipient.notice_id, NoticeRecipient.state)
    found: dict[int, dict[ReplyState, int]] = {}
    for notice_id, state, count in session.execute(authz.visible(counted, NoticeRecipient, actor)):
        found.setdefault(notice_id, {})[state] = count
    return found


def _own(notice: Notice, actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return NoticeRecipient.notice_id == notice.id, NoticeRecipient.ministry_id == actor.ministry_id


def _events(session: Session, notice: Notice, actor: Actor) -> Sequence[NoticeEvent]:
    """Return the record as far as ``actor`` may know it; what ministries answered stands with their answers."""
    way = select(NoticeEvent).where(NoticeEvent.notice_id == notice.id, NoticeEvent.deed.not_in(REPLYING))
    if actor.role in MINISTRY_ROLES and actor.ministry_id != notice.origin_ministry_id:
        way = way.where(NoticeEvent.deed.in_(PUBLIC_DEEDS))
    return session.scalars(way.order_by(NoticeEvent.id)).all()
