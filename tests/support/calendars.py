"""Calendars for tests: an address of everybody's own."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.models import User
from register.services import calendars


def add_calendars(session: Session) -> None:
    """Let everybody have the address of their calendar."""
    for person in session.scalars(select(User)):
        calendars.let_out(session, None, by=Actor.of(person))
