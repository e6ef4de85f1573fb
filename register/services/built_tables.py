"""The deeds on tables of the table builder: save, revise, share, withdraw."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import Invalid, NotNow, Say, Stale, say
from register.models import BuiltTable, BuiltTableVersion
from register.reports import builder
from register.reports.builder import Definition
from register.text import clean_line

LONGEST = {"name": 100, "reason": 200}


def save(session: Session, definition: Definition, *, name: str, shared: bool, by: Actor) -> BuiltTable:
    """Keep a table under a name, as its first version; raise ``Invalid`` for a name that does not do."""
    typed = _checked({"name": name})
    _refuse_taken(session, typed["name"])
    now = session.info["clock"].now()
    table = BuiltTable(name=typed["name"], shared=shared, created_at=now, updated_at=now, created_by=by.name)
    session.add(table)
    _add_version(session, table, definition, "", by)
    audit.record(session, audit.Event.TABLE_SAVED, table, by=by)
    return table


def revise(
    session: Session, table: BuiltTable, definition: Definition, *, name: str, reason: str, version: int, by: Actor
) -> None:
    """Keep a changed declaration as the next version, or a changed name.

    Raise ``Stale`` when the table was saved since ``version`` was read, ``Invalid`` for a change that changes nothing.
    """
    refuse_withdrawn(table)
    if table.version != version:
        theirs = {"name": table.name, "definition": table.newest.definition}
        raise Stale(say("ほかの人が先に保存しました。両方の内容を確認してください。"), theirs, table.version)
    typed = _checked({"name": name, "reason": reason})
    declared = definition != builder.read(table.newest.definition)
    if not declared and typed["name"] == table.name:
        raise Invalid({"name": say("名前も表の内容も変わっていません。")})
    if typed["name"] != table.name:
        _refuse_taken(session, typed["name"])
        table.name = typed["name"]
    if declared:
        _add_version(session, table, definition, typed["reason"], by)
    _touch(session, table)
    audit.record(session, audit.Event.TABLE_REVISED, table, by=by, reason=typed["reason"])


def share(session: Session, table: BuiltTable, shared: bool, *, by: Actor) -> None:
    """Let everybody who may read a report see the table, or the secretariat alone; doing it twice changes nothing."""
    refuse_withdrawn(table)
    if table.shared is not shared:
        table.shared = shared
        _touch(session, table)
        audit.record(session, audit.Event.TABLE_SHARED, table, by=by)


def withdraw(session: Session, table: BuiltTable, *, by: Actor) -> None:
    """Take a table out of use; it stays on record. Doing it twice changes nothing."""
    if table.withdrawn_at is None:
        table.withdrawn_at = _touch(session, table)
        audit.record(session, audit.Event.TABLE_WITHDRAWN, table, by=by)


def _add_version(session: Session, table: BuiltTable, definition: Definition, reason: str, by: Actor) -> None:
    made = BuiltTableVersion(
        number=len(table.versions) + 1,
        definition=definition.plain(),
        reason=reason,
        saved_at=session.info["clock"].now(),
        saved_by=by.name,
    )
    table.versions.append(made)


def _touch(session: Session, table: BuiltTable) -> dt.datetime:
    """Mark the change on the table itself, also where only a version was added: whoever revises it has to see it."""
    now: dt.datetime = session.info["clock"].now()
    table.updated_at = now
    return now


def _checked(typed: dict[str, str]) -> dict[str, str]:
    needed = {"name": say("表の名前を入力してください。"), "reason": say("変えた理由を入力してください。")}
    cleaned = {name: clean_line(text) for name, text in typed.items()}
    problems: dict[str, Say] = {name: needed[name] for name, text in cleaned.items() if not text}
    for name, text in cleaned.items():
        if len(text) > LONGEST[name]:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=LONGEST[name])
    if problems:
        raise Invalid(problems)
    return cleaned


def _refuse_taken(session: Session, name: str) -> None:
    taken = select(BuiltTable.id).where(BuiltTable.name == name, BuiltTable.withdrawn_at.is_(None))
    if session.scalar(taken.limit(1)) is not None:
        raise Invalid({"name": say("同じ名前の表があります。別の名前を付けてください。")})


def refuse_withdrawn(table: BuiltTable) -> None:
    """Raise ``NotNow`` for a table that was taken out of use."""
    if table.withdrawn_at is not None:
        raise NotNow(say("この表は取り下げられています。"))
