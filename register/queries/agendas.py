"""Reading the meetings of the Advisory Board: which there are, and all that one of them deals with (議題資料)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor
from register.models import AISystem, Incident, Ministry, Referral, UseCase
from register.queries import incidents, referrals
from register.queries.referrals import ReferralPage
from register.queries.use_cases import Step, steps
from register.states import REFERRAL_ON_AGENDA


@dataclass(frozen=True)
class Meeting:
    """A day on which the board meets: what the meeting is called, and how many referrals it deals with."""

    on: dt.date
    names: Sequence[str]
    count: int


@dataclass(frozen=True)
class Item:
    """One referral of a meeting as its own page shows it, with the life of its case and what happened in it."""

    page: ReferralPage
    system: AISystem | None
    life: Sequence[Step]
    incidents: Sequence[Incident]
    earlier: Sequence[ReferralPage]


@dataclass(frozen=True)
class Agenda:
    """All that a meeting deals with, by ministry in the official order."""

    meeting: Meeting
    items: Sequence[Item]

    @property
    def told(self) -> Sequence[Referral]:
        """The referrals that the papers tell of: those of the meeting, and earlier ones of their cases."""
        pages = [page for item in self.items for page in (item.page, *item.earlier)]
        return list(dict.fromkeys(page.referral for page in pages))


def meetings(session: Session, actor: Actor) -> list[Meeting]:
    """Return the meetings that referrals are planned for or were dealt with in, newest first."""
    counted = select(Referral.meeting_on, Referral.meeting_name, func.count()).where(
        Referral.meeting_on.is_not(None), Referral.state.in_(REFERRAL_ON_AGENDA)
    )
    grouped = counted.group_by(Referral.meeting_on, Referral.meeting_name)
    ordered = grouped.order_by(Referral.meeting_on.desc(), Referral.meeting_name)
    days: dict[dt.date, list[tuple[str, int]]] = {}
    for on, name, count in session.execute(authz.visible(ordered, Referral, actor)):
        days.setdefault(on, []).append((name, count))
    return [Meeting(on, [name for name, _ in named], sum(count for _, count in named)) for on, named in days.items()]


def agenda(session: Session, actor: Actor, on: dt.date, today: dt.date) -> Agenda | None:
    """Return what the meeting of a day deals with; None when there is none that ``actor`` may know of."""
    planned = select(Referral).join(Ministry, Ministry.id == Referral.ministry_id)
    planned = planned.where(Referral.meeting_on == on, Referral.state.in_(REFERRAL_ON_AGENDA))
    ordered = planned.order_by(Ministry.sort_no, Ministry.id, Referral.referral_no, Referral.id)
    found = session.scalars(authz.visible(ordered, Referral, actor)).all()
    if not found:
        return None
    names = list(dict.fromkeys(one.meeting_name for one in found))
    return Agenda(Meeting(on, names, len(found)), [_item(session, one, actor, today) for one in found])


def _item(session: Session, referral: Referral, actor: Actor, today: dt.date) -> Item:
    page = referrals.referral_page(session, referral, actor, today)
    before = [one for one in referrals.of_case(session, page.use_case, actor) if one.id < referral.id]
    return Item(
        page,
        _system(session, page.use_case, actor),
        steps(session, page.use_case, today),
        incidents.of_case(session, page.use_case, actor),
        [referrals.referral_page(session, one, actor, today) for one in before],
    )


def _system(session: Session, use_case: UseCase, actor: Actor) -> AISystem | None:
    own = select(AISystem).where(AISystem.id == use_case.ai_system_id)
    return session.scalar(authz.visible(own, AISystem, actor))
