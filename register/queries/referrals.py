"""Reading referrals (報告・相談): the filtered, paged list, one referral with its record, those of a use case."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import rfc8785
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from register import authz, states
from register.authz import Actor
from register.errors import Say, say
from register.models import Assessment, Ministry, Referral, ReferralCondition, ReferralEvent, ReferralPackage, UseCase
from register.queries import listing
from register.queries.assessments import held_by
from register.queries.listing import PER_PAGE, pages_of
from register.queries.ministries import ministries
from register.states import REFERRAL_OPEN, ReferralFacts, ReferralStep
from register.vocab import MINISTRY_ROLES, ReferralDeed, ReferralState

OPEN = "open"
# The four texts of a package, as people call them, in the order in which they are read.
PACKAGE: Mapping[str, Say] = {
    "details": say("概要"),
    "purpose": say("目的"),
    "mitigation": say("リスク軽減策"),
    "quality": say("運用時を含めた品質確保策"),
}
Narrow = Callable[[Sequence[str]], ColumnElement[bool]]


class Texts(Protocol):
    """The texts of a package, wherever they are kept."""

    details: Any
    purpose: Any
    mitigation: Any
    quality: Any


def _in_state(values: Sequence[str]) -> ColumnElement[bool]:
    wanted = {ReferralState(value) for value in values if value in set(ReferralState)}
    return Referral.state.in_(wanted | (REFERRAL_OPEN if OPEN in values else frozenset()))


def _of_ministry(values: Sequence[str]) -> ColumnElement[bool]:
    return Referral.ministry_id.in_(select(Ministry.id).where(Ministry.key.in_(values)))


FILTERS: Mapping[str, Narrow] = {"state": _in_state, "ministry": _of_ministry}
ORDER: tuple[Any, ...] = (Referral.updated_at.desc(), Referral.id.desc())
COLUMNS: tuple[Any, ...] = (
    Referral.public_id,
    Referral.referral_no,
    Referral.state,
    Referral.ministry_id,
    Referral.sent_at,
    Referral.meeting_on,
    Referral.updated_at,
    UseCase.case_no,
    UseCase.title,
)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it."""

    filters = FILTERS


@dataclass(frozen=True)
class ListPage:
    """One page of the list, and how many referrals there are in all."""

    rows: list[Row[Any]]
    total: int
    state: ListState
    ministries: dict[int, Ministry]

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class ReferralPage:
    """All that the page of one referral shows; ``package`` is what the actor may read of it.

    ``sent`` holds every package as it was sent, newest first; ``judgment`` is the high-risk judgment that held when
    ``package`` was sent (holds now, while it was not); ``steps`` are what the actor may do now.
    """

    referral: Referral
    ministry: Ministry
    use_case: UseCase
    package: Texts
    sent: Sequence[ReferralPackage]
    judgment: Assessment | None
    conditions: Sequence[ReferralCondition]
    events: Sequence[ReferralEvent]
    steps: tuple[ReferralStep, ...]

    @property
    def working(self) -> bool:
        """Whether ``package`` is the ministry's own text, which nobody was sent."""
        return self.package is self.referral


def list_page(session: Session, actor: Actor, state: ListState) -> ListPage:
    """Return one page of what ``actor`` may see, in three statements whatever the number of referrals."""
    conditions = [authz.sight(Referral, actor), *(FILTERS[name](values) for name, values in state.chosen.items())]
    total: int = session.scalar(select(func.count()).select_from(Referral).where(*conditions)) or 0
    page = min(state.page, pages_of(total))
    rows = select(*COLUMNS).join(UseCase, UseCase.id == Referral.use_case_id).where(*conditions).order_by(*ORDER)
    found = session.execute(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return ListPage(list(found), total, replace(state, page=page), ministries(session, actor))


def referral_page(session: Session, referral: Referral, actor: Actor, today: dt.date) -> ReferralPage:
    """Return what the page of ``referral`` shows to ``actor``."""
    sent, use_case = packages_of(session, referral)[::-1], session.get_one(UseCase, referral.use_case_id)
    package = package_for(referral, sent, actor)
    judged = package.assessment if isinstance(package, ReferralPackage) else held_by(session, use_case)
    return ReferralPage(
        referral,
        session.get_one(Ministry, referral.ministry_id),
        use_case,
        package,
        sent,
        judged if judged and authz.can(actor, authz.Permission.ASSESSMENT_READ, judged) else None,
        conditions_of(session, referral),
        events_of(session, referral, actor),
        steps_for(referral, actor, today),
    )


def package_for(referral: Referral, sent: Sequence[ReferralPackage], actor: Actor) -> Texts:
    """Return the package that ``actor`` reads: people of the ministry their own text, others what was sent last."""
    edited = any(step.deed is ReferralDeed.EDIT for step in states.referral_steps(referral.state))
    if not sent or (edited and actor.role in MINISTRY_ROLES):
        return referral
    return sent[0]


def packages_of(session: Session, referral: Referral) -> Sequence[ReferralPackage]:
    """Return what was sent, oldest first."""
    own = select(ReferralPackage).where(ReferralPackage.referral_id == referral.id)
    return session.scalars(own.order_by(ReferralPackage.number)).all()


def conditions_of(session: Session, referral: Referral) -> Sequence[ReferralCondition]:
    """Return the conditions of the opinion by number."""
    own = select(ReferralCondition).where(ReferralCondition.referral_id == referral.id)
    return session.scalars(own.order_by(ReferralCondition.number)).all()


def events_of(session: Session, referral: Referral, actor: Actor) -> Sequence[ReferralEvent]:
    """Return the record, oldest first; how a ministry edited its own text is the ministry's matter."""
    own = select(ReferralEvent).where(ReferralEvent.referral_id == referral.id).order_by(ReferralEvent.id)
    if actor.role not in MINISTRY_ROLES:
        own = own.where(ReferralEvent.deed != ReferralDeed.EDIT)
    return session.scalars(own).all()


def of_case(session: Session, use_case: UseCase, actor: Actor) -> Sequence[Referral]:
    """Return the referrals of a use case that ``actor`` may see, newest first."""
    own = select(Referral).where(Referral.use_case_id == use_case.id).order_by(Referral.id.desc())
    return session.scalars(authz.visible(own, Referral, actor)).all()


def steps_for(referral: Referral, actor: Actor, today: dt.date) -> tuple[ReferralStep, ...]:
    """Return the steps that ``actor`` may take with ``referral`` now."""
    steps, now = states.referral_steps(referral.state), facts(referral, today)
    return tuple(
        step
        for step in steps
        if authz.can(actor, authz.REFERRAL_DEEDS[step.deed], referral) and not states.referral_refusals(step, now)
    )


def facts(referral: Referral, today: dt.date) -> ReferralFacts:
    """Return what the guards of a step look at."""
    return ReferralFacts(referral.meeting_on, today)


def content(referral: Referral, package: ReferralPackage) -> dict[str, str]:
    """Return a package as plain values: what its SHA-256 is made of."""
    texts = {name: getattr(package, name) for name in PACKAGE}
    judged = {"judgment": package.assessment.assessment_no} if package.assessment else {}
    return {"referral": referral.referral_no, "case": referral.use_case.case_no, **texts, **judged}


def digest(referral: Referral, package: ReferralPackage) -> str:
    """Return the sha256 of the canonical content (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(content(referral, package))).hexdigest()
