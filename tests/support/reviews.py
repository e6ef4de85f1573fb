"""A return that the secretariat has in its hands: ministry a changed a case, ended one, added one, and handed in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.models import Submission, SubmissionItem
from register.queries.answers import seen_of
from register.services import items, rounds, submissions
from register.services.answers import Typed
from register.vocab import RoundDeed
from tests.support.data import NOW
from tests.support.rounds import FORMS, SPEC, SYSTEM, item_of, opened, person, submission_of

NEW = {
    "unit": "総務課",
    "title": "問合せ対応の下書き",
    "purpose": "問合せへの返事の下書きに用いる",
    "usage_type": "G2",
    "start_timing": "1",
    "start_on": "2025-10-01",
    "user_scope": "1",
    "stage": "V",
    "confidentiality": "1",
    "goal_kind": "NO",
    "goal_text": "",
    "output_type": "",
    "model_usage": "",
    "risk_case_count": "0",
}


def handed_in(url: str) -> None:
    """Build the round that is open, with the return of ministry a handed in, and b's as nil."""
    opened(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        fill(session)
        hand_in(session, "a")
    with database.writing() as session:
        submissions.declare_nil(session, submission_of(session, "b"), by=person(session, "other"))
        hand_in(session, "b")
    database.engine.dispose()


def settled(url: str) -> None:
    """Build the same round, accepted and frozen."""
    handed_in(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        for key in "ab":
            submissions.accept(session, submission_of(session, key), spec=SPEC, by=person(session, "secretariat"))
        current = submission_of(session).round
        for deed in (RoundDeed.CLOSE, RoundDeed.FREEZE):
            rounds.move(session, current, deed, forms=FORMS, by=SYSTEM)
    database.engine.dispose()


def fill(session: Session) -> None:
    """Change the purpose of one case, decline its models, end one, confirm the third, add a fourth."""
    reporter, own = person(session, "reporter"), submission_of(session)
    changed = item_of(session, "a-2025-0002")
    typed = {"use": {"purpose": "照会への回答案と要約に用いる", "usage_type": "G2"}}
    typed["goals"] = {"goal_kind": "NO", "output_type": "1", "model_usage": ""}
    for section, texts in typed.items():
        declined = {"model_usage": "契約の相手との約束のため"} if section == "goals" else {}
        words = Typed(texts, declined)
        items.save_section(
            session, own, changed.id, section, words, seen=seen_of(changed, SPEC, section), spec=SPEC, by=reporter
        )
    items.confirm_rest(session, own, changed.id, spec=SPEC, by=reporter)
    ended = item_of(session, "a-2025-0003")
    items.end(session, own, ended.id, on=dt.date(2025, 10, 31), reason="契約が終わったため", by=reporter)
    items.confirm(session, own, [item_of(session, "a-2025-0001").id], spec=SPEC, forms=FORMS, by=reporter)
    items.add(session, own, Typed(NEW), spec=SPEC, by=reporter)


def hand_in(session: Session, key: str) -> Submission:
    """Send the return of a ministry where that is still to do, and approve it."""
    own = submission_of(session, key)
    if not own.nil:
        submissions.send(session, own, spec=SPEC, by=person(session, "reporter"))
    approver = person(session, "approver" if key == "a" else "other-approver")
    return submissions.approve(session, own, seen=own.sent_sha256, by=approver)


def new_item(session: Session) -> SubmissionItem:
    """Return the case that was added."""
    own = select(SubmissionItem).where(SubmissionItem.submission_id == submission_of(session).id)
    return next(item for item in session.scalars(own) if item.title == NEW["title"])
