"""The chores' runs as rows: begun once for each slot, tried again with growing pauses, given up and shown in the end.

What is to be begun follows from the rows and the moment alone. One run of a chore is open at most: while it waits to be
tried again no newer one begins, and when it is tried again it serves the newest slot, so that what was missed is done
once and not for every slot that went by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.errors import NotNow, Say, say
from register.models import JobRun
from register.services.jobs import Lost, packed
from register.states import RUN
from register.vocab import RunState

MAX_ATTEMPTS = 8
LONGEST_PAUSE = dt.timedelta(hours=1)
# A slot that lies further ahead was done under a clock that was wrong: heeding it would stop the chore until then.
HORIZON = dt.timedelta(hours=26)
# So many runs of each chore are kept.
KEPT = 1_000
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_OVER = (RunState.DONE, RunState.PARKED)


@dataclass(frozen=True)
class Begun:
    """A run that was begun, as plain values, so that no transaction is open while it is done."""

    id: int
    chore: str
    slot: dt.datetime
    attempt: int


def pause(attempt: int) -> dt.timedelta:
    """Return how long to wait after the ``attempt``-th failure: 1, 2, 4 minutes and so on, an hour at most."""
    return min(dt.timedelta(minutes=2 ** (attempt - 1)), LONGEST_PAUSE)


def waited(next_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Tell whether the pause is over; one that ends too far ahead was set under a clock that was wrong."""
    return next_at is None or not now < next_at <= now + LONGEST_PAUSE


def due(session: Session, chore: str, slot: dt.datetime) -> tuple[bool, bool]:
    """Return whether a run is to be begun now, and whether it is a new one (else it is begun again)."""
    last, now = newest(session, chore), session.info["clock"].now()
    if last is None or last.state in _OVER:
        return last is None or last.slot < slot, True
    return last.state is RunState.RUNNING or waited(last.next_at, now), False


def newest(session: Session, chore: str) -> JobRun | None:
    """Return the newest run of a chore that counts at this moment."""
    ahead = session.info["clock"].now() + HORIZON
    runs = select(JobRun).where(JobRun.chore == chore, JobRun.slot <= ahead)
    return session.scalars(runs.order_by(JobRun.slot.desc()).limit(1)).first()


def begin(session: Session, chore: str, slot: dt.datetime, fence: int) -> Begun | None:
    """Begin the run that is due, if one is. Only the leader calls it, and never while it does the same chore.

    So a run that is still ``running`` was left by a runner that ended in the middle: that attempt is counted.
    """
    now, (is_due, is_new) = session.info["clock"].now(), due(session, chore, slot)
    if not is_due:
        return None
    began = {"state": RunState.RUNNING, "fence": fence, "started_at": now, "done": 0, "total": 0}
    if is_new:
        insert = _INSERT[session.get_bind().dialect.name](JobRun)
        values = {**began, "chore": chore, "slot": slot, "attempts": 1, "counts": {}}
        added = insert.values(**values).on_conflict_do_nothing(index_elements=["chore", "slot"])
        run_id = session.scalar(added.returning(JobRun.id))
        return None if run_id is None else Begun(run_id, chore, slot, 1)
    last = newest(session, chore)
    if last is None:
        return None
    if last.state is RunState.RUNNING and last.attempts >= MAX_ATTEMPTS:
        _park_stopped(last, now)
        return None
    last.attempts += 1
    last.slot, last.ended_at, last.next_at = max(last.slot, slot), None, None
    for name, value in began.items():
        setattr(last, name, value)
    session.flush()  # what is returned must be stored, or another has it
    return Begun(last.id, chore, last.slot, last.attempts)


def progress(session: Session, run: Begun, *, done: int, total: int) -> None:
    """Write how far a run is; raise ``Lost`` when it is no longer ours."""
    _step(session, run, done=done, total=total)


def finish(session: Session, run: Begun, counts: Mapping[str, Any]) -> None:
    """Mark a run done, with what it counted."""
    now = session.info["clock"].now()
    _step(session, run, state=RunState.DONE, counts=dict(counts), error="", done=JobRun.total, ended_at=now)


def fail(session: Session, run: Begun, sentence: Say) -> RunState:
    """Mark a run failed, to be tried again after a pause, or given up after the last attempt; return which."""
    now = session.info["clock"].now()
    over = run.attempt >= MAX_ATTEMPTS
    state, next_at = (RunState.PARKED, None) if over else (RunState.FAILED, now + pause(run.attempt))
    _step(session, run, state=state, error=packed(sentence), ended_at=now, next_at=next_at)
    return state


def again(session: Session, run: JobRun, *, by: Actor) -> None:
    """Have a run that failed tried again at once, as often as at first."""
    authz.require(by, Permission.JOB_RUN_AGAIN, run)
    last = newest(session, run.chore)
    if run.state not in (RunState.FAILED, RunState.PARKED) or last is None or last.id != run.id:
        raise NotNow(
            say("この処理は、もう一度行うものではなくなっています。画面を開き直して、今の状況を確かめてください。")
        )
    if RunState.FAILED in RUN[run.state]:
        run.state = RunState.FAILED
    run.attempts, run.next_at = 0, session.info["clock"].now()
    audit.record(session, audit.Event.CHORE_AGAIN, None, by=by, chore=run.chore)


def forget(session: Session) -> int:
    """Take away the oldest runs of each chore, beyond those that are kept; return how many."""
    gone = 0
    for chore in session.scalars(select(JobRun.chore).distinct()).all():
        own = select(JobRun.id).where(JobRun.chore == chore).order_by(JobRun.id.desc())
        if (last := session.scalar(own.offset(KEPT).limit(1))) is not None:
            taken = session.execute(delete(JobRun).where(JobRun.chore == chore, JobRun.id <= last))
            gone += taken.rowcount  # type: ignore[attr-defined]
    return gone


def _park_stopped(run: JobRun, now: dt.datetime) -> None:
    sentence = say(
        "処理が%(times)d回続けて途中で止まったため、中止しました。管理者に連絡してください。", times=MAX_ATTEMPTS
    )
    run.state, run.error, run.ended_at = RunState.PARKED, packed(sentence), now


def _step(session: Session, run: Begun, **values: Any) -> None:
    mine = and_(JobRun.id == run.id, JobRun.state == RunState.RUNNING, JobRun.attempts == run.attempt)
    changed = session.execute(update(JobRun).where(mine).values(**values))
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Lost(f"the run {run.id} of {run.chore} is no longer that of attempt {run.attempt}")
