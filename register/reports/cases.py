"""Reading the cases behind a figure: the same conditions that counted it, narrowed to what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.models import Ministry, SubmissionItem
from register.reports.figures import Figure

PER_PAGE = 50


@dataclass(frozen=True)
class Cases:
    """The items that meet a condition: how many of how many ministries, and a page of those that the actor may see."""

    count: int
    ministries: int
    visible: int
    rows: Sequence[SubmissionItem]
    page: int
    whole: bool  # False: only the actor's own ministry's items are listed

    @property
    def pages(self) -> int:
        return max(1, -(-self.visible // PER_PAGE))


def behind(session: Session, figure: Figure, actor: Actor, page: int) -> Cases:
    """Return the items of a figure."""
    return meeting(session, figure.behind, actor, page)


def meeting(session: Session, condition: ColumnElement[bool], actor: Actor, page: int = 1) -> Cases:
    """Return the items that meet ``condition``: the counts for everybody, the items as far as ``actor`` sees them."""
    seen = authz.sight(SubmissionItem, actor)
    counted = select(func.count(), func.count(SubmissionItem.ministry_id.distinct()), func.count(case((seen, 1))))
    count, ministries, visible = session.execute(counted.select_from(SubmissionItem).where(condition)).one()
    page = min(max(1, page), max(1, -(-visible // PER_PAGE)))
    statement = (
        select(SubmissionItem)
        .join(Ministry, Ministry.id == SubmissionItem.ministry_id)
        .where(condition, seen)
        .options(joinedload(SubmissionItem.ministry))
        .order_by(Ministry.sort_no, SubmissionItem.case_no, SubmissionItem.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    whole = authz.can(actor, authz.Permission.ROUND_BOARD)
    return Cases(count, ministries, visible, session.scalars(statement).all(), page, whole)
