"""Snapshots (台帳写し): asked for by the secretariat, made by the job runner, stored once with their digests."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.errors import Invalid, NotNow, say
from register.models import Job, Round, Snapshot, SubmissionItem, counted
from register.services import jobs
from register.states import ROUND_SETTLED

KIND = "snapshot"
LANGUAGES = ("ja", "en")


@dataclass(frozen=True)
class Made:
    """A rendered document: what the row keeps of it."""

    file_name: str
    path: str
    size: int
    pages: int
    sha256: str
    data_sha256: str
    audit_seq: int
    audit_head: str
    made_at: dt.datetime


def ask(session: Session, round: Round, *, language: str, by: Actor) -> Job:
    """Ask for a snapshot of ``round``; asking again while one is being made gives the same job.

    Raise ``NotNow`` for a rehearsal, for a round that is not settled, and for one without a case.
    """
    if language not in LANGUAGES:
        raise Invalid({"language": say("日本語か英語を選んでください。")})
    if round.rehearsal:
        raise NotNow(say("演習の回の台帳写しは作成できません。集計の画面で確かめてください。"))
    if round.state not in ROUND_SETTLED:
        raise NotNow(say("この回はまだ確定していません。確定してから作成してください。"))
    if session.scalar(select(SubmissionItem.id).where(SubmissionItem.round_id == round.id, counted()).limit(1)) is None:
        raise NotNow(say("この回に報告された案件がないため、台帳写しは作成できません。"))
    params = {"round_id": round.id, "language": language}
    if job := jobs.open_job(session, kind=KIND, params=params, by=by):
        return job
    # The same person, asking twice at once of the same register: one job, whichever request comes first.
    key = f"{KIND}:{round.code}:{language}:{by.user_id}:{audit.head(session)[1]}"
    job, new = jobs.ask(session, kind=KIND, key=key, params=params, by=by)
    if new:
        audit.record(session, audit.Event.SNAPSHOT_ASKED, round, by=by, language=language)
    return job


def next_number(session: Session, round: Round) -> str:
    """Return the number of the round's next snapshot, ``2025-2-003``; snapshots are never deleted."""
    made = session.scalar(select(func.count()).select_from(Snapshot).where(Snapshot.round_id == round.id)) or 0
    return f"{round.code}-{made + 1:03d}"


def store(session: Session, round_id: int, language: str, made: Made, *, by: Actor) -> Snapshot:
    """Write the row of a document whose bytes lie in the file store, and its audit entry."""
    authz.require(by, Permission.SNAPSHOT_CREATE)
    snapshot = Snapshot(
        round_id=round_id,
        language=language,
        made_by=by.name,
        **{name: getattr(made, name) for name in Made.__dataclass_fields__},
    )
    session.add(snapshot)
    audit.record(
        session,
        audit.Event.SNAPSHOT_MADE,
        snapshot,
        by=by,
        sha256=made.sha256,
        data_sha256=made.data_sha256,
        pages=made.pages,
        anchor=made.audit_seq,
    )
    return snapshot
