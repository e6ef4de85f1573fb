"""Reading webhooks: where they lead, for whom, and what became of the newest post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.errors import Say
from register.models import Message, Ministry, Webhook
from register.queries.jobs import said
from register.queries.ministries import existed
from register.vocab import Channel


@dataclass(frozen=True)
class Line:
    """One webhook with the newest of its posts, if there was any, and what went wrong with that."""

    hook: Webhook
    newest: Message | None
    error: Say | None


def lines(session: Session, actor: Actor) -> Sequence[Line]:
    """Return the webhooks that ``actor`` may see: those at work first, then the newest."""
    found = authz.visible(select(Webhook), Webhook, actor).options(joinedload(Webhook.ministry))
    hooks = session.scalars(found.order_by(Webhook.stopped_at.is_not(None), Webhook.id.desc())).all()
    posts = select(func.max(Message.id)).where(Message.channel == Channel.WEBHOOK)
    newest = posts.group_by(Message.params["webhook"].as_integer())
    rows = {row.params["webhook"]: row for row in session.scalars(select(Message).where(Message.id.in_(newest)))}
    return [Line(hook, row := rows.get(hook.id), said(row.error) if row else None) for hook in hooks]


def at_work(session: Session) -> Sequence[Webhook]:
    """Return the webhooks that are posted to."""
    return session.scalars(select(Webhook).where(Webhook.stopped_at.is_(None)).order_by(Webhook.id)).all()


def bodies(session: Session) -> Sequence[Ministry]:
    """Return the ministries that a webhook can be for, in official order."""
    today = session.info["clock"].today()
    return session.scalars(select(Ministry).where(existed(today)).order_by(Ministry.sort_no, Ministry.id)).all()
