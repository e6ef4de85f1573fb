"""An application that signs, with keys made once, and what the runner makes of what was asked for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from flask import Flask
from sqlalchemy import select

from register.authz import Actor
from register.clock import Clock
from register.factory import create_app
from register.formats import demo_ca
from register.formats.signing import SigningConfig
from register.jobs.runner import Runner
from register.models import Snapshot, User
from register.runtime import Runtime, runtime_of
from register.services import snapshots
from register.services.snapshots import Wanted
from register.vocab import Role
from tests.support.application import settings_for
from tests.support.data import NOW


@cache
def keys() -> SigningConfig:
    """Return keys below a root of their own; small ones, since making them takes time."""
    return demo_ca.make(Path(mkdtemp(prefix="register-keys-")) / "demo", NOW, 2048)


def signing(url: str, folder: Path, clock: Clock, **more: object) -> Flask:
    """Return the application on a database, signing with the keys; ``more`` are other settings."""
    own = {"demo": True, "signing_demo_folder": keys().demo_folder}
    return create_app(settings_for(url, folder).model_copy(update={**own, **more}), clock, TESTING=True)


def somebody(run: Runtime, role: Role = Role.SECRETARIAT) -> Actor:
    """Return a person of a role."""
    with run.database.reading() as session:
        return Actor.of(session.scalars(select(User).where(User.role == role).order_by(User.id)).first())


def made(app: Flask, wanted: Wanted, by: Actor) -> list[Snapshot]:
    """Ask for a snapshot, have the runner make it, and return its rows."""
    run = runtime_of(app)
    with run.database.writing() as session:
        snapshots.ask(session, wanted, by=by)
        last = session.scalars(select(Snapshot.id).order_by(Snapshot.id.desc())).first() or 0
    runner = Runner(run)
    try:
        runner.tick()
    finally:
        runner.close()
    with run.database.reading() as session:
        return list(session.scalars(select(Snapshot).where(Snapshot.id > last).order_by(Snapshot.id)))
