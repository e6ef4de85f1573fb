"""Reading the outbox: the list with its filter, the addresses that mail does not reach, what waits for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.errors import Say, say
from register.models import DeadAddress, Message, User
from register.queries import listing
from register.queries.jobs import said
from register.queries.listing import PER_PAGE, pages_of
from register.queries.tasks import Task
from register.states import MESSAGE_FLAGGED
from register.vocab import Channel, MessageState

# What has to be looked at stands first, whatever its age.
ORDER = case({state: place for place, state in enumerate(MESSAGE_FLAGGED)}, value=Message.state, else_=9)
# What something remains to do with: a small index tells.
OPEN = Message.next_at.is_not(None)
MOST_DEAD = 200
# A message waits a minute where all is well, and up to a day where its recipient's server puts it off, which is that
# message's matter alone. One that nobody put off and that waits for so long does not leave at all.
STUCK = dt.timedelta(hours=1)
_NOT_SENT = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.SENDING)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = ("state",)


@dataclass(frozen=True)
class Delivery:
    """One line: to whom, for which day, how far, and what went wrong."""

    public_id: Any
    channel: Channel
    name: str
    address: str
    day: dt.date
    state: MessageState
    at: dt.datetime
    error: Say | None
    detail: str
    again: int

    @property
    def mail(self) -> bool:
        return self.channel is Channel.MAIL

    @property
    def flagged(self) -> bool:
        return self.state in MESSAGE_FLAGGED

    @property
    def waiting(self) -> bool:
        return self.state is MessageState.QUEUED


@dataclass(frozen=True)
class Dead:
    """An address that mail does not reach, whose it is, and why."""

    public_id: Any
    name: str
    address: str
    since: dt.datetime
    reason: Say | None
    detail: str


@dataclass(frozen=True)
class Standstill:
    """A channel by which nothing leaves: since when, and how much of it has waited for too long."""

    channel: Channel
    since: dt.datetime
    count: int

    @property
    def mail(self) -> bool:
        return self.channel is Channel.MAIL


@dataclass(frozen=True)
class DeliveryPage:
    """One page of the list with the numbers of every state, and the dead addresses."""

    rows: Sequence[Delivery]
    total: int
    counts: Mapping[MessageState, int]
    dead: Sequence[Dead]

    @property
    def pages(self) -> int:
        return pages_of(self.total)


def list_page(session: Session, actor: Actor, state: ListState) -> DeliveryPage:
    """Return one page of what ``actor`` may see, what a person has to look at first and then the newest."""
    counting = authz.visible(select(Message.state, func.count()).group_by(Message.state), Message, actor)
    counts = {row[0]: int(row[1]) for row in session.execute(counting)}
    wanted = {MessageState(one) for one in state.chosen.get("state", ()) if one in set(MessageState)}
    found = select(Message, User.name).outerjoin(User, Message.user_id == User.id)
    if wanted:
        found = found.where(Message.state.in_(wanted))
    found = authz.visible(found, Message, actor).order_by(ORDER, Message.queued_at.desc(), Message.id.desc())
    rows = session.execute(found.limit(PER_PAGE).offset(PER_PAGE * (state.page - 1)))
    total = sum(count for one, count in counts.items() if not wanted or one in wanted)
    return DeliveryPage([_line(message, name) for message, name in rows], total, counts, _dead(session, actor))


def oldest_waiting(session: Session, channels: Collection[Channel]) -> dt.datetime | None:
    """Return since when the message of ``channels`` waits whose time came first; None when none waits."""
    queued = and_(OPEN, Message.state == MessageState.QUEUED, Message.channel.in_(list(channels)))
    return session.scalar(select(func.min(Message.next_at)).where(queued))


def standstills(session: Session, channels: Collection[Channel]) -> list[Standstill]:
    """Return which of ``channels`` stand still; the time of a message tells nothing, for each attempt moves it on."""
    grouped = select(Message.channel, func.min(Message.queued_at), func.count()).group_by(Message.channel)
    found = grouped.where(_stuck(session), Message.channel.in_(list(channels))).order_by(Message.channel)
    return [Standstill(*row) for row in session.execute(found)]


def _stuck(session: Session) -> ColumnElement[bool]:
    before = session.info["clock"].now() - STUCK
    return and_(OPEN, Message.state.in_(_NOT_SENT), Message.refusals == 0, Message.queued_at < before)


def _line(row: Message, name: str | None) -> Delivery:
    at = row.sent_at or row.claimed_at or row.queued_at
    error = said(row.error)
    return Delivery(
        row.public_id, row.channel, name or "", row.address, row.day, row.state, at, error, row.detail, row.again
    )


def _dead(session: Session, actor: Actor) -> list[Dead]:
    found = select(DeadAddress, User.name).outerjoin(User, DeadAddress.user_id == User.id)
    found = authz.visible(found, DeadAddress, actor).order_by(DeadAddress.since.desc(), DeadAddress.id.desc())
    return [
        Dead(row.public_id, name or "", row.address, row.since, said(row.reason), row.detail)
        for row, name in session.execute(found.limit(MOST_DEAD))
    ]


def tasks(session: Session, actor: Actor) -> list[Task]:
    """Return what of the deliveries waits for ``actor``."""
    if not authz.can(actor, Permission.DELIVERY_SEND):
        return []
    counting = (
        select(Message.state, func.count()).where(OPEN, Message.state.in_(MESSAGE_FLAGGED)).group_by(Message.state)
    )
    counts = {row[0]: int(row[1]) for row in session.execute(authz.visible(counting, Message, actor))}
    sentences = {
        MessageState.UNCERTAIN: say("届いたか分からないメールや通知を確かめる"),
        MessageState.FAILED: say("送信できなかったメールや通知を確かめる"),
    }
    found = [
        Task(text, "deliveries.index", counts[state], {"state": state.value})
        for state, text in sentences.items()
        if state in counts
    ]
    # Also of a channel that was turned off: it is turned on again, or what it left is let go.
    stuck = select(func.count()).select_from(Message).where(_stuck(session))
    if number := session.scalar(authz.visible(stuck, Message, actor)):
        text, args = say("送れずに待っているメールや通知を確かめる"), {"state": MessageState.QUEUED.value}
        found.append(Task(text, "deliveries.index", number, args))
    dead = select(func.count()).select_from(DeadAddress)
    if number := session.scalar(authz.visible(dead, DeadAddress, actor)):
        found.append(Task(say("メールが届かない宛先を直す"), "deliveries.index", number))
    return found
