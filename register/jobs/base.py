"""What a kind of job is, and ``run_job``, the edge that commits its steps."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from register.errors import RegisterError, Say, say
from register.runtime import Runtime
from register.services import jobs
from register.services.jobs import Lost, Work

Progress = Callable[[int, int], None]
# Stores what was made, inside the transaction that marks the job done; returns the snapshot's id if it made one.
Store = Callable[[Session], int | None]
# Does the slow part with no transaction open, telling (done, total) on its way.
Handler = Callable[[Runtime, Work, Progress], Store]

log = structlog.get_logger(__name__)


def silent(_done: int, _total: int) -> None:
    """Tell nobody how far the work is."""


def run_job(
    run: Runtime, work: Work, handlers: Mapping[str, Handler], stopping: Callable[[], bool], told: Progress = silent
) -> None:
    """Do one claimed job: progress and end are written in short transactions, the result and its end in one.

    ``run`` is that of the leader: its every transaction first checks that it leads still. A job that fails because we
    are stopping stays ``running``: the next runner takes it over.
    """
    try:
        _carry_out(run, work, handlers, told)
    except Lost:
        log.warning("job taken over by another runner", job=work.id, attempt=work.attempt)
    except Exception as error:  # noqa: BLE001 it is logged and told to whoever asked
        # One bad job must not stop the others.
        if stopping():
            return
        log.error("job failed", job=work.id, kind=work.kind, attempt=work.attempt, **trace(error))
        _fail(run, work, error)


def _carry_out(run: Runtime, work: Work, handlers: Mapping[str, Handler], told: Progress) -> None:
    if work.kind not in handlers:
        raise RegisterError(say("この種類の処理は、この版の台帳では行えません。"))

    def progress(done: int, total: int) -> None:
        told(done, total)
        with run.database.writing() as session:
            jobs.progress(session, work, done=done, total=total)

    store = handlers[work.kind](run, work, progress)
    with run.database.writing() as session:
        jobs.finish(session, work, snapshot_id=store(session))
    log.info("job done", job=work.id, kind=work.kind, attempt=work.attempt)


def _fail(run: Runtime, work: Work, error: Exception) -> None:
    # A refusal would be the same the next time: it is told at once. Anything else may be over in a minute.
    end = jobs.fail if isinstance(error, RegisterError) else jobs.put_off
    try:
        with run.database.writing() as session:
            end(session, work, sentence_of(error))
    except Lost:
        log.warning("job taken over by another runner", job=work.id, attempt=work.attempt)


def trace(error: Exception) -> dict[str, str]:
    """Return what the log says of an error."""
    # Where it happened, not with which values: these may be the text of a case.
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": type(error).__name__, "at": " > ".join(places), "detail": getattr(error, "detail", "")}


def sentence_of(error: Exception) -> Say:
    """Return what people are told of an error."""
    if isinstance(error, RegisterError):
        return error.sentence
    return say("処理の途中で予期しない誤りが起きました。もう一度行い、続く場合は管理者に連絡してください。")
