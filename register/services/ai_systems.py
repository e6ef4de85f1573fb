"""The deeds on AI systems: register and edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import Invalid, Say, say
from register.models import AISystem, Ministry
from register.services.editing import refuse_stale
from register.text import clean, clean_line

EDITABLE = ("name", "vendor", "model_usage", "note", "shared")
LONGEST = {"name": 200, "vendor": 200, "model_usage": 1000, "note": 4000}


def create(session: Session, *, values: Mapping[str, Any], by: Actor) -> AISystem:
    """Register an AI system of the actor's ministry; raise ``Invalid`` on bad values."""
    ministry = session.get_one(Ministry, by.ministry_id)
    now = session.info["clock"].now()
    system = AISystem(ministry_id=ministry.id, created_at=now, updated_at=now, **_checked(values))
    session.add(system)
    audit.record(session, audit.Event.AI_SYSTEM_CREATED, system, by=by)
    return system


def edit(session: Session, system: AISystem, *, values: Mapping[str, Any], version: int, by: Actor) -> AISystem:
    """Change an AI system; raise ``Stale`` when it was saved since ``version`` was read."""
    refuse_stale(system, version, EDITABLE)
    for name, value in _checked(values).items():
        setattr(system, name, value)
    if session.is_modified(system):
        system.updated_at = session.info["clock"].now()
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, system, by=by)
    return system


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {name: clean_line(values.get(name) or "") for name in ("name", "vendor", "model_usage")}
    cleaned |= {"note": clean(values.get("note") or ""), "shared": bool(values.get("shared"))}
    problems: dict[str, Say] = {}
    if not cleaned["name"]:
        problems["name"] = say("AIシステムの名称を入力してください。")
    for name, longest in LONGEST.items():
        if len(cleaned[name]) > longest:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=longest)
    if problems:
        raise Invalid(problems)
    return cleaned
