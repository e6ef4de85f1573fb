"""The demo: both reference rounds, an account per role, a few deeds; never into a database that holds real data."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.formspec.codes import load_roster
from register.formspec.loader import FormLibrary
from register.models import AuditEntry, Ministry, UseCase, User
from register.services import ai_systems, use_cases
from register.services.ministries import by_name
from register.services.round_import import RoundFacts, import_round
from register.text import code_key
from register.vocab import Lifecycle, Role

BY = Actor.system("flask seed")


def is_seeded(session: Session) -> bool:
    """Tell whether the database was begun as a demo: the mark is the first entry of its audit chain."""
    return session.scalar(select(AuditEntry.event).where(AuditEntry.seq == 1)) == audit.Event.DEMO_SEEDED


def seed(
    session: Session, *, forms: FormLibrary, config_dir: Path, hashed: Mapping[str, str]
) -> None:
    """Load the demo; ``hashed`` gives the password hash of each account. Raise ``NotNow`` where data are already."""
    if session.scalar(select(func.count()).select_from(AuditEntry)):
        raise NotNow(say("このデータベースには記録があります。デモデータは空のデータベースにだけ登録できます。"))
    audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)
    folder = config_dir / "demo"
    for entry in _read(folder / "rounds.toml")["rounds"]:
        _round(session, entry, forms, folder, config_dir)
    ministries = by_name(session)
    people = _accounts(session, _read(folder / "accounts.toml")["accounts"], ministries, hashed)
    story = _read(folder / "story.toml")
    for entry in story["systems"]:
        _system(session, entry, people)
    for entry in story["moves"]:
        _move(session, entry, forms, people, ministries)


def accounts(config_dir: Path) -> tuple[str, list[dict[str, str]]]:
    """Return the demo's password and its accounts."""
    raw = _read(config_dir / "demo" / "accounts.toml")
    return raw["password"], raw["accounts"]


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _round(
    session: Session, entry: Mapping[str, Any], forms: FormLibrary, folder: Path, config_dir: Path
) -> None:
    year, number = (int(part) for part in entry["code"].split("-"))
    import_round(
        session,
        RoundFacts(year, number, entry["as_of"], entry.get("opens_on"), entry.get("due_on")),
        (folder / entry["file"]).read_bytes(),
        spec=forms.versions[entry["form"]],
        create_ministries=True,
        roster=load_roster(config_dir),
        by=BY,
    )


def _accounts(
    session: Session,
    entries: list[dict[str, str]],
    ministries: Mapping[str, Ministry],
    hashed: Mapping[str, str],
) -> dict[str, User]:
    """Make the accounts; return the approver of each ministry by the ministry's name."""
    approvers = {}
    for entry in entries:
        ministry = ministries[code_key(entry["ministry"])] if "ministry" in entry else None
        user = User(
            email=entry["email"],
            name=entry["name"],
            role=Role(entry["role"]),
            ministry_id=ministry.id if ministry else None,
            password=hashed[entry["email"]],
            active=True,
            fs_uniquifier=secrets.token_hex(16),
        )
        session.add(user)
        audit.record(session, audit.Event.USER_CREATED, user, by=BY)
        if user.role is Role.APPROVER:
            approvers[entry["ministry"]] = user
    return approvers


def _system(
    session: Session, entry: Mapping[str, Any], people: Mapping[str, User]
) -> None:
    by = Actor.of(people[entry["ministry"]])
    system = ai_systems.create(session, values=entry, by=by)
    first = session.scalars(
        select(UseCase).where(UseCase.ministry_id == by.ministry_id).order_by(UseCase.case_no).limit(2)
    )
    for use_case in first:
        use_case.ai_system_id = system.id
        audit.record(session, audit.Event.USE_CASE_EDITED, use_case, by=by)


def _move(
    session: Session,
    entry: Mapping[str, Any],
    forms: FormLibrary,
    people: Mapping[str, User],
    ministries: Mapping[str, Ministry],
) -> None:
    ministry = ministries[code_key(entry["ministry"])]
    named = select(UseCase).where(UseCase.ministry_id == ministry.id, UseCase.case_no == entry["case"])
    use_case = session.scalars(named).one()
    use_cases.move(
        session,
        use_case,
        form=forms.newest,
        to=Lifecycle(entry["to"]),
        on=entry["on"],
        reason=entry.get("reason", ""),
        version=use_case.version,
        by=Actor.of(people[entry["ministry"]]),
    )
