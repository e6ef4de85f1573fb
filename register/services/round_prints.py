"""Entering what a published report of a round says, and withdrawing what was entered wrongly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.models import Round, RoundPrint


def enter(session: Session, round: Round, *, name: str, content: Mapping[str, Any], by: Actor) -> RoundPrint:
    """Keep what a published report says, to be compared from now on; raise ``NotNow`` for a rehearsal.

    ``content`` has the shape that ``reports.plain.told`` gives. What was entered before stays on record.
    """
    if round.rehearsal:
        raise NotNow(say("演習の回には公表資料がありません。"))
    made = RoundPrint(
        round=round,
        name=name,
        content=dict(content),
        sha256=hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest(),
        entered_at=session.info["clock"].now(),
        entered_by=by.name,
    )
    session.add(made)
    audit.record(session, audit.Event.PRINT_ENTERED, made, by=by, tables=len(content["tables"]))
    return made


def withdraw(session: Session, round: Round, public_id: str, *, by: Actor) -> None:
    """Withdraw a print that was entered, so that the one before is compared again; doing it twice changes nothing."""
    own = select(RoundPrint).where(RoundPrint.round_id == round.id, RoundPrint.withdrawn_at.is_(None))
    found = next((one for one in session.scalars(own) if str(one.public_id) == public_id), None)
    if found is not None:
        found.withdrawn_at = session.info["clock"].now()
        audit.record(session, audit.Event.PRINT_WITHDRAWN, found, by=by)
