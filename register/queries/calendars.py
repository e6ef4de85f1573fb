"""Calendars: the deadlines that wait for a person, as days, and the addresses that they have let out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.errors import Say, say
from register.formspec.reminder_words import WHY
from register.formspec.reminders import ReminderPlan
from register.formspec.risk import RiskTerms
from register.models import CalendarFeed, Round, User
from register.queries.reminder_subjects import Asked, Page, Subject
from register.queries.reminders import Facts, audience, gather
from register.states import ROUND_SETTLED
from register.vocab import MINISTRY_ROLES, ReminderEvent

_E = ReminderEvent
# What has a day of its own; what waits since something happened has none.
TITLES: Mapping[ReminderEvent, Say] = {
    _E.ROUND_OPENED: say("%(name)sの定期報告の受付開始"),
    _E.ROUND_DUE: say("%(name)sの定期報告の提出期限"),
    _E.DISCLOSURE_REVIEW: say("公開の区分（%(count)d件）を見直す日"),
    _E.INCIDENT_REPORT: say("リスクケース %(number)s の報告の期限"),
    _E.INCIDENT_NOTIFY: say("リスクケース %(number)s を事務局に報告する期限"),
    _E.INCIDENT_SILENCE: say("リスクケース %(number)s の経過を知らせる期限"),
    _E.ASSESSMENT_REVIEW: say("高リスク判定 %(number)s を見直す期限"),
    _E.NOTICE_UNANSWERED: say("注意喚起 %(number)s への回答の期限"),
}


# What a title names: two with the same are one entry.
NAMED = ("name", "count", "number")


@dataclass(frozen=True)
class Deadline:
    """One day of a calendar: what is due, why it stands there, and the page where it is done."""

    uid: str
    day: dt.date
    title: Say
    why: Say
    page: Page


def feeds(session: Session, actor: Actor) -> Sequence[CalendarFeed]:
    """Return the addresses of a person that still lead to their calendar."""
    own = select(CalendarFeed).where(CalendarFeed.user_id == actor.user_id, CalendarFeed.revoked_at.is_(None))
    return session.scalars(own.options(joinedload(CalendarFeed.round)).order_by(CalendarFeed.id)).all()


def rounds(session: Session, actor: Actor) -> Sequence[Round]:
    """Return the rounds that may still bring deadlines, as far as a person may see them."""
    found = authz.visible(select(Round).where(Round.state.not_in(ROUND_SETTLED)), Round, actor)
    return session.scalars(found.order_by(Round.as_of.desc(), Round.id.desc())).all()


def feed_of(session: Session, public_id: uuid.UUID) -> CalendarFeed | None:
    """Return the calendar with an id while it is let out and its person may still sign in."""
    found = select(CalendarFeed).join(CalendarFeed.user)
    found = found.where(CalendarFeed.public_id == public_id, CalendarFeed.revoked_at.is_(None), User.active.is_(True))
    return session.scalars(found.options(joinedload(CalendarFeed.user), joinedload(CalendarFeed.round))).one_or_none()


def deadlines(
    session: Session, feed: CalendarFeed, plan: ReminderPlan, terms: RiskTerms, today: dt.date
) -> list[Deadline]:
    """Return the days of a calendar; what several ministries have on one day is one entry of who oversees them."""
    user = feed.user
    own = user.ministry_id if user.role in MINISTRY_ROLES else None
    facts = gather(Asked(session, today, terms, own), plan)
    found: dict[tuple[object, ...], Deadline] = {}
    for subject in facts.subjects:
        wanted = subject.event in TITLES and (feed.round_id is None or subject.round_id == feed.round_id)
        if wanted and _concerns(facts, subject, user.id):
            title = say(TITLES[subject.event].template, **subject.params)
            key = (subject.event, subject.anchor, *(str(subject.params.get(name)) for name in NAMED))
            uid = uuid.uuid5(feed.public_id, repr(subject.matter))
            page = subject.page_for(user.role.value)
            found.setdefault(key, Deadline(str(uid), subject.anchor, title, WHY[subject.event], page))
    return list(found.values())


def _concerns(facts: Facts, subject: Subject, user_id: int) -> bool:
    stages = facts.plan.by_event[subject.event]
    return any(one.id == user_id for stage in stages for one in audience(facts, subject, stage))
