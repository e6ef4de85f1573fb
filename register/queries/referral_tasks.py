"""The worklist of referrals: what waits for a person between a ministry, the secretariat and the Advisory Board."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.errors import say
from register.models import HighRiskFlag, Referral
from register.queries.assessments import unreferred
from register.queries.tasks import Task
from register.vocab import ReferralState

# Who is told of which referrals: the permission that makes it the person's matter, the state, the sentence.
WAITING = (
    (Permission.REFERRAL_SEND, ReferralState.DRAFT, say("下書きの報告・相談を事務局に送る")),
    (Permission.REFERRAL_DRAFT, ReferralState.RETURNED, say("差し戻された報告・相談を直して送る")),
    (Permission.REFERRAL_REVIEW, ReferralState.SENT, say("送付された報告・相談の会議を決める")),
    (Permission.REFERRAL_REVIEW, ReferralState.SCHEDULED, say("アドバイザリーボードの意見を記録する")),
    (Permission.REFERRAL_SEND, ReferralState.ADVISED, say("アドバイザリーボードの意見への対応を回答する")),
    (Permission.REFERRAL_REVIEW, ReferralState.RESPONDED, say("意見への対応を確かめて終結する")),
)


def tasks(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    """Return what waits for ``actor``, in two statements; a meeting to come is due on its day."""
    return [*_unreferred(session, actor), *_waiting(session, actor, today)]


def _unreferred(session: Session, actor: Actor) -> list[Task]:
    """Return the cases that were judged possibly high and that nobody has begun to refer."""
    if not authz.can(actor, Permission.REFERRAL_DRAFT):
        return []
    flags = select(func.count()).select_from(HighRiskFlag).where(unreferred(actor))
    count = session.scalar(authz.visible(flags, HighRiskFlag, actor))
    text = say("高リスクの可能性がある案件をアドバイザリーボードに報告・相談する")
    return [Task(text, "assessments.index", count, {"unreferred": "1"})] if count else []


def _waiting(session: Session, actor: Actor, today: dt.date) -> list[Task]:
    mine = [(state, text) for permission, state, text in WAITING if authz.can(actor, permission)]
    if not mine:
        return []
    counted = select(Referral.state, func.count(), func.min(Referral.meeting_on)).group_by(Referral.state)
    counted = counted.where(Referral.state.in_([state for state, _ in mine]))
    found = {row[0]: (row[1], row[2]) for row in session.execute(authz.visible(counted, Referral, actor))}
    lines = []
    for state, text in mine:
        if state in found:
            count, meeting = found[state]
            due = meeting if state is ReferralState.SCHEDULED else None
            late = due is not None and due < today
            lines.append(Task(text, "referrals.index", count, {"state": state.value}, due, late))
    return lines
