"""What of cases is public: the parts of one case with their decisions, and what waits for a decision or a new look."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor, Permission
from register.errors import say
from register.models import Disclosure, UseCase
from register.queries.tasks import Task
from register.vocab import DisclosureClass, DisclosurePart, DisclosureState

MOST = 200


@dataclass(frozen=True)
class Part:
    """One part of a case: its text as it is (empty for the case as a whole), and what was said of it."""

    part: DisclosurePart
    text: str
    row: Disclosure | None


def parts_of(session: Session, use_case: UseCase) -> tuple[Part, ...]:
    """Return every part of a case, in order."""
    rows = {one.part: one for one in session.scalars(select(Disclosure).where(Disclosure.use_case_id == use_case.id))}
    return tuple(Part(part, text_of(use_case, part), rows.get(part)) for part in DisclosurePart)


def text_of(use_case: UseCase, part: DisclosurePart) -> str:
    """Return the text of a part as the register holds it."""
    return "" if part is DisclosurePart.CASE else str(getattr(use_case, part.value))


def decided(session: Session, cases: Collection[int]) -> Mapping[tuple[int, DisclosurePart], Disclosure]:
    """Return what was decided of some cases, by case and part."""
    rows = select(Disclosure).where(Disclosure.use_case_id.in_(cases), Disclosure.state == DisclosureState.DECIDED)
    return {(one.use_case_id, one.part): one for one in session.scalars(rows)}


def waiting(session: Session, actor: Actor, today: dt.date) -> Sequence[Disclosure]:
    """Return what waits for a decision, then what is to be looked at again, the oldest first."""
    due = and_(Disclosure.state == DisclosureState.DECIDED, Disclosure.review_on <= today)
    open_ = Disclosure.state.in_((DisclosureState.PROPOSED, DisclosureState.DECLINED))
    found = select(Disclosure).where(or_(open_, due)).options(joinedload(Disclosure.use_case))
    found = found.order_by(Disclosure.state.desc(), Disclosure.proposed_at, Disclosure.id).limit(MOST)
    return session.scalars(authz.visible(found, Disclosure, actor)).all()


def tasks(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    """Return what of the decisions waits for ``actor``, in one statement."""
    mine = {
        DisclosureState.PROPOSED: (Permission.DISCLOSURE_DECIDE, say("公開の区分の提案を決定する")),
        DisclosureState.DECLINED: (Permission.DISCLOSURE_PROPOSE, say("差し戻された公開の区分を直す")),
        DisclosureState.DECIDED: (Permission.DISCLOSURE_PROPOSE, say("公開の区分を見直す")),
    }
    mine = {state: told for state, told in mine.items() if authz.can(actor, told[0])}
    if not mine:
        return []
    due = or_(Disclosure.state != DisclosureState.DECIDED, Disclosure.review_on <= today)
    counted = select(Disclosure.state, func.count()).where(Disclosure.state.in_(mine), due).group_by(Disclosure.state)
    found = {row[0]: row[1] for row in session.execute(authz.visible(counted, Disclosure, actor))}
    return [Task(text, "disclosures.index", found[state]) for state, (_, text) in mine.items() if state in found]


def said(row: Disclosure | None, text: str) -> str | None:
    """Return what may be said of a part in public: its text if that was looked at, what stands for it, or nothing."""
    if row is None or row.level is DisclosureClass.CLOSED:
        return None
    if row.level is DisclosureClass.PARTLY:
        return row.public_text
    return text if digest(text) == row.text_sha256 else None


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
