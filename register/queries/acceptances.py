"""Reading for accepting several returns at once: each with what stands against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import authz, states
from register.authz import Actor
from register.errors import NotNow, Say, say
from register.models import Ministry, Round, Submission
from register.queries.receipts import digest
from register.vocab import SubmissionDeed


@dataclass(frozen=True)
class Candidate:
    """A return that is to be accepted; ``why_not`` says what stands against it now."""

    submission: Submission
    ministry: Ministry
    why_not: Say | None


def candidates(session: Session, round: Round, actor: Actor, today: dt.date, named: Set[str]) -> list[Candidate]:
    """Return the returns of ``round`` that ``named`` names and ``actor`` may see, in official order."""
    statement = (
        select(Submission, Ministry)
        .join(Ministry, Ministry.id == Submission.ministry_id)
        .where(Submission.round_id == round.id)
        .order_by(Ministry.sort_no, Ministry.id)
    )
    return [
        Candidate(submission, ministry, _why_not(session, submission, round, today))
        for submission, ministry in session.execute(authz.visible(statement, Submission, actor))
        if str(submission.public_id) in named
    ]


def _why_not(session: Session, submission: Submission, round: Round, today: dt.date) -> Say | None:
    granted = submission.may_still(today)
    try:
        states.submission_step(SubmissionDeed.ACCEPT, submission.state, round.state, granted=granted)
    except NotNow as refusal:
        return refusal.sentence
    if digest(session, submission) != submission.approved_sha256:
        return say("承認された内容と今の内容が違います。府省庁に差し戻して、承認をやり直してもらってください。")
    return None
