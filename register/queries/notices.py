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
from register.queries.resemblance import Audience, addressed, count_by_ministry, unaddressed
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
    late = [due_by() < today] if LATE in values else []
    asked = select(NoticeRecipient.notice_id).where(NoticeRecipient.notice_id == Notice.id, unconfirmed(), *late)
    waits = authz.visible(asked, NoticeRecipient, actor).correlate(Notice).exists()
    return and_(Notice.state == NoticeState.ISSUED, waits)


FILTERS: Mapping[str, Narrow] = {"state": _in_state, "reply": _replied}


def unconfirmed() -> ColumnElement[bool]:
    """Return the condition under which a ministry has not answered."""
    return NoticeRecipient.state != ReplyState.CONFIRMED


def due_by() -> ColumnElement[dt.date | None]:
    """Return the day by which a ministry is to answer, beside its notice."""
    return func.coalesce(NoticeRecipient.due_on, Notice.due_on)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = FILTERS


@dataclass(frozen=True)
class Replies:
    """How many of the answers to a notice that a person may know of stand where.

    ``due`` is the first day by which one was asked for, ``waits`` the first of those that are still waited for.
    """

    counts: Mapping[ReplyState, int]
    due: dt.date | None = None
    waits: dt.date | None = None

    @property
    def recipients(self) -> int:
        return sum(self.counts.values())

    @property
    def confirmed(self) -> int:
        return self.counts.get(ReplyState.CONFIRMED, 0)

    def late(self, today: dt.date) -> bool:
        """Tell whether the day of an answer has passed while it is still asked for."""
        return self.waits is not None and self.waits < today


NOBODY = Replies({})


@dataclass(frozen=True)
class ListRow:
    """A notice, and where the answers to it stand."""

    notice: Notice
    replies: Replies


@dataclass(frozen=True)
class ListPage:
    """One page of the list, and how many notices there are in all."""

    rows: Sequence[ListRow]
    total: int
    state: ListState
    today: dt.date

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
    replies: Replies
    today: dt.date


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
    """The board of answers, ministries in official order; ``unaddressed`` are those whose cases fit since the issue."""

    notice: Notice
    rows: Sequence[BoardRow]
    states: Mapping[ReplyState, int]
    counts: Mapping[Reply, int]
    unaddressed: Sequence[tuple[Ministry, int]]

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
    listed = [ListRow(one, replies.get(one.id, NOBODY)) for one in notices]
    return ListPage(listed, total, replace(state, page=page), today)


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
        _replies(session, actor, [notice.id]).get(notice.id, NOBODY),
        today,
    )


def unreached(session: Session, notice: Notice) -> Sequence[tuple[Ministry, int]]:
    """Return the ministries that an issued notice means by now and did not reach, each with how many cases fit."""
    return unaddressed(session, notice, count_by_ministry(session, Audience.of(notice)))


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
        BoardRow(one, body, counts.get(one.id, {}), fitting.get(body.id, 0), one.overdue(today))
        for one, body in session.execute(authz.visible(rows, NoticeRecipient, actor))
    ]
    every: Counter[Reply] = Counter()
    for row in listed:
        every.update(row.counts)
    found = Counter(row.recipient.state for row in listed)
    ordered = {state: found[state] for state in ReplyState if found[state]}
    replies = {reply: every[reply] for reply in Reply if every[reply]}
    extends = any(step.deed is NoticeDeed.EXTEND for step in steps_for(notice, actor))
    return BoardPage(notice, listed, ordered, replies, unaddressed(session, notice, fitting) if extends else ())


def _replies(session: Session, actor: Actor, ids: Sequence[int]) -> Mapping[int, Replies]:
    counted = select(NoticeRecipient.notice_id, Notice.state, NoticeRecipient.state, func.count(), func.min(due_by()))
    counted = counted.join(Notice, Notice.id == NoticeRecipient.notice_id).where(Notice.id.in_(ids))
    counted = counted.group_by(NoticeRecipient.notice_id, Notice.state, NoticeRecipient.state)
    found: dict[int, Replies] = {}
    for notice_id, state, reply, count, due in session.execute(authz.visible(counted, NoticeRecipient, actor)):
        before = found.get(notice_id, NOBODY)
        waits = due if state is NoticeState.ISSUED and reply is not ReplyState.CONFIRMED else None
        found[notice_id] = Replies(
            {**before.counts, reply: count}, _first(before.due, due), _first(before.waits, waits)
        )
    return found


def _first(*days: dt.date | None) -> dt.date | None:
    return min((day for day in days if day is not None), default=None)


def _own(notice: Notice, actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return NoticeRecipient.notice_id == notice.id, NoticeRecipient.ministry_id == actor.ministry_id


def _events(session: Session, notice: Notice, actor: Actor) -> Sequence[NoticeEvent]:
    """Return the record as far as ``actor`` may know it; what ministries answered stands with their answers."""
    way = select(NoticeEvent).where(NoticeEvent.notice_id == notice.id, NoticeEvent.deed.not_in(REPLYING))
    if actor.role in MINISTRY_ROLES and actor.ministry_id != notice.origin_ministry_id:
        way = way.where(NoticeEvent.deed.in_(PUBLIC_DEEDS))
    return session.scalars(way.order_by(NoticeEvent.id)).all()
