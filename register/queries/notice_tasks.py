"""The worklist of notices: answers that are open, texts that wait for consent, drafts that wait to be issued."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.errors import say
from register.models import Notice, NoticeAnswer, NoticeRecipient
from register.queries.notices import LATE, OPEN, due_by, unconfirmed
from register.queries.tasks import Task
from register.vocab import NoticeState, Reply, ReplyState

INDEX = "notices.index"
# Who is told of which notices: the permission that makes it the person's matter, the state, the sentence.
WAITING = (
    (Permission.NOTICE_CONSENT, NoticeState.ASKED, say("注意喚起の文面を確かめて了承する")),
    (Permission.NOTICE_WRITE, NoticeState.DRAFT, say("下書きの注意喚起を仕上げる")),
    (Permission.NOTICE_WRITE, NoticeState.CLEARED, say("了承された注意喚起を発出する")),
)


def tasks(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    """Return what waits for ``actor`` in notices, in three statements at most."""
    return [*_notices(session, actor), *_replies(session, actor, today), *_in_progress(session, actor)]


def _notices(session: Session, actor: Actor) -> list[Task]:
    mine = [row for row in WAITING if authz.can(actor, row[0])]
    if not mine:
        return []
    counted = select(Notice.state, func.count()).where(Notice.state.in_([state for _, state, _ in mine]))
    # Of what a ministry may see, only what comes from it waits for its consent.
    if authz.can(actor, Permission.NOTICE_CONSENT):
        counted = counted.where(Notice.origin_ministry_id == actor.ministry_id)
    counts = {row[0]: row[1] for row in session.execute(authz.visible(counted.group_by(Notice.state), Notice, actor))}
    return [Task(text, INDEX, counts[state], {"state": state.value}) for _, state, text in mine if state in counts]


def _replies(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    """Return the answers that are open: a ministry's own with the nearest day, of all ministries only the late ones."""
    own = authz.can(actor, Permission.NOTICE_ANSWER_DRAFT)
    if not own and not authz.can(actor, Permission.NOTICE_WRITE):
        return []
    waits = select(func.count(func.distinct(Notice.id)), func.min(due_by()))
    waits = waits.select_from(NoticeRecipient).join(Notice, Notice.id == NoticeRecipient.notice_id)
    waits = waits.where(Notice.state == NoticeState.ISSUED, unconfirmed())
    if not own:
        waits = waits.where(due_by() < today)
    count, due = session.execute(authz.visible(waits, NoticeRecipient, actor)).one()
    if not count:
        return []
    text = say("注意喚起に回答する") if own else say("回答が遅れている注意喚起を府省庁に確かめる")
    return [Task(text, INDEX, count, {"reply": OPEN if own else LATE}, due, due < today)]


def _in_progress(session: Session, actor: Actor) -> list[Task]:
    """Return the notices of which a ministry said that it is still at work on them."""
    if not authz.can(actor, Permission.NOTICE_ANSWER_DRAFT):
        return []
    at_work = (
        select(func.count(func.distinct(NoticeRecipient.id)))
        .select_from(NoticeAnswer)
        .join(NoticeRecipient, NoticeRecipient.id == NoticeAnswer.recipient_id)
        .join(Notice, Notice.id == NoticeRecipient.notice_id)
        .where(Notice.state == NoticeState.ISSUED, NoticeRecipient.state == ReplyState.CONFIRMED)
        .where(NoticeAnswer.reply == Reply.IN_PROGRESS)
    )
    count = session.scalar(authz.visible(at_work, NoticeAnswer, actor))
    text = say("対応中と回答した注意喚起の対応を終える")
    return [Task(text, INDEX, count, {"state": NoticeState.ISSUED.value})] if count else []
