"""The outbox: queued with the deed that it tells of, handed over once, never sent twice by itself.

A message goes ``queued -> claimed -> sending -> sent``, with a commit before each arrow. Every step asks for the state
that it comes from and for the number under which its leader took the message, so that a leader who has been replaced
changes nothing: ``Lost``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from sqlalchemy import CursorResult, FromClause, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.db import table_of
from register.errors import NotNow, Say, say
from register.models import DeadAddress, Message, User
from register.services.jobs import Lost, packed
from register.states import message_move
from register.vocab import Channel, MessageState

# Minutes until the next attempt, by how many there were; the last one stays.
PAUSES = (0.5, 1, 2, 4, 8, 15, 30, 60)
# Further ahead than any pause leads: such a moment was written under a clock that was wrong.
LONGEST_PAUSE = dt.timedelta(minutes=PAUSES[-1] + 1)
# After so many answers "not now", a day of them, a person has to look.
MOST_REFUSALS = 30
LONGEST_DETAIL = 500
ADDRESS = re.compile(r"[!-;=?-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187}[A-Za-z0-9])?")
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_MESSAGE, _DEAD = table_of(Message), table_of(DeadAddress)
_OPEN = _MESSAGE.c.next_at.is_not(None)
_QUEUED, _CLAIMED, _SENDING, _SENT, _UNCERTAIN, _FAILED, _SUPERSEDED = MessageState

DEAD = say("この宛先には、以前のメールが届きませんでした。")
UNKNOWN = say("送信の途中で処理や接続が切れたため、届いたかどうか分かりません。")
MALFORMED = say("宛先のメールアドレスの形が正しくありません。")
REFUSED = say("相手のサーバーが受け取りを断りました。")
TOO_OFTEN = say("相手のサーバーが%(times)d回続けて受け取りを見送りました。", times=MOST_REFUSALS)
RETURNED = say("配信できないメールとして戻ってきました。")


class Fence(Protocol):
    """The right to deliver, as a number that grows with every leader."""

    @property
    def number(self) -> int: ...

    def hold(self, session: Session) -> None:
        """Raise ``Lost`` when another leads; nobody may begin to lead before the transaction ends."""
        ...


@dataclass(frozen=True)
class Envelope:
    """A claimed message as plain values, so that no transaction is open while it is sent."""

    id: int
    kind: str
    params: Mapping[str, Any]
    user_id: int | None
    address: str
    language: str
    day: dt.date
    message_id: str
    attempts: int
    refusals: int


_ENVELOPE = [_MESSAGE.c[name] for name in Envelope.__dataclass_fields__]


@dataclass(frozen=True)
class Sender:
    """Which register sends: ids of messages end with its name and are made with its secret key, where it has one."""

    host: str
    secret: str = field(default="", repr=False)


def host_of(public_url: str) -> str:
    """Return the name under which a register sends."""
    return urlsplit(public_url).hostname or ""


def message_id(key: str, sender: Sender) -> str:
    """Return the Message-ID of the message with ``key``: the same whenever and however often it is sent.

    Keys hold what can be guessed, and whoever names a Message-ID is believed to have had the mail: hence the secret.
    """
    # No other use of the secret key signs a text that begins like this one.
    digest = hmac.new(sender.secret.encode(), f"message-id {key}".encode(), hashlib.sha256).hexdigest()
    return f"<{digest[:40]}@{sender.host or 'register.invalid'}>"


def add(
    session: Session,
    *,
    key: str,
    kind: str,
    user_id: int | None,
    address: str,
    language: str,
    day: dt.date,
    sender: Sender,
    params: Mapping[str, Any] | None = None,
    channel: Channel = Channel.MAIL,
) -> bool:
    """Queue a message in the transaction of the deed that it tells of; False when one with ``key`` is there already.

    What would go to an address that mail does not reach fails at once: a person sees it, nobody waits for it.
    """
    now, problem = session.info["clock"].now(), _problem(session, address, channel)
    values = {
        "key": key, "channel": channel, "kind": kind, "params": dict(params or {}), "user_id": user_id,
        "address": address, "language": language, "day": day, "message_id": message_id(key, sender),
        "state": _FAILED if problem else _QUEUED, "queued_at": now, "next_at": now,
        "error": packed(problem) if problem else "",
    }  # fmt: skip
    insert_new = _INSERT[session.get_bind().dialect.name]
    added = insert_new(Message).values(**values).on_conflict_do_nothing(index_elements=["key"]).returning(Message.id)
    return session.scalar(added) is not None


def _problem(session: Session, address: str, channel: Channel) -> Say | None:
    if channel is not Channel.MAIL:
        return None
    if not ADDRESS.fullmatch(address):
        return MALFORMED
    return DEAD if session.scalar(select(DeadAddress.id).where(DeadAddress.address == address)) else None


def recover(session: Session, fence: Fence) -> tuple[int, int]:
    """Take over what an ended run left; return how many are queued again and how many became uncertain.

    What was only claimed was not handed over. What was being sent may have been: nobody knows.
    """
    fence.hold(session)
    of_others = and_(_OPEN, _MESSAGE.c.fence <= fence.number)
    back = _change(session, and_(_MESSAGE.c.state == _CLAIMED, of_others), state=_QUEUED, fence=fence.number)
    lost = _change(
        session,
        and_(_MESSAGE.c.state == _SENDING, of_others),
        state=_UNCERTAIN,
        fence=fence.number,
        error=packed(UNKNOWN),
    )
    return back, lost


def claim(session: Session, fence: Fence, limit: int, channel: Channel = Channel.MAIL) -> list[Envelope]:
    """Take up to ``limit`` messages whose time has come; those to an address that is dead by now fail instead."""
    fence.hold(session)
    now = session.info["clock"].now()
    queued = _MESSAGE.alias("queued")
    waiting = and_(queued.c.state == _QUEUED, queued.c.channel == channel, _due(session, queued))
    chosen = select(queued.c.id).where(waiting).order_by(queued.c.next_at, queued.c.id).limit(limit)
    taken = {"state": _CLAIMED, "fence": fence.number, "claimed_at": now, "attempts": _MESSAGE.c.attempts + 1}
    # Its state is asked of the row once more: a person may be letting it go while we wait for it.
    still = and_(_MESSAGE.c.id.in_(chosen.scalar_subquery()), _MESSAGE.c.state == _QUEUED)
    changed = update(_MESSAGE).where(still).values(taken)
    dead = _MESSAGE.c.address.in_(select(_DEAD.c.address)).label("dead")
    taken_up: list[Envelope] = []
    for *values, is_dead in sorted(session.execute(changed.returning(*_ENVELOPE, dead)), key=lambda row: row.id):
        if is_dead:
            fail(session, fence, values[0], DEAD, source=_CLAIMED)
        else:
            taken_up.append(Envelope(*values))
    return taken_up


def waits(session: Session, channels: Collection[Channel]) -> bool:
    """Return whether anything is to be sent by ``channels``, or was left in the middle: a look without the lock."""
    left = _MESSAGE.c.state.in_((_CLAIMED, _SENDING))
    ready = and_(_MESSAGE.c.state == _QUEUED, _MESSAGE.c.channel.in_(list(channels)), _due(session))
    found = select(_MESSAGE.c.id).where(_OPEN, or_(left, ready))
    return session.scalar(found.limit(1)) is not None


def supersede(session: Session, fence: Fence, ids: Sequence[int]) -> None:
    """Let claimed messages go of which nothing is left to tell."""
    _step(session, fence, ids, _CLAIMED, state=_SUPERSEDED, next_at=None)


def release(session: Session, fence: Fence, waiting: Sequence[Envelope]) -> None:
    """Queue claimed messages again that were not handed over, for there is no server or we end: ever later."""
    for one in waiting:
        _step(session, fence, [one.id], _CLAIMED, state=_QUEUED, next_at=_later(session, one.attempts))


# Built once: they run for every few messages.
_MINE = and_(_MESSAGE.c.id.in_(bindparam("ids", expanding=True)), _MESSAGE.c.fence == bindparam("mine"))
_BEGIN = update(_MESSAGE).where(_MINE, _MESSAGE.c.state == _CLAIMED).values(state=_SENDING)
_END = (
    update(_MESSAGE)
    .where(_MINE, _MESSAGE.c.state == _SENDING)
    .values(state=_SENT, next_at=None, sent_at=bindparam("now", type_=_MESSAGE.c.sent_at.type), error="", detail="")
)


def sending(session: Session, fence: Fence, ids: Sequence[int]) -> None:
    """Mark what is handed over next; commit before the first word to the server."""
    _must(session, _BEGIN, {"ids": list(ids), "mine": fence.number}, len(ids))


def sent(session: Session, fence: Fence, ids: Sequence[int]) -> None:
    """Mark what the server has taken."""
    now = session.info["clock"].now()
    _must(session, _END, {"ids": list(ids), "mine": fence.number, "now": now}, len(ids))


def uncertain(session: Session, fence: Fence, ids: Sequence[int], detail: str = "") -> None:
    """Mark what may have been taken: the connection ended before the server answered."""
    _step(session, fence, ids, _SENDING, state=_UNCERTAIN, error=packed(UNKNOWN), detail=clipped(detail))


def unsent(session: Session, fence: Fence, one: Envelope, detail: str) -> None:
    """Queue a message again that was surely not handed over: the connection ended before it began."""
    values = {"state": _QUEUED, "next_at": _later(session, one.attempts), "detail": clipped(detail)}
    _step(session, fence, [one.id], _SENDING, **values)


def refused(session: Session, fence: Fence, one: Envelope, code: int, detail: str, *, recipient: bool) -> None:
    """Keep what the server answered: "not now" waits ever longer, "no" fails and, of its ``recipient``, marks it dead.

    Only what was said of the recipient speaks of the address; a sender or a content that is refused does not.
    """
    text = f"{code} {detail}"
    if code < 500 and one.refusals + 1 < MOST_REFUSALS:
        values = {"state": _QUEUED, "refusals": one.refusals + 1, "next_at": _later(session, one.attempts)}
        _step(session, fence, [one.id], _SENDING, error=packed(REFUSED), detail=clipped(text), **values)
        return
    fail(session, fence, one.id, REFUSED if code >= 500 else TOO_OFTEN, text)
    if code >= 500 and recipient:
        mark_dead(session, one.address, one.user_id, REFUSED, text)


def fail(
    session: Session, fence: Fence, row_id: int, why: Say, detail: str = "", source: MessageState = _SENDING
) -> None:
    """Give a message up, with the sentence that the secretariat reads."""
    _step(session, fence, [row_id], source, state=_FAILED, error=packed(why), detail=clipped(detail))


def unwritten(session: Session, fence: Fence, one: Envelope, why: Say) -> None:
    """Give a claimed message up that cannot be written."""
    fail(session, fence, one.id, why, source=_CLAIMED)


def mark_dead(session: Session, address: str, user_id: int | None, why: Say, detail: str) -> None:
    """Remember that mail does not reach an address; what is known of it already stays."""
    values = {
        "address": address, "user_id": user_id, "since": session.info["clock"].now(), "reason": packed(why),
        "detail": clipped(detail),
    }  # fmt: skip
    insert_new = _INSERT[session.get_bind().dialect.name]
    session.execute(insert_new(DeadAddress).values(**values).on_conflict_do_nothing(index_elements=["address"]))


def again(session: Session, message: Message, by: Actor) -> None:
    """Have an uncertain or failed message sent again, with the Message-ID that it had; raise ``NotNow``."""
    authz.require(by, Permission.DELIVERY_SEND, message)
    message_move(message.state, _QUEUED)
    problem = _problem(session, message.address, message.channel)
    if problem is not None:
        raise NotNow(say("この宛先は使えません：%(reason)s先に宛先を確かめてください。", reason=problem))
    message.state = _QUEUED
    message.next_at = message.queued_at = session.info["clock"].now()
    message.refusals, message.again, message.error, message.detail = 0, message.again + 1, "", ""
    _told(session, audit.Event.MESSAGE_AGAIN, message, by)


def drop(session: Session, message: Message, by: Actor) -> None:
    """Let an uncertain, failed or still waiting message go without sending it; raise ``NotNow``."""
    authz.require(by, Permission.DELIVERY_SEND, message)
    message_move(message.state, _SUPERSEDED)
    message.state, message.next_at = _SUPERSEDED, None
    _told(session, audit.Event.MESSAGE_DROPPED, message, by)


def revive(session: Session, dead: DeadAddress, by: Actor) -> None:
    """Take an address into use again, once somebody has seen to it that mail reaches it."""
    authz.require(by, Permission.DELIVERY_SEND, dead)
    user = session.get(User, dead.user_id) if dead.user_id is not None else None
    audit.record(session, audit.Event.ADDRESS_REVIVED, user, by=by, address=dead.address)
    session.delete(dead)


def returned(session: Session, known: str, detail: str, *, of_address: bool) -> Message | None:
    """Record that the mail with the Message-ID ``known`` came back; None where that is no mail of ours.

    One that failed before, or that a person had let go, stays as it is; what was said ``of_address`` marks it dead in
    any case. Nothing is found by its recipient: whoever writes a report can name anyone.
    """
    ours = select(Message).where(Message.message_id == known, Message.channel == Channel.MAIL)
    row = session.scalar(ours) if known else None
    if row is None:
        return None
    if row.state in (_SENT, _UNCERTAIN):
        row.state, row.next_at = _FAILED, session.info["clock"].now()
        row.error, row.detail = packed(RETURNED), clipped(detail)
    if of_address:
        mark_dead(session, row.address, row.user_id, RETURNED, detail)
    return row


def clipped(text: str) -> str:
    """Return what a server said on one line, no longer than a row keeps."""
    shown = "".join(c if c.isprintable() else " " for c in text[: 2 * LONGEST_DETAIL])
    return " ".join(shown.split())[:LONGEST_DETAIL]


def _told(session: Session, event: audit.Event, message: Message, by: Actor) -> None:
    audit.record(session, event, None, by=by, key=message.key, address=message.address, message_id=message.message_id)


def _due(session: Session, message: FromClause = _MESSAGE) -> Any:
    """Return whose time has come, or was set under a clock that ran ahead."""
    now, at = session.info["clock"].now(), message.c.next_at
    return and_(at.is_not(None), or_(at <= now, at > now + LONGEST_PAUSE))


def _later(session: Session, attempts: int) -> dt.datetime:
    pause = PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]
    now: dt.datetime = session.info["clock"].now()
    return now + dt.timedelta(minutes=pause)


def _step(session: Session, fence: Fence, ids: Sequence[int], source: MessageState, **values: Any) -> None:
    mine = and_(_MESSAGE.c.id.in_(ids), _MESSAGE.c.state == source, _MESSAGE.c.fence == fence.number)
    if ids and _change(session, mine, **values) != len(ids):
        raise Lost(f"{len(ids)} messages are no longer {source.value} under the number {fence.number}")


def _must(session: Session, statement: Any, values: Mapping[str, Any], count: int) -> None:
    if count and cast("CursorResult[Any]", session.execute(statement, values)).rowcount != count:
        raise Lost(f"{count} messages are no longer those of the number {values['mine']}")


def _change(session: Session, which: Any, **values: Any) -> int:
    done = cast("CursorResult[Any]", session.execute(update(_MESSAGE).where(which).values(**values)))
    return done.rowcount
