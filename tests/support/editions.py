"""Editions of the reference round for tests: begun, changed, checked and brought out by the services."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.documents.language import speakers
from register.models import Edition, Round, User
from register.queries import editions as queries
from register.services import editions
from register.services.edition_check import Inspection, inspect
from register.vocab import EditionDeed, Role, Variant
from tests.support.round_files import LIBRARY
from tests.support.sources import ROOT

SPEAK = speakers(ROOT / "translations")
ONE, OTHER = Actor("事務局 一", 901, Role.SECRETARIAT), Actor("事務局 二", 902, Role.SECRETARIAT)


def employed(session: Session) -> None:
    """Have both people in the register: what they ask the job runner for names them."""
    for one in (ONE, OTHER):
        if session.get(User, one.user_id) is None:
            email = f"office-{one.user_id}@example.go.jp"
            person = User(id=one.user_id, email=email, name=one.name, role=one.role, fs_uniquifier=email)
            session.add(person)
            audit.record(session, audit.Event.USER_CREATED, person, by=Actor.system("tests"))


def begun(session: Session, round_: Round) -> Edition:
    """Begin an edition."""
    employed(session)
    made = editions.begin(session, round_, by=ONE)
    session.flush()
    return made


def held(session: Session, edition: Edition, **changes: Any) -> Edition:
    """Change what an edition holds."""
    values = {"threshold": 0, "note": "", "examples": ()} | changes
    editions.edit(session, edition, values, version=edition.version, by=ONE)
    session.flush()
    return edition


def inspected(session: Session, edition: Edition) -> Inspection:
    """Check an edition."""
    return inspect(session, edition, LIBRARY, SPEAK)


def checked(session: Session, edition: Edition) -> Edition:
    """Check an edition and ask for approval."""
    editions.check(session, edition, inspected(session, edition), version=edition.version, by=ONE)
    session.flush()
    return edition


def take(session: Session, edition: Edition, deed: str, *, by: Actor = ONE, word: str = "") -> Edition:
    """Take a step with an edition."""
    change: dict[str, Any] = {"word": word, "version": edition.version, "forms": LIBRARY, "by": by}
    editions.move(session, edition, EditionDeed(deed), **change)
    session.flush()
    return edition


def published(session: Session, edition: Edition) -> Edition:
    """Bring an edition out."""
    take(session, checked(session, edition), "approve", by=OTHER)
    return take(session, edition, "publish")


def text(session: Session, edition: Edition, variant: Variant, language: str = "ja") -> dict[str, Any]:
    """Return what a checked edition says."""
    found = queries.text_of(session, edition, variant, language)
    assert found is not None
    return found.content
