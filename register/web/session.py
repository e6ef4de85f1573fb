"""The database sessions of one request, and who is asking.

A GET reads on one session. A POST writes on a second one, opened after the person is known, so that SQLite's single
write lock is held for the deed alone and never while a password is hashed.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request
from flask_security import current_user
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.models import Audited
from register.runtime import Runtime, runtime_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def runtime() -> Runtime:
    """Return the runtime of the running application."""
    return runtime_of(current_app)


def reading_session() -> Session:
    """Return the request's reading session."""
    if "reading" not in g:
        g.reading = runtime().database.session(write=False)
    session: Session = g.reading
    return session


def db_session() -> Session:
    """Return the session of the view: it reads on a safe method and writes on the others."""
    if request.method in SAFE_METHODS:
        return reading_session()
    if "writing" not in g:
        g.writing = runtime().database.session(write=True)
        g.writing.info["request_id"] = g.request_id
    session: Session = g.writing
    return session


def close_sessions(_error: BaseException | None = None) -> None:
    """Close what the request opened; uncommitted work is rolled back."""
    for name in ("reading", "writing"):
        if (session := g.pop(name, None)) is not None:
            session.close()


def current_actor() -> Actor:
    """Return the signed-in person as the rules know them; only guarded views may ask."""
    # The proxy looks the person up for each attribute, a dozen times in a request.
    if "actor" not in g:
        g.actor = Actor.of(current_user._get_current_object())
    actor: Actor = g.actor
    return actor


def audit_read(event: audit.Event, subject: Audited | None, **details: Any) -> None:
    """Record that something was read or downloaded, in a short transaction of its own."""
    with runtime().database.writing() as session:
        session.info["request_id"] = g.request_id
        audit.record(session, event, subject, by=current_actor(), **details)
