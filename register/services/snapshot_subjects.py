"""What a snapshot may be of: each row or list as ``Wanted``, with the refusal where there is nothing to tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import TOKYO
from register.errors import NotNow, say
from register.models import Edition, Incident, Ministry, Round, Submission, SubmissionItem, UseCase, counted
from register.services.snapshots import Wanted
from register.states import EDITION_OUT, ROUND_SETTLED
from register.vocab import SnapshotKind, Variant


def of_round(session: Session, round: Round, kind: SnapshotKind, language: str) -> Wanted:
    """Return what is to be told of a settled round: its figures, its high-risk annex, its evidence pack.

    Raise ``NotNow`` for a rehearsal, for a round that is not settled, and for one without a case.
    """
    if round.rehearsal:
        raise NotNow(say("演習の回の台帳写しは作成できません。集計の画面で確かめてください。"))
    if round.state not in ROUND_SETTLED:
        raise NotNow(say("この回はまだ確定していません。確定してから作成してください。"))
    if session.scalar(select(SubmissionItem.id).where(SubmissionItem.round_id == round.id, counted()).limit(1)) is None:
        raise NotNow(say("この回に報告された案件がないため、台帳写しは作成できません。"))
    return Wanted(kind, round.code, language, {"round_id": round.id})


def of_edition(edition: Edition, variant: Variant, language: str) -> Wanted:
    """Return an edition of a report in one variant; raise ``NotNow`` for one that is not out.

    A later edition of the round is of the same series, so that it supersedes this one.
    """
    if edition.state not in EDITION_OUT:
        raise NotNow(say("この版はまだ公表されていないため、台帳写しは作成できません。"))
    subject = {"round_id": edition.round_id, "edition_id": edition.id}
    return Wanted(SnapshotKind.EDITION, edition.round.code, language, subject, variant)


def of_case(use_case: UseCase, language: str, as_of: dt.datetime | None) -> Wanted:
    """Return one case with its whole history."""
    about = f"{use_case.ministry.key}-{use_case.case_no}"
    subject = {"use_case_id": use_case.id, "ministry_id": use_case.ministry_id}
    return Wanted(SnapshotKind.CASE, about, language, subject, as_of=as_of)


def of_incident(incident: Incident, language: str, as_of: dt.datetime | None) -> Wanted:
    """Return one incident with its whole record."""
    about = f"{incident.ministry.key}-{incident.incident_no}"
    subject = {"incident_id": incident.id, "ministry_id": incident.ministry_id}
    return Wanted(SnapshotKind.INCIDENT, about, language, subject, as_of=as_of)


def of_submission(submission: Submission, language: str) -> Wanted:
    """Return the receipt of a return."""
    about = f"{submission.round.code}-{submission.ministry.key}"
    subject = {
        "round_id": submission.round_id, "submission_id": submission.id, "ministry_id": submission.ministry_id,
    }  # fmt: skip
    return Wanted(SnapshotKind.RECEIPT, about, language, subject)


def of_meeting(on: dt.date, language: str) -> Wanted:
    """Return the papers of the meeting of a day."""
    return Wanted(SnapshotKind.AGENDA, on.isoformat(), language, {"meeting_on": on.isoformat()})


def of_register(
    session: Session, filters: Mapping[str, Any], language: str, as_of: dt.datetime | None, by: Actor
) -> Wanted:
    """Return the list of cases that ``by`` may see, narrowed as ``filters`` say (those of the list's address)."""
    ministry = _ministry(session, filters, by)
    moment = as_of or session.info["clock"].now()
    about = moment.astimezone(TOKYO).strftime("%Y%m%d") + (f"-{ministry.key}" if ministry else "")
    subject = {"filters": dict(filters), "ministry_id": ministry.id if ministry else None}
    return Wanted(SnapshotKind.REGISTER, about, language, subject, as_of=as_of)


def _ministry(session: Session, filters: Mapping[str, Any], by: Actor) -> Ministry | None:
    """Return the one ministry that the list is of; None where it is of several."""
    if by.ministry_id is not None:
        return session.get(Ministry, by.ministry_id)
    keys = filters.get("ministry", ())
    if len(keys) != 1:
        return None
    return session.scalars(select(Ministry).where(Ministry.key == keys[0])).one_or_none()
