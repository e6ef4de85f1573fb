"""Reading jobs: how far one is, what it made, why it failed; and how long the oldest waits."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.errors import Say
from register.models import Job, Round, Snapshot
from register.vocab import JobState, SnapshotKind


@dataclass(frozen=True)
class JobPage:
    """One job with what it is about and what it made."""

    job: Job
    kind: SnapshotKind | None
    round: Round | None
    language: str
    snapshot: Snapshot | None
    error: Say | None

    @property
    def unfinished(self) -> bool:
        return self.job.state in (JobState.QUEUED, JobState.RUNNING)


def job_page(session: Session, job: Job) -> JobPage:
    """Return what the page of ``job`` shows."""
    params: Mapping[str, Any] = job.params
    round_id = params.get("subject", params).get("round_id")
    return JobPage(
        job,
        SnapshotKind(params["kind"]) if "kind" in params else None,
        session.get(Round, round_id) if round_id else None,
        str(params.get("language", "")),
        session.get(Snapshot, job.snapshot_id) if job.snapshot_id else None,
        said(job.error),
    )


def oldest_waiting(session: Session) -> dt.datetime | None:
    """Return since when the oldest queued job waits to be taken; None when none waits."""
    return session.scalar(
        select(func.min(func.coalesce(Job.next_at, Job.asked_at))).where(Job.state == JobState.QUEUED)
    )


def said(text: str) -> Say | None:
    """Return the sentence that a failed job keeps; None where none is kept."""
    return _sentence(json.loads(text)) if text else None


def _sentence(plain: Mapping[str, Any]) -> Say:
    params = {key: _sentence(value) if isinstance(value, dict) else value for key, value in plain["params"].items()}
    return Say(plain["template"], params, plain.get("context", ""))
