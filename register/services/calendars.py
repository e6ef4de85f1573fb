"""Calendars that people let out of the register, and take back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.models import CalendarFeed, Round


def let_out(session: Session, round: Round | None, *, by: Actor) -> CalendarFeed:
    """Give a person the address of their calendar, of a round or of everything; raise ``NotNow`` for a second one."""
    round_id = round.id if round is not None else None
    own = select(CalendarFeed.id).where(CalendarFeed.user_id == by.user_id, CalendarFeed.revoked_at.is_(None))
    if session.scalar(own.where(CalendarFeed.round_id.is_not_distinct_from(round_id))) is not None:
        raise NotNow(say("このカレンダーのアドレスは、すでにあります。"))
    feed = CalendarFeed(user_id=by.user_id, round_id=round_id, made_at=session.info["clock"].now())
    session.add(feed)
    audit.record(session, audit.Event.CALENDAR_MADE, feed, by=by)
    return feed


def take_back(session: Session, feed: CalendarFeed, *, by: Actor) -> None:
    """Have the address of a calendar lead nowhere any more; raise ``NotNow`` when it does so already."""
    if feed.revoked_at is not None:
        raise NotNow(say("このカレンダーのアドレスは、すでに無効です。"))
    feed.revoked_at = session.info["clock"].now()
    audit.record(session, audit.Event.CALENDAR_REVOKED, feed, by=by)
