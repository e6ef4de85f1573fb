"""The chore that plans the day's reminders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.jobs.base import Progress
from register.jobs.outbox import host_of, revealed
from register.jobs.reminder_letters import KIND
from register.models import Reminder, User
from register.runtime import Runtime
from register.services import outbox
from register.services import reminders as services
from register.services.outbox import Fence


def make(run: Runtime, fence: Fence, progress: Progress) -> Mapping[str, int]:
    """Tell everybody what is due today, in one transaction; return how much it was."""
    progress(0, 1)
    with run.database.writing() as session:
        fence.hold(session)
        planned = services.plan(session, run.reminders, run.risk, run.clock.today())
        mails = _mail(session, run, planned.told) if revealed(run) else 0
    progress(1, 1)
    return {**planned.counts, "mails": mails}


def _mail(session: Session, run: Runtime, told: Mapping[int, Sequence[Reminder]]) -> int:
    """Queue one mail for each person who is told something today, in the transaction that tells them."""
    today, count = run.clock.today(), 0
    users = {one.id: one for one in session.scalars(select(User).where(User.active.is_(True)))}
    for user_id, rows in told.items():
        count += outbox.add(
            session,
            key=f"{KIND}|{user_id}|{today}|{sha256(rows[0].key.encode()).hexdigest()[:16]}",
            kind=KIND,
            user_id=user_id,
            address=users[user_id].email,
            language=users[user_id].language,
            day=today,
            host=host_of(run),
            params={"reminders": [row.id for row in rows]},
        )
    return count
