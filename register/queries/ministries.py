"""Reading ministries: those of a day, and those whose rows a person may see."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.models import Ministry
from register.vocab import MINISTRY_ROLES


def existed(day: dt.date) -> ColumnElement[bool]:
    """Return the condition under which a ministry stood on ``day``."""
    return and_(
        or_(Ministry.valid_from.is_(None), Ministry.valid_from <= day),
        or_(Ministry.valid_to.is_(None), Ministry.valid_to >= day),
    )


def ministries(session: Session, actor: Actor) -> dict[int, Ministry]:
    """Return the ministries whose cases ``actor`` may see, in official order."""
    statement = select(Ministry).order_by(Ministry.sort_no, Ministry.id)
    if actor.role in MINISTRY_ROLES:
        statement = statement.where(Ministry.id == actor.ministry_id)
    return {ministry.id: ministry for ministry in session.scalars(statement)}
