"""Questions and findings of the secretariat beside an answer, and the replies of the ministry."""

from __future__ import annotations

from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import Invalid, NotFound, NotNow, say
from register.formspec.loader import from_canonical
from register.models import Remark, Round, Submission
from register.services.returns import item_of, step
from register.text import clean
from register.vocab import RemarkKind, SubmissionDeed

LONGEST = 2000


def ask(session: Session, submission: Submission, item_id: int, field_id: str, body: str, *, by: Actor) -> Remark:
    """Ask the ministry about a field of an item; the return goes its way meanwhile."""
    step(session, submission, SubmissionDeed.ASK)
    remark = _write(session, submission, RemarkKind.QUESTION, body, by, item_id=item_id, field_id=field_id)
    audit.record(session, audit.Event.SUBMISSION_ASKED, submission, by=by, field=field_id)
    return remark


def find(session: Session, submission: Submission, item_id: int, field_id: str, body: str, *, by: Actor) -> Remark:
    """Write what is wrong with a field of an item, as part of the deed that returns the submission."""
    return _write(session, submission, RemarkKind.FINDING, body, by, item_id=item_id, field_id=field_id)


def reply(session: Session, submission: Submission, remark_id: int, body: str, *, by: Actor) -> Remark:
    """Reply to a question or finding; the thread stays open until the secretariat settles it."""
    step(session, submission, SubmissionDeed.REPLY)
    parent = _open_thread(session, submission, remark_id)
    remark = _write(
        session, submission, parent.kind, body, by, item_id=parent.item_id, field_id=parent.field_id, parent=parent
    )
    submission.active_at = session.info["clock"].now()
    audit.record(session, audit.Event.SUBMISSION_REPLIED, submission, by=by, field=parent.field_id)
    return remark


def settle(session: Session, submission: Submission, remark_id: int, *, by: Actor) -> Remark:
    """Mark a thread as settled, while it may be replied to; only the secretariat may say so."""
    step(session, submission, SubmissionDeed.REPLY)
    parent = _open_thread(session, submission, remark_id)
    parent.settled_at = session.info["clock"].now()
    audit.record(session, audit.Event.SUBMISSION_ASKED, submission, by=by, field=parent.field_id, settled=True)
    return parent


def _open_thread(session: Session, submission: Submission, remark_id: int) -> Remark:
    """Return the first remark of a thread of ``submission``; raise ``NotFound`` for one of another return."""
    remark = session.get(Remark, remark_id)
    if remark is None or remark.submission_id != submission.id:
        raise NotFound(say("お探しのページはありません。"))
    thread = session.get_one(Remark, remark.parent_id) if remark.parent_id else remark
    if thread.settled_at is not None:
        raise NotNow(say("この質問は解決済みです。"))
    return thread


def _write(
    session: Session,
    submission: Submission,
    kind: RemarkKind,
    body: str,
    by: Actor,
    *,
    item_id: int | None,
    field_id: str,
    parent: Remark | None = None,
) -> Remark:
    text = clean(body)
    if not text:
        raise Invalid({"body": say("内容を入力してください。")})
    if len(text) > LONGEST:
        raise Invalid({"body": say("%(longest)d文字以内で入力してください。", longest=LONGEST)})
    if item_id is not None:
        item_of(session, submission, item_id)
    if field_id and field_id not in _questions(session, submission):
        raise NotFound(say("お探しのページはありません。"))
    remark = Remark(
        submission_id=submission.id,
        ministry_id=submission.ministry_id,
        item_id=item_id,
        field_id=field_id,
        parent_id=parent.id if parent else None,
        kind=kind,
        body=text,
        author_id=by.user_id,
        author_name=by.name,
        at=session.info["clock"].now(),
        settled_at=None,
    )
    session.add(remark)
    return remark


def _questions(session: Session, submission: Submission) -> frozenset[str]:
    """Return what the form of the round asks."""
    current = session.get_one(Round, submission.round_id)
    return frozenset(question.id for question in from_canonical(current.form_version.canonical).questions)
