"""The demo: both reference rounds, an account per role, a few deeds; never into a database that holds real data."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, workdays
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import NotNow, say
from register.formspec.codes import load_roster
from register.formspec.loader import FormLibrary
from register.models import (
    AuditEntry,
    Ministry,
    Question,
    Round,
    UseCase,
    User,
)
from register.reports import builder
from register.reports.contents import Speak
from register.seed import publication, risk
from register.seed.risk import case_of
from register.sentinel import load_limits
from register.services import (
    ai_systems,
    built_tables,
    questions,
    rounds,
    sentinel,
    use_cases,
)
from register.services.ministries import (
    by_name,
)
from register.services.round_import import (
    RoundFacts,
    import_round,
)
from register.text import (
    code_key,
)
from register.vocab import (
    Lifecycle,
    QuestionDeed,
    Role,
    RoundDeed,
)

BY = Actor.system("flask seed")


def is_seeded(session: Session) -> bool:
    """Tell whether the database was begun as a demo: the mark is the first entry of its audit chain."""
    return session.scalar(select(AuditEntry.event).where(AuditEntry.seq == 1)) == audit.Event.DEMO_SEEDED


def seed(
    session: Session,
    *,
    forms: FormLibrary,
    config_dir: Path,
    hashed: Mapping[str, str],
    speak: Mapping[str, Speak],
) -> None:
    """Load the demo; ``hashed`` gives the password hash of each account, ``speak`` says a sentence in each language.

    Raise ``NotNow`` where data are already.
    """
    # Every deed leaves an entry, so a database without any holds nothing that could be real.
    if session.scalar(select(func.count()).select_from(AuditEntry)):
        raise NotNow(say("このデータベースには記録があります。デモデータは空のデータベースにだけ登録できます。"))
    audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)
    folder, roster = config_dir / "demo", load_roster(config_dir)
    for entry in _read(folder / "rounds.toml")["rounds"]:
        _round(session, entry, forms, folder, roster)
    people = _accounts(session, accounts(config_dir)[1], hashed)
    story = _read(folder / "story.toml")
    for entry in story["systems"]:
        _system(session, entry, forms, people[entry["by"]])
    for entry in story["moves"]:
        _move(session, entry, forms, people[entry["by"]])
    for entry in story["tables"]:
        _table(session, entry, people[entry["by"]])
    risk.tell(session, story, forms, config_dir, people)
    publication.tell(session, story, forms, speak, people)
    _open_round(session, story["open_round"], forms)
    sentinel.check(session, load_limits(config_dir), by=BY)
    for entry in story["answers"]:
        _answer(session, entry, people)


def _table(session: Session, entry: Mapping[str, Any], by: Actor) -> None:
    """Save a table of the builder, and every further version of it."""
    first, *later = entry["versions"]
    table = built_tables.save(session, builder.declare(first), name=entry["name"], shared=entry["shared"], by=by)
    for one in later:
        change: dict[str, Any] = {"name": table.name, "reason": one["reason"], "version": table.version, "by": by}
        built_tables.revise(session, table, builder.declare(one), **change)


def _answer(session: Session, entry: Mapping[str, Any], people: Mapping[str, Actor]) -> None:
    """Take the steps of people with the question of a rule about a case."""
    tied = select(Question).join(UseCase, UseCase.id == Question.use_case_id)
    question = session.scalars(tied.where(UseCase.case_no == entry["case"], Question.rule == entry["rule"])).one()
    for who, deed, word in entry["deeds"]:
        questions.move(session, question, QuestionDeed(deed), word=word, version=question.version, by=people[who])


def _open_round(session: Session, entry: Mapping[str, Any], forms: FormLibrary) -> None:
    """Open a round as of the end of last month, the one after those that were loaded."""
    today = session.info["clock"].today()
    opens_on = workdays.on_or_after(today)
    number = session.scalar(select(func.max(Round.number)).where(Round.fiscal_year == fiscal_year(today))) or 0
    wanted = rounds.Plan(
        fiscal_year(today),
        number + 1,
        rehearsal=False,
        as_of=today.replace(day=1) - workdays.DAY,
        opens_on=opens_on,
        due_on=workdays.add(opens_on, entry["business_days"]),
        form=entry["form"],
        ministries=tuple(session.scalars(select(Ministry.id))),
        instructions=entry["instructions"],
        contact=entry["contact"],
    )
    made = rounds.plan(session, wanted, forms=forms, by=BY)
    rounds.move(session, made, RoundDeed.SCHEDULE, forms=forms, by=BY)
    rounds.move(session, made, RoundDeed.OPEN, forms=forms, by=BY)


def accounts(config_dir: Path) -> tuple[str, list[dict[str, str]]]:
    """Return the demo's password and its accounts."""
    raw = _read(config_dir / "demo" / "accounts.toml")
    return raw["password"], raw["accounts"]


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _round(
    session: Session,
    entry: Mapping[str, Any],
    forms: FormLibrary,
    folder: Path,
    roster: Mapping[str, Mapping[str, Any]],
) -> None:
    year, number = (int(part) for part in entry["code"].split("-"))
    import_round(
        session,
        RoundFacts(year, number, entry["as_of"], entry.get("opens_on"), entry.get("due_on")),
        (folder / entry["file"]).read_bytes(),
        spec=forms.versions[entry["form"]],
        create_ministries=True,
        roster=roster,
        by=BY,
    )


def _accounts(session: Session, entries: list[dict[str, str]], hashed: Mapping[str, str]) -> dict[str, Actor]:
    """Make the accounts; return who acts for each address."""
    ministries = by_name(session)
    people = {}
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
        people[user.email] = Actor.of(user)
    return people


def _system(session: Session, entry: Mapping[str, Any], forms: FormLibrary, by: Actor) -> None:
    system = ai_systems.create(session, values=entry, by=by)
    for case_no in entry["cases"]:
        use_case = case_of(session, case_no, by)
        values = {name: getattr(use_case, name) for name in use_cases.EDITABLE} | {"ai_system_id": system.id}
        use_cases.edit(session, use_case, form=forms.newest, values=values, version=use_case.version, by=by)


def _move(session: Session, entry: Mapping[str, Any], forms: FormLibrary, by: Actor) -> None:
    use_case = case_of(session, entry["case"], by)
    use_cases.move(
        session,
        use_case,
        form=forms.newest,
        to=Lifecycle(entry["to"]),
        on=entry["on"],
        reason=entry["reason"],
        version=use_case.version,
        by=by,
    )
