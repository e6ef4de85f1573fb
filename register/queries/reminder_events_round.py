"""What of rounds and reports people are reminded of: a query for each event, over every ministry at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from register.authz import AnySelect
from register.models import Disclosure, Edition, Ministry, Remark, Round, Submission, SubmissionEvent
from register.queries.reminder_subjects import Asked, Page, Subject, counting_day, ministry_text, round_name
from register.queries.rounds import OWING
from register.states import ROUND_RUNNING
from register.vocab import (
    DisclosureState,
    EditionState,
    RemarkKind,
    ReminderAudience,
    ReminderEvent,
    RoundState,
    SubmissionDeed,
    SubmissionState,
)

# While the approver looks at a return, its deadline is no longer the reporter's matter.
BUT_REPORTERS = frozenset(ReminderAudience) - {ReminderAudience.REPORTER}


def opened(asked: Asked) -> Iterator[Subject]:
    """Yield the returns of rounds that have opened, or will, until they are handed in for the first time."""
    for submission, holding, ministry in asked.session.execute(_never_handed_in(asked)):
        if holding.opens_on is None or holding.state is RoundState.CLOSED:
            continue
        facts = _facts(submission, holding, ministry)
        facts["params"] = {**facts["params"], "due": submission.deadline(holding)}
        yield Subject(ReminderEvent.ROUND_OPENED, f"submission:{submission.id}", holding.opens_on, **facts)


def due(asked: Asked) -> Iterator[Subject]:
    """Yield the returns that were never handed in and still can be, by the day on which they are due."""
    for submission, holding, ministry in asked.session.execute(_never_handed_in(asked)):
        deadline = submission.deadline(holding)
        facts = _facts(submission, holding, ministry)
        facts["params"] = {**facts["params"], "day": deadline}
        if holding.state is RoundState.CLOSED and not submission.granted:
            facts["until"] = submission.due_on
        roles = BUT_REPORTERS if submission.state is SubmissionState.IN_REVIEW else None
        yield Subject(ReminderEvent.ROUND_DUE, f"submission:{submission.id}", deadline, roles=roles, **facts)


def _never_handed_in(asked: Asked) -> AnySelect:
    late = and_(Round.state == RoundState.CLOSED, or_(Submission.granted.is_(True), Submission.due_on >= asked.today))
    can = or_(Round.state.in_((RoundState.SCHEDULED, RoundState.OPEN)), late)
    rows = _returns(asked).where(can, Submission.submitted_at.is_(None), Submission.state.in_(OWING))
    return rows.where(Round.due_on.is_not(None))


def returned(asked: Asked) -> Iterator[Subject]:
    """Yield the returns that were sent back and not handed in again, by the last time that they were."""
    last = (
        select(SubmissionEvent.submission_id, func.max(SubmissionEvent.id).label("id"))
        .where(SubmissionEvent.deed == SubmissionDeed.RETURN)
        .group_by(SubmissionEvent.submission_id)
        .subquery()
    )
    rows = _returns(asked).join(last, last.c.submission_id == Submission.id)
    rows = rows.join(SubmissionEvent, SubmissionEvent.id == last.c.id).add_columns(SubmissionEvent)
    rows = rows.where(Round.state.in_(ROUND_RUNNING), Submission.state.in_(OWING))
    for submission, holding, ministry, event in asked.session.execute(rows):
        facts = _facts(submission, holding, ministry)
        roles = BUT_REPORTERS if submission.state is SubmissionState.IN_REVIEW else None
        yield Subject(ReminderEvent.RETURNED, f"return:{event.id}", counting_day(event.at), roles=roles, **facts)


def questions(asked: Asked) -> Iterator[Subject]:
    """Yield what the secretariat asked about a return and nobody replied to, together for each day of asking."""
    answer = aliased(Remark)
    unanswered = ~select(answer.id).where(answer.parent_id == Remark.id).exists()
    rows = _returns(asked).join(Remark, Remark.submission_id == Submission.id).add_columns(Remark.at)
    rows = rows.where(Round.state.in_(ROUND_RUNNING), Remark.kind == RemarkKind.QUESTION, Remark.parent_id.is_(None))
    rows = rows.where(Remark.settled_at.is_(None), unanswered)
    counts: dict[tuple[int, Any], int] = defaultdict(int)
    about: dict[int, Any] = {}
    for submission, holding, ministry, at in asked.session.execute(rows):
        about[submission.id] = (submission, holding, ministry)
        counts[submission.id, counting_day(at)] += 1
    for (number, day), count in counts.items():
        facts = _facts(*about[number])
        facts["params"] = {**facts["params"], "count": count}
        yield Subject(ReminderEvent.RETURN_QUESTION, f"submission:{number}", day, **facts)


def approvals(asked: Asked) -> Iterator[Subject]:
    """Yield the returns that wait for their approver."""
    rows = _returns(asked).where(Round.state.in_(ROUND_RUNNING), Submission.state == SubmissionState.IN_REVIEW)
    for submission, holding, ministry in asked.session.execute(rows.where(Submission.sent_at.is_not(None))):
        facts = _facts(submission, holding, ministry)
        facts["page"] = Page("submissions.approval", {"submission": str(submission.public_id)})
        key = f"submission:{submission.id}:{submission.sent_at:%H%M%S}"
        without = frozenset({submission.sent_by_id} - {None})
        yield Subject(ReminderEvent.APPROVAL, key, counting_day(submission.sent_at), without=without, **facts)


def editions(asked: Asked) -> Iterator[Subject]:
    """Yield the editions of reports that wait for somebody who had no hand in them."""
    if asked.ministry_id is not None:
        return
    rows = select(Edition, Round).join(Round, Round.id == Edition.round_id).where(Edition.state == EditionState.CHECKED)
    for edition, holding in asked.session.execute(rows):
        if edition.checked_at is None:
            continue
        yield Subject(
            ReminderEvent.EDITION_APPROVAL,
            f"edition:{edition.id}:{edition.checked_at:%H%M%S}",
            counting_day(edition.checked_at),
            {"number": f"{holding.code}-{edition.number}"},
            Page("editions.show", {"edition": str(edition.public_id)}),
            round_id=holding.id,
            without=frozenset(edition.hands),
        )


def disclosures(asked: Asked) -> Iterator[Subject]:
    """Yield what ministries proposed to be public and nobody decided, together for each ministry and day."""
    rows = select(Ministry, Disclosure.proposed_at).join(Ministry, Ministry.id == Disclosure.ministry_id)
    rows = rows.where(Disclosure.state == DisclosureState.PROPOSED, *asked.own(Disclosure.ministry_id))
    counts: dict[Any, int] = defaultdict(int)
    for ministry, at in asked.session.execute(rows):
        counts[ministry, counting_day(at)] += 1
    yield from _of_ministry(ReminderEvent.DISCLOSURE_PROPOSED, counts)


def disclosure_reviews(asked: Asked) -> Iterator[Subject]:
    """Yield what is to be looked at again, together for each ministry and day."""
    rows = select(Ministry, Disclosure.review_on, func.count()).join(Ministry, Ministry.id == Disclosure.ministry_id)
    rows = rows.where(Disclosure.state == DisclosureState.DECIDED, Disclosure.review_on.is_not(None))
    rows = rows.where(*asked.own(Disclosure.ministry_id)).group_by(Ministry.id, Disclosure.review_on)
    counts = {(row[0], row[1]): row[2] for row in asked.session.execute(rows)}
    yield from _of_ministry(ReminderEvent.DISCLOSURE_REVIEW, counts)


def _of_ministry(event: ReminderEvent, counts: dict[Any, int]) -> Iterator[Subject]:
    for (ministry, day), count in counts.items():
        params = {"ministry": ministry_text(ministry), "count": count, "day": day}
        yield Subject(event, f"ministry:{ministry.id}", day, params, Page("disclosures.index"), ministry_id=ministry.id)


def _returns(asked: Asked) -> AnySelect:
    joined = select(Submission, Round, Ministry).join(Round, Round.id == Submission.round_id)
    joined = joined.join(Ministry, Ministry.id == Submission.ministry_id)
    return joined.where(*asked.own(Submission.ministry_id)).order_by(Submission.id)


def _facts(submission: Submission, round: Round, ministry: Ministry) -> dict[str, Any]:
    """Return what every subject of a return has in common."""
    return {
        "params": {"name": round_name(round), "ministry": ministry_text(ministry)},
        "page": Page("submissions.show", {"submission": str(submission.public_id)}),
        "overseen": Page("rounds.show", {"round": round.code}),
        "ministry_id": ministry.id,
        "round_id": round.id,
        "expected": round.state is RoundState.SCHEDULED,
    }
