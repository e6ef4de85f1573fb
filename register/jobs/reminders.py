"""The chore that plans the day's reminders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.clock import TOKYO
from register.jobs.base import Progress
from register.jobs.hooks import hooks_on
from register.jobs.outbox import revealed
from register.jobs.reminder_letters import KIND
from register.models import Reminder, User
from register.queries.webhooks import at_work
from register.runtime import Runtime
from register.services import outbox, webhooks
from register.services import reminders as services
from register.services.outbox import Fence
from register.states import PLANNED_AT
from register.vocab import Role


def make(run: Runtime, fence: Fence, progress: Progress) -> Mapping[str, int]:
    """Tell everybody what is due today, in one transaction; return how much it was.

    A run that was missed and is made up for in the night tells nothing: nobody is written to at midnight, and the run
    of the morning tells it all in one mail.
    """
    if run.clock.now().astimezone(TOKYO).time() < PLANNED_AT:
        return {}
    progress(0, 1)
    with run.database.writing() as session:
        fence.hold(session)
        planned = services.plan(session, run.reminders, run.risk, run.clock.today())
        users = {one.id: one for one in session.scalars(select(User).where(User.active.is_(True)))}
        mails = _mail(session, run, users, planned.told) if revealed(run) else 0
        posts = _posts(session, run, users, planned.told) if hooks_on(run) else 0
    progress(1, 1)
    return {**planned.counts, "mails": mails, "posts": posts}


def _mail(session: Session, run: Runtime, users: Mapping[int, User], told: Mapping[int, Sequence[Reminder]]) -> int:
    """Queue one mail for each person who is told something today, in the transaction that tells them."""
    today, count = run.clock.today(), 0
    for user_id, rows in told.items():
        count += outbox.add(
            session,
            key=f"{KIND}|{user_id}|{today}|{sha256(rows[0].key.encode()).hexdigest()[:16]}",
            kind=KIND,
            user_id=user_id,
            address=users[user_id].email,
            language=users[user_id].language,
            day=today,
            sender=run.sender,
            params={"reminders": [row.id for row in rows]},
        )
    return count


def _posts(session: Session, run: Runtime, users: Mapping[int, User], told: Mapping[int, Sequence[Reminder]]) -> int:
    """Queue one post for each webhook whose people are told something today."""
    groups: dict[int | None, list[Reminder]] = defaultdict(list)
    for user_id, own in sorted(told.items()):
        user = users[user_id]
        if user.ministry_id is not None or user.role is Role.SECRETARIAT:
            groups[user.ministry_id] += own
    return sum(
        webhooks.queue(
            session,
            hook,
            f"{run.clock.today()}|{sha256(rows[0].key.encode()).hexdigest()[:16]}",
            KIND,
            sender=run.sender,
            reminders=[row.id for row in rows],
        )
        for hook in at_work(session)
        if (rows := groups.get(hook.ministry_id))
    )
