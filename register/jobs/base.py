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


def run_job(run: Runtime, work: Work, handlers: Mapping[str, Handler], stopping: Callable[[], bool]) -> None:
    """Do one claimed job: progress and end are written in short transactions, the result and its end in one.

    A job that fails because we are stopping stays ``running``: the next runner takes it over.
    """
    try:
        _carry_out(run, work, handlers)
    except Lost:
        log.warning("job taken over by another runner", job=work.id, attempt=work.attempt)
    except Exception as error:  # noqa: BLE001 it is logged and told to whoever asked
        # One bad job must not stop the others.
        if stopping():
            return
        log.error("job failed", job=work.id, kind=work.kind, attempt=work.attempt, **_trace(error))
        _fail(run, work, _sentence(error))


def _carry_out(run: Runtime, work: Work, handlers: Mapping[str, Handler]) -> None:
    if work.kind not in handlers:
        raise RegisterError(say("この種類の処理は、この版の台帳では行えません。"))

    def progress(done: int, total: int) -> None:
        with run.database.writing() as session:
            jobs.progress(session, work, done=done, total=total)

    store = handlers[work.kind](run, work, progress)
    with run.database.writing() as session:
        jobs.finish(session, work, snapshot_id=store(session))
    log.info("job done", job=work.id, kind=work.kind, attempt=work.attempt)


def _fail(run: Runtime, work: Work, sentence: Say) -> None:
    try:
        with run.database.writing() as session:
            jobs.fail(session, work, sentence)
    except Lost:
        log.warning("job taken over by another runner", job=work.id, attempt=work.attempt)


def _trace(error: Exception) -> dict[str, str]:
    # Where it happened, not with which values: these may be the text of a case.
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": type(error).__name__, "at": " > ".join(places), "detail": getattr(error, "detail", "")}


def _sentence(error: Exception) -> Say:
    if isinstance(error, RegisterError):
        return error.sentence
    return say("処理の途中で予期しない誤りが起きました。もう一度行い、続く場合は管理者に連絡してください。")
