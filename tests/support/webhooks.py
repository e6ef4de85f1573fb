"""Webhooks for tests: one of every ministry and of the secretariat."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.formats.webhook import Admitted
from register.models import Ministry, User
from register.services import webhooks
from register.vocab import Role

ADMITTED = Admitted(frozenset({"chat.example.go.jp"}))


def add_webhooks(session: Session) -> None:
    """Let the administrator set up a webhook for everybody."""
    admin = Actor.of(session.scalars(select(User).where(User.role == Role.ADMIN)).first())
    for body in (None, *session.scalars(select(Ministry).order_by(Ministry.id))):
        webhooks.add(session, body, "https://chat.example.go.jp/hooks/1", ADMITTED, by=admin)
