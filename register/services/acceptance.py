"""What an accepted return does to the register: the same facts and steps as a hand edit, marked as of the round."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.formspec.schema import FormSpec
from register.models import Ministry, Round, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.queries.receipts import items_of
from register.services import case_update, lifecycle
from register.services.case_update import LIFE, Tally
from register.vocab import Confirmation, Lifecycle, Source, SubmissionDeed


def follow(session: Session, submission: Submission, *, spec: FormSpec, by: Actor) -> Tally:
    """Bring the use cases of the ministry up to its return; a rehearsal changes nothing. The caller names the deed."""
    tally = Tally()
    current = session.get_one(Round, submission.round_id)
    if current.rehearsal:
        return tally
    again = _accepted_before(session, submission)
    items = items_of(session, submission)
    new = [item for item in items if item.use_case_id is None]
    _enter(session, submission, new, current, by, tally)
    ids = [item.use_case_id for item in items if item.use_case_id is not None]
    cases = {case.id: case for case in session.scalars(select(UseCase).where(UseCase.id.in_(ids)).with_for_update())}
    for item in items:
        use_case = cases[item.use_case_id or 0]
        if item.confirmation is Confirmation.ENDED:
            _retire(session, use_case, item, current, by, tally)
        elif item not in new:
            case_update.update(
                session,
                use_case,
                item.answers,
                item.states,
                round=current,
                by=by,
                tally=tally,
                source=Source.ROUND,
                only=_news(item, again=again),
            )
    return tally


def _accepted_before(session: Session, submission: Submission) -> bool:
    earlier = (SubmissionEvent.submission_id == submission.id, SubmissionEvent.deed == SubmissionDeed.ACCEPT)
    return session.scalar(select(SubmissionEvent.id).where(*earlier).limit(1)) is not None


def _news(item: SubmissionItem, *, again: bool) -> frozenset[str]:
    """Return the questions in which the return may differ from what the register gave to the round.

    What was confirmed as it stood is no news: the register may have gone on since. After an acceptance the register
    holds what the return said then, so that everything may be news ``again``. Start and stage are read together.
    """
    names = item.carried.keys() | item.answers.keys() | item.states.keys()
    news = frozenset(name for name in names if again or item.answers.get(name) != item.carried.get(name))
    return news | LIFE if news & LIFE else news


def _enter(
    session: Session,
    submission: Submission,
    items: list[SubmissionItem],
    current: Round,
    by: Actor,
    tally: Tally,
) -> None:
    """Register the cases that are new in this round, under the numbers that they have there."""
    ministry = session.get_one(Ministry, submission.ministry_id)
    made = [
        (item, case_update.create(session, ministry, item.case_no, item.answers, round=current, tally=tally))
        for item in items
    ]
    session.flush()  # the first events and the ties need the rows' ids
    for item, use_case in made:
        lifecycle.begin(session, use_case, source=Source.ROUND, by=by, round=current)
        item.use_case_id = use_case.id


def _retire(session: Session, use_case: UseCase, item: SubmissionItem, current: Round, by: Actor, tally: Tally) -> None:
    if use_case.lifecycle is Lifecycle.RETIRED or item.ended_on is None:
        return
    if use_case.lifecycle_since > item.ended_on:
        tally.kept_newer.append(use_case.case_no)
        return
    lifecycle.enter(
        session,
        use_case,
        Lifecycle.RETIRED,
        on=item.ended_on,
        source=Source.ROUND,
        by=by,
        round=current,
        reason=item.ended_reason,
    )
    tally.moved += 1
