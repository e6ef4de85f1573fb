"""The way of a return: sent by a reporter, approved by another person, taken or sent back by the secretariat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import Forbidden, Invalid, NotNow, Say, say
from register.formspec.schema import FormSpec
from register.models import Round, Submission, SubmissionEvent
from register.queries.answers import open_points
from register.queries.receipts import digest, items_of
from register.queries.risk_counts import disagreements, risk_counts
from register.services import acceptance, remarks
from register.services.case_update import Tally
from register.services.returns import closed_day, reason_for, step, take
from register.vocab import Confirmation, SubmissionDeed

ENTERED = (SubmissionDeed.FILL, SubmissionDeed.SEND, SubmissionDeed.DECLARE_NIL)


@dataclass(frozen=True)
class Finding:
    """What the secretariat says of one field of an item, or of the item when ``field_id`` is empty."""

    item_id: int
    field_id: str
    body: str


def send(session: Session, submission: Submission, *, spec: FormSpec, by: Actor) -> Submission:
    """Send the return to the ministry's approver, as it stands; raise ``NotNow`` while something is open."""
    taken = step(session, submission, SubmissionDeed.SEND)
    items = items_of(session, submission)
    counts = risk_counts(session, submission.ministry_id, session.get_one(Round, submission.round_id))
    if points := [*open_points(items, spec), *disagreements(items, counts)]:
        raise NotNow(points[0])
    submission.nil = False
    _send(session, submission, by)
    take(session, submission, taken, by=by, sha256=submission.sent_sha256)
    audit.record(session, audit.Event.SUBMISSION_SENT, submission, by=by, sha256=submission.sent_sha256)
    return submission


def declare_nil(session: Session, submission: Submission, *, by: Actor) -> Submission:
    """Report that the ministry has no case, and send that to its approver."""
    taken = step(session, submission, SubmissionDeed.DECLARE_NIL)
    alive = [item for item in items_of(session, submission) if item.confirmation is not Confirmation.ENDED]
    if alive:
        raise NotNow(
            say(
                "この回には案件が%(count)d件あります。利用を終えたものは、先に一件ずつ「利用終了」として報告してください。",
                count=len(alive),
            )
        )
    submission.nil = True
    _send(session, submission, by)
    take(session, submission, taken, by=by, sha256=submission.sent_sha256)
    audit.record(session, audit.Event.SUBMISSION_NIL, submission, by=by, sha256=submission.sent_sha256)
    return submission


def _send(session: Session, submission: Submission, by: Actor) -> None:
    now = session.info["clock"].now()
    session.flush()  # the digest is taken of the rows
    submission.sent_by_id, submission.sent_by, submission.sent_at = by.user_id, by.name, now
    submission.sent_sha256, submission.active_at = digest(session, submission), now


def decline(session: Session, submission: Submission, *, reason: str, by: Actor) -> Submission:
    """Give the return back to the reporter, with a reason."""
    taken = step(session, submission, SubmissionDeed.DECLINE)
    reason = reason_for(reason)
    submission.nil, submission.active_at = False, session.info["clock"].now()
    take(session, submission, taken, by=by, reason=reason)
    audit.record(session, audit.Event.SUBMISSION_DECLINED, submission, by=by, reason=reason)
    return submission


def approve(session: Session, submission: Submission, *, seen: str, by: Actor) -> Submission:
    """Approve the return as it was seen and hand it in; raise ``NotNow`` when it is no longer what was seen.

    Nobody approves what they entered or sent themselves, whatever their role is today.
    """
    taken = step(session, submission, SubmissionDeed.APPROVE)
    if by.user_id in _entered_by(session, submission):
        raise Forbidden(say("自分が入力または送信した内容は承認できません。ほかの人に承認を依頼してください。"))
    content = digest(session, submission)
    if content != submission.sent_sha256 or content != seen:
        raise NotNow(say("確認を依頼された後に内容が変わりました。最新の内容を開き直して確認してください。"))
    now = session.info["clock"].now()
    if submission.submitted_at is None:
        submission.late = _late(session, submission)
    submission.submitted_at = submission.active_at = now
    submission.approved_by, submission.approved_sha256 = by.name, content
    take(session, submission, taken, by=by, sha256=content)
    audit.record(session, audit.Event.SUBMISSION_APPROVED, submission, by=by, sha256=content, late=submission.late)
    return submission


def _entered_by(session: Session, submission: Submission) -> set[int | None]:
    entered = select(SubmissionEvent.actor_id).where(
        SubmissionEvent.submission_id == submission.id, SubmissionEvent.deed.in_(ENTERED)
    )
    return {submission.sent_by_id, *session.scalars(entered)}


def _late(session: Session, submission: Submission) -> bool:
    deadline = submission.deadline(session.get_one(Round, submission.round_id))
    return deadline is not None and session.info["clock"].today() > deadline


def send_back(
    session: Session, submission: Submission, *, reason: str, findings: Sequence[Finding], by: Actor
) -> Submission:
    """Return a submission to its ministry with a reason and what is wrong with which answer."""
    taken = step(session, submission, SubmissionDeed.RETURN)
    reason = reason_for(reason)
    for finding in findings:
        remarks.find(session, submission, finding.item_id, finding.field_id, finding.body, by=by)
    submission.granted = True
    take(session, submission, taken, by=by, reason=reason, sha256=submission.approved_sha256)
    audit.record(session, audit.Event.SUBMISSION_RETURNED, submission, by=by, reason=reason, findings=len(findings))
    return submission


def accept(session: Session, submission: Submission, *, spec: FormSpec, by: Actor) -> Tally:
    """Take the return as it was approved; the register's cases follow it, unless the round is a rehearsal."""
    taken = step(session, submission, SubmissionDeed.ACCEPT)
    if digest(session, submission) != submission.approved_sha256:
        raise NotNow(say("承認された内容と今の内容が違います。府省庁に差し戻して、承認をやり直してもらってください。"))
    tally = acceptance.follow(session, submission, spec=spec, by=by)
    take(session, submission, taken, by=by, sha256=submission.approved_sha256)
    audit.record(
        session,
        audit.Event.SUBMISSION_ACCEPTED,
        submission,
        by=by,
        sha256=submission.approved_sha256,
        created=tally.created,
        updated=tally.updated,
        moved=tally.moved,
    )
    return tally


def extend(session: Session, submission: Submission, *, due_on: dt.date | None, reason: str, by: Actor) -> Submission:
    """Give one ministry a later deadline, with a reason; a fact of lateness that is settled stays."""
    taken = step(session, submission, SubmissionDeed.EXTEND)
    current = session.get_one(Round, submission.round_id)
    today, deadline = session.info["clock"].today(), submission.deadline(current)
    problems: dict[str, Say] = {}
    try:
        reason = reason_for(reason)
    except Invalid as refusal:
        problems.update(refusal.fields)
    if due_on is None:
        problems["due_on"] = say("新しい期限を入力してください。")
    elif due_on < today or (deadline is not None and due_on <= deadline):
        problems["due_on"] = say("新しい期限は、今の期限より後で、今日以降の日付にしてください。")
    elif closed := closed_day(due_on):
        problems["due_on"] = closed
    if problems:
        raise Invalid(problems)
    submission.due_on = due_on
    take(session, submission, taken, by=by, reason=reason)
    audit.record(session, audit.Event.SUBMISSION_EXTENDED, submission, by=by, reason=reason)
    return submission
