"""Slow work as rows: asked for in a request's transaction, claimed and finished by the one job runner.

``attempts`` is the fence of a job: a runner that lost its claim (it was stopped, another one leads) carries an old
number, and its steps no longer find the row. The fence of the runner itself is in ``leadership``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import Say, say
from register.models import Job, User
from register.vocab import JobState

MAX_ATTEMPTS = 3
# After an error that nobody foresaw: a minute after the first attempt, two after the second.
PAUSE = dt.timedelta(minutes=1)
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Lost(RuntimeError):
    """The claim is no longer ours: somebody else took the work over, and what we made must not be stored."""


@dataclass(frozen=True)
class Work:
    """A claimed job as plain values, so that no transaction is open while it is done."""

    id: int
    kind: str
    params: Mapping[str, Any]
    attempt: int
    by: Actor


def ask(session: Session, *, kind: str, key: str, params: Mapping[str, Any], by: Actor) -> tuple[Job, bool]:
    """Return the job with ``key`` and whether it is new; asking twice, even at once, gives the same row."""
    values = {
        "kind": kind,
        "key": key,
        "params": dict(params),
        "state": JobState.QUEUED,
        "asked_by_id": by.user_id,
        "asked_by": by.name,
        "asked_at": session.info["clock"].now(),
    }
    insert = _INSERT[session.get_bind().dialect.name]
    added = session.scalar(
        insert(Job).values(**values).on_conflict_do_nothing(index_elements=["key"]).returning(Job.id)
    )
    return session.scalars(select(Job).where(Job.key == key)).one(), added is not None


def open_job(session: Session, *, kind: str, params: Mapping[str, Any], by: Actor) -> Job | None:
    """Return the job of ``by`` that waits or runs for the same thing, if there is one."""
    waiting = select(Job).where(
        Job.kind == kind, Job.asked_by_id == by.user_id, Job.state.in_((JobState.QUEUED, JobState.RUNNING))
    )
    return next((job for job in session.scalars(waiting.order_by(Job.id)) if job.params == params), None)


def anything_open(session: Session) -> bool:
    """Return whether a job waits to be done now, or was left running."""
    unfinished = or_(_ready(session), Job.state == JobState.RUNNING)
    return session.scalar(select(Job.id).where(unfinished).limit(1)) is not None


def claim(session: Session) -> Work | None:
    """Take the oldest queued job whose pause is over; None when nothing waits."""
    while (job_id := session.scalar(select(func.min(Job.id)).where(_ready(session)))) is not None:
        taken = session.execute(
            update(Job)
            .where(Job.id == job_id, Job.state == JobState.QUEUED)
            .values(
                state=JobState.RUNNING,
                attempts=Job.attempts + 1,
                started_at=session.info["clock"].now(),
                ended_at=None,
                next_at=None,
                done=0,
                total=0,
                error="",
            )
        )
        if taken.rowcount == 1:  # type: ignore[attr-defined]
            job = session.get_one(Job, job_id, populate_existing=True)
            return Work(job.id, job.kind, job.params, job.attempts, _asker(session, job))
    return None


def progress(session: Session, work: Work, *, done: int, total: int) -> None:
    """Write how far the work is; raise ``Lost`` when it is no longer ours."""
    _step(session, work, done=done, total=total)


def finish(session: Session, work: Work, *, snapshot_id: int | None = None) -> None:
    """Mark the work done, in the transaction that stores what it made."""
    _step(
        session,
        work,
        state=JobState.DONE,
        done=Job.total,
        snapshot_id=snapshot_id,
        ended_at=session.info["clock"].now(),
    )


def fail(session: Session, work: Work, sentence: Say) -> None:
    """Mark the work failed, with the sentence that the person who asked will read."""
    _step(session, work, state=JobState.FAILED, error=packed(sentence), ended_at=session.info["clock"].now())


def put_off(session: Session, work: Work, sentence: Say) -> None:
    """Queue work again that an unexpected error stopped, after a pause; give it up after the last attempt."""
    if work.attempt >= MAX_ATTEMPTS:
        fail(session, work, sentence)
        return
    next_at = session.info["clock"].now() + work.attempt * PAUSE
    _step(session, work, state=JobState.QUEUED, error=packed(sentence), next_at=next_at, done=0, total=0)


def take_over(session: Session) -> int:
    """Queue what a runner that ended in the middle left running, give up what failed so too often; return how many."""
    now = session.info["clock"].now()
    sentence = say(
        "処理が%(times)d回続けて途中で止まったため、中止しました。管理者に連絡してください。", times=MAX_ATTEMPTS
    )
    running: ColumnElement[bool] = Job.state == JobState.RUNNING
    session.execute(
        update(Job)
        .where(and_(running, Job.attempts >= MAX_ATTEMPTS))
        .values(state=JobState.FAILED, error=packed(sentence), ended_at=now)
    )
    queued = session.execute(update(Job).where(running).values(state=JobState.QUEUED, done=0, total=0))
    return int(queued.rowcount)  # type: ignore[attr-defined]


def packed(sentence: Say) -> str:
    """Return ``sentence`` as the row keeps it (``queries.jobs.said`` reads it): the reader's language comes later."""
    return json.dumps(_plain(sentence), ensure_ascii=False, default=str)


def _plain(sentence: Say) -> dict[str, Any]:
    params = {key: _plain(value) if isinstance(value, Say) else value for key, value in sentence.params.items()}
    context = {"context": sentence.context} if sentence.context else {}
    return {"template": sentence.template, "params": params, **context}


def _ready(session: Session) -> ColumnElement[bool]:
    # A pause that ends too far ahead was set under a clock that was wrong.
    now = session.info["clock"].now()
    over = or_(Job.next_at.is_(None), Job.next_at <= now, Job.next_at > now + MAX_ATTEMPTS * PAUSE)
    return and_(Job.state == JobState.QUEUED, over)


def _step(session: Session, work: Work, **values: Any) -> None:
    mine = and_(Job.id == work.id, Job.state == JobState.RUNNING, Job.attempts == work.attempt)
    changed = session.execute(update(Job).where(mine).values(**values))
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Lost(f"job {work.id} is no longer claimed by attempt {work.attempt}")


def _asker(session: Session, job: Job) -> Actor:
    user = session.get(User, job.asked_by_id) if job.asked_by_id is not None else None
    return Actor.of(user) if user is not None else Actor.system(job.asked_by)
