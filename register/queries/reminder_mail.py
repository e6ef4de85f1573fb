"""What the mail of one person's reminders tells when it is written: those of which the matter is still theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased, joinedload

from register.formspec.reminders import ReminderPlan
from register.formspec.risk import RiskTerms
from register.models import Reminder
from register.queries.reminder_subjects import Asked
from register.queries.reminders import Thread, audience, gather
from register.vocab import ReminderState

# Where a session that only reads keeps what is open: it serves the letters of a whole batch.
_OPEN = "open threads of reminders"


def still_told(
    session: Session, ids: Collection[int], plan: ReminderPlan, terms: RiskTerms, today: dt.date
) -> Sequence[Reminder]:
    """Return the reminders of ``ids`` whose matter is open on ``today`` and still waits for the same person.

    Mail that was held up does not tell what a later word of the same matter has told since.
    """
    open_ones = _open(session, plan, terms, today)
    newer = aliased(Reminder)
    same = [getattr(newer, name) == getattr(Reminder, name) for name in ("event", "subject", "anchor", "user_id")]
    outdated = exists().where(*same, newer.state == ReminderState.TOLD, newer.day > Reminder.day)
    rows = select(Reminder).where(Reminder.id.in_(ids), Reminder.state == ReminderState.TOLD, ~outdated)
    rows = rows.options(joinedload(Reminder.user)).order_by(Reminder.id)
    return [one for one in session.scalars(rows) if (one.event, one.subject, one.anchor, one.user_id) in open_ones]


def _open(session: Session, plan: ReminderPlan, terms: RiskTerms, today: dt.date) -> frozenset[Thread]:
    if _OPEN not in session.info:
        facts = gather(Asked(session, today, terms), plan)
        session.info[_OPEN] = frozenset(
            (*subject.matter, person.id)
            for subject in facts.subjects
            for stage in plan.by_event[subject.event]
            for person in audience(facts, subject, stage)
        )
    return session.info[_OPEN]  # type: ignore[no-any-return]
