"""The steps of a use case's life as rows; the web, the import and the demo data enter here alike."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from register.authz import Actor
from register.models import LifecycleEvent, Round, UseCase
from register.vocab import Lifecycle, Source


def begin(
    session: Session, use_case: UseCase, *, source: Source, by: Actor, round: Round | None = None, reason: str = ""
) -> None:
    """Write the first event of a new, already flushed use case: it entered the register in the state that it has."""
    session.add(_event(session, use_case, None, use_case.lifecycle_since, source, by, round, reason))


def enter(
    session: Session,
    use_case: UseCase,
    to: Lifecycle,
    *,
    on: dt.date,
    source: Source,
    by: Actor,
    round: Round | None = None,
    reason: str = "",
) -> None:
    """Take ``use_case`` to ``to`` on the day ``on``; whether that may be is for the caller's rules to say."""
    before = use_case.lifecycle
    use_case.lifecycle = to
    use_case.lifecycle_since = on
    use_case.updated_at = session.info["clock"].now()
    session.add(_event(session, use_case, before, on, source, by, round, reason))


def _event(
    session: Session,
    use_case: UseCase,
    before: Lifecycle | None,
    on: dt.date,
    source: Source,
    by: Actor,
    round: Round | None,
    reason: str,
) -> LifecycleEvent:
    return LifecycleEvent(
        use_case_id=use_case.id,
        ministry_id=use_case.ministry_id,
        from_state=before,
        to_state=use_case.lifecycle,
        on=on,
        recorded_at=session.info["clock"].now(),
        actor_id=by.user_id,
        actor_name=by.name,
        source=source,
        round_id=round.id if round else None,
        reason=reason,
    )
