"""Webhooks: addresses of other systems, set up by the administrator, tried and stopped."""

from __future__ import annotations

from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.errors import NotNow, say
from register.formats.webhook import Admitted
from register.models import Ministry, Webhook
from register.services import outbox
from register.services.outbox import Sender
from register.vocab import Channel

TRIAL = "trial"


def add(session: Session, ministry: Ministry | None, url: str, admitted: Admitted, *, by: Actor) -> Webhook:
    """Post the reminders of a ministry's people (None: of the secretariat's) to ``url``; raise ``Refused``."""
    authz.require(by, Permission.WEBHOOK_MANAGE)
    parts = admitted.host(url)
    hook = Webhook(
        ministry_id=ministry.id if ministry else None,
        url=str(parts),
        host=str(parts.host),
        made_at=session.info["clock"].now(),
        made_by_id=by.user_id,
    )
    session.add(hook)
    audit.record(session, audit.Event.WEBHOOK_MADE, hook, by=by)
    return hook


def stop(session: Session, hook: Webhook, *, by: Actor) -> None:
    """Post nothing more to an address; raise ``NotNow`` when that is so already."""
    authz.require(by, Permission.WEBHOOK_MANAGE, hook)
    _must_run(hook)
    hook.stopped_at = session.info["clock"].now()
    audit.record(session, audit.Event.WEBHOOK_STOPPED, hook, by=by)


def try_out(session: Session, hook: Webhook, sender: Sender, *, by: Actor) -> None:
    """Queue a post that tells of nothing, to see whether it arrives."""
    authz.require(by, Permission.WEBHOOK_MANAGE, hook)
    _must_run(hook)
    queue(session, hook, session.info["clock"].now().isoformat(), TRIAL, sender=sender)
    audit.record(session, audit.Event.WEBHOOK_TRIED, hook, by=by)


def queue(session: Session, hook: Webhook, about: str, kind: str, *, sender: Sender, **params: object) -> bool:
    """Queue a post once for what it is ``about``, in the transaction of what it tells of."""
    return outbox.add(
        session,
        key=f"webhook|{hook.id}|{kind}|{about}",
        kind=kind,
        user_id=None,
        address=hook.host,
        language="ja",
        day=session.info["clock"].today(),
        sender=sender,
        params={"webhook": hook.id, **params},
        channel=Channel.WEBHOOK,
    )


def _must_run(hook: Webhook) -> None:
    if hook.stopped_at is not None:
        raise NotNow(say("このウェブフックは、すでに止めてあります。"))
