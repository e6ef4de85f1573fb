"""Reading rounds: the list, and the board of one round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.models import FormVersion, Ministry, Round, Submission, SubmissionItem
from register.vocab import SubmissionState


@dataclass(frozen=True)
class BoardRow:
    """One ministry's place on the board; ``submission`` is None while it has not begun."""

    ministry: Ministry
    submission: Submission | None
    items: int

    @property
    def state(self) -> SubmissionState:
        return self.submission.state if self.submission else SubmissionState.NOT_STARTED


@dataclass(frozen=True)
class RoundPage:
    """A round's facts and the submissions that the actor may see, in official order of the ministries."""

    round: Round
    form_version: FormVersion
    board: tuple[BoardRow, ...]
    whole: bool  # every ministry, or only the actor's own

    @property
    def items(self) -> int:
        return sum(row.items for row in self.board)


def list_rounds(session: Session, actor: Actor) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return (round, form version, number of submissions), newest first."""
    statement = (
        select(Round, FormVersion, func.count(Submission.id).label("submissions"))
        .join(FormVersion, FormVersion.id == Round.form_version_id)
        .outerjoin(Submission, Submission.round_id == Round.id)
        .group_by(Round.id, FormVersion.id)
        .order_by(Round.as_of.desc(), Round.id.desc())
    )
    return session.execute(authz.visible(statement, Round, actor)).all()


def round_page(session: Session, round: Round, actor: Actor) -> RoundPage:
    """Return the round's page as ``actor`` may see it, in two statements."""
    whole = authz.can(actor, Permission.ROUND_BOARD)
    items = (
        select(SubmissionItem.submission_id, func.count().label("cases"))
        .where(SubmissionItem.round_id == round.id)
        .group_by(SubmissionItem.submission_id)
        .subquery()
    )
    on_round = and_(Submission.ministry_id == Ministry.id, Submission.round_id == round.id)
    statement = (
        select(Ministry, Submission, func.coalesce(items.c.cases, 0))
        .outerjoin(Submission, on_round)
        .outerjoin(items, items.c.submission_id == Submission.id)
        .where(_takes_part(round))
        .order_by(Ministry.sort_no, Ministry.id)
    )
    if not whole:
        statement = statement.where(Ministry.id == actor.ministry_id)
    board = tuple(BoardRow(*row) for row in session.execute(statement))
    return RoundPage(round, session.get_one(FormVersion, round.form_version_id), board, whole)


def _takes_part(round: Round) -> Any:
    """A ministry is asked when it existed on the round's day, or answered all the same."""
    existed = and_(
        or_(Ministry.valid_from.is_(None), Ministry.valid_from <= round.as_of),
        or_(Ministry.valid_to.is_(None), Ministry.valid_to >= round.as_of),
    )
    return or_(existed, Submission.id.is_not(None))
