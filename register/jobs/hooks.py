"""Webhooks as a channel of the outbox: what is posted, and what the answer means for the message.

A post carries the message's id as ``webhook-id``, so that a receiver who is sent one again knows it. It names no
person: what it tells is for a room, not for one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from register.documents.language import LANGUAGES, language_of
from register.errors import Say, say
from register.formats import webhook
from register.formats.smtp import Answer, Fate
from register.formats.webhook import NotReached, Refused, admitted_of, secret_of
from register.formspec.reminder_words import WHY
from register.jobs.reminder_letters import KIND
from register.models import Webhook
from register.queries.reminder_mail import still_told
from register.queries.reminder_subjects import sentence, unpacked
from register.runtime import Runtime, channels_of
from register.services.outbox import Envelope
from register.services.webhooks import TRIAL
from register.vocab import Channel, ReminderTone

# What the outbox knows of answers are those of a mail server: "not now", and "no" (RFC 5321).
NOT_NOW, NO = 450, 550


@dataclass(frozen=True)
class Post:
    """What is posted where, without a session."""

    url: str
    secret: str
    body: bytes


@dataclass(frozen=True)
class Hooks:
    """Posts, each to an address of its own: one that is away holds up no other."""

    run: Runtime
    channel: Channel = Channel.WEBHOOK

    def written(self, session: Session, one: Envelope) -> Post | None:
        """Return what is posted; None when the webhook was stopped or nothing of what it tells is open."""
        hook = session.get(Webhook, one.params["webhook"])
        if hook is None or hook.stopped_at is not None:
            return None
        data = DATA[one.kind](self.run, session, one)
        if data is None:
            return None
        ministry = {"key": hook.ministry.key, "name": hook.ministry.name} if hook.ministry else None
        told = {"day": one.day.isoformat(), "ministry": ministry, "url": _place(self.run), **data}
        body = {"type": TYPES[one.kind], "timestamp": self.run.clock.now().isoformat(), "data": told}
        key = self.run.settings.secret_key
        secret = secret_of(key.get_secret_value() if key else "", str(hook.public_id))
        return Post(hook.url, secret, json.dumps(body, ensure_ascii=False).encode())

    def send(self, one: Envelope, content: Post) -> Answer:
        """Post once; an answer that did not come leaves in doubt whether the post arrived."""
        settings = self.run.settings
        try:
            answer = webhook.post(
                content.url,
                content.body,
                secret=content.secret,
                message_id=one.message_id.strip("<>"),
                at=self.run.clock.now(),
                admitted=admitted_of(settings.webhook_hosts, settings.webhook_networks),
                seconds=settings.webhook_seconds,
            )
        except Refused as refused:
            return Answer(Fate.REFUSED, NO, _plain(refused.sentence))
        except NotReached as lost:
            return Answer(Fate.REFUSED, NOT_NOW, str(lost)) if lost.sure else Answer(Fate.UNKNOWN, detail=str(lost))
        if answer.taken:
            return Answer(Fate.TAKEN)
        return Answer(Fate.REFUSED, NOT_NOW if answer.later else NO, f"HTTP {answer.status} {answer.text}")


def hooks_on(run: Runtime) -> bool:
    """Tell whether this installation posts."""
    return Channel.WEBHOOK in channels_of(run.settings)


def _trial(run: Runtime, _session: Session, _one: Envelope) -> Mapping[str, Any]:
    return {"text": _both(run, say("この通知を受け取れていれば、ウェブフックは届いています。"))}


def _reminders(run: Runtime, session: Session, one: Envelope) -> Mapping[str, Any] | None:
    """Return what of the day's reminders is still open, each matter once with the number of people told."""
    rows = still_told(session, one.params["reminders"], run.reminders, run.risk, run.clock.today())
    matters = {(row.event, row.subject, row.anchor, row.tone): row for row in rows}
    people = Counter((row.event, row.subject, row.anchor, row.tone) for row in rows)
    told = [
        {
            "event": row.event.value,
            "due": row.anchor.isoformat(),
            "people": people[matter],
            "text": _both(run, sentence(row.event, ReminderTone(row.tone), unpacked(row.params))),
            "why": _both(run, WHY[row.event]),
        }
        for matter, row in matters.items()
    ]
    return {"reminders": told} if told else None


DATA: Mapping[str, Callable[[Runtime, Session, Envelope], Mapping[str, Any] | None]] = {
    TRIAL: _trial,
    KIND: _reminders,
}
TYPES: Mapping[str, str] = {TRIAL: "register.trial", KIND: "reminders.told"}


def _both(run: Runtime, told: Say) -> dict[str, str]:
    return {code: language_of(run.settings.translations_dir, code).say(told) for code in LANGUAGES}


def _place(run: Runtime) -> str:
    return f"{run.settings.public_url.rstrip('/')}/inbox"


def _plain(told: Say) -> str:
    return told.template % told.params if told.params else told.template
