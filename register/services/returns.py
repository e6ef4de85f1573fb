"""What every deed on a return shares: its state and its row are taken first, its step is written last.

All that belongs to a return is changed under the lock of its row: two people of a ministry come one after the other.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import states, workdays
from register.authz import Actor
from register.errors import Invalid, NotFound, Say, say
from register.models import Round, Submission, SubmissionEvent, SubmissionItem
from register.text import clean
from register.vocab import SubmissionDeed, SubmissionState

LONGEST_REASON = 4000
FIRST_YEAR, LAST_YEAR = 2000, 2999


def step(session: Session, submission: Submission, deed: SubmissionDeed) -> states.SubmissionStep:
    """Return the step that ``deed`` is for ``submission`` now; raise ``NotNow`` when it may not be done."""
    current = session.get_one(Round, submission.round_id)
    return states.submission_step(
        deed, submission.state, current.state, granted=submission.may_still(session.info["clock"].today())
    )


def take(
    session: Session,
    submission: Submission,
    taken: states.SubmissionStep,
    *,
    by: Actor,
    reason: str = "",
    sha256: str = "",
) -> None:
    """Move ``submission`` along ``taken`` and write the step; the caller records the deed."""
    if taken.target is not None:
        submission.state = taken.target
    session.add(
        SubmissionEvent(
            submission_id=submission.id,
            ministry_id=submission.ministry_id,
            deed=taken.deed,
            to_state=submission.state,
            at=session.info["clock"].now(),
            actor_id=by.user_id,
            actor_name=by.name,
            reason=reason,
            sha256=sha256,
        )
    )


def begin_filling(session: Session, submission: Submission, *, by: Actor) -> None:
    """Make ``submission`` one that is being filled in; a request for approval that runs is void from here on.

    Everybody who enters something is noted, once: none of them may approve it (four eyes).
    """
    taken = step(session, submission, SubmissionDeed.FILL)
    if submission.state is not SubmissionState.IN_PROGRESS or not _has_filled(session, submission, by):
        take(session, submission, taken, by=by)
    submission.nil = False
    submission.active_at = session.info["clock"].now()


def _has_filled(session: Session, submission: Submission, by: Actor) -> bool:
    own = select(SubmissionEvent.id).where(
        SubmissionEvent.submission_id == submission.id,
        SubmissionEvent.deed == SubmissionDeed.FILL,
        SubmissionEvent.actor_id == by.user_id,
    )
    return session.scalar(own.limit(1)) is not None


def reason_for(text: str, field: str = "reason") -> str:
    """Return a reason as it is stored; raise ``Invalid`` when there is none or it is too long."""
    cleaned = clean(text)
    if not cleaned:
        raise Invalid({field: say("理由を入力してください。")})
    if len(cleaned) > LONGEST_REASON:
        raise Invalid({field: say("%(longest)d文字以内で入力してください。", longest=LONGEST_REASON)})
    return cleaned


def closed_day(day: dt.date) -> Say | None:
    """Return why ``day`` is no opening and no deadline: a slip, or the offices are closed; None when they are open."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return say("%(first)d年から%(last)d年までの日付にしてください。", first=FIRST_YEAR, last=LAST_YEAR)
    if workdays.is_business_day(day):
        return None
    return say("閉庁日です。%(day)s以降の開庁日にしてください。", day=workdays.on_or_after(day))


def item_of(session: Session, submission: Submission, item_id: int) -> SubmissionItem:
    """Return an item of ``submission`` as it stands under the lock; raise ``NotFound`` for one of another."""
    own = select(SubmissionItem).where(SubmissionItem.id == item_id, SubmissionItem.submission_id == submission.id)
    item = session.scalar(own.execution_options(populate_existing=True))
    if item is None:
        raise NotFound(say("お探しのページはありません。"))
    return item
