"""Reading AI systems: the list, and one system with the use cases that it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.models import AISystem, Ministry, UseCase


@dataclass(frozen=True)
class SystemPage:
    """One AI system with those of its use cases that the actor may see."""

    system: AISystem
    ministry: Ministry
    use_cases: Sequence[UseCase]
    may_edit: bool
    whole: bool  # a ministry that only shares the system sees what it is, not what its owner noted


def list_systems(session: Session, actor: Actor) -> list[Row[Any]]:
    """Return (system, ministry, number of its use cases that ``actor`` may see), ministries in official order."""
    cases = (
        select(UseCase.ai_system_id, func.count().label("cases"))
        .where(UseCase.ai_system_id.is_not(None), authz.sight(UseCase, actor))
        .group_by(UseCase.ai_system_id)
        .subquery()
    )
    statement = (
        select(AISystem, Ministry, func.coalesce(cases.c.cases, 0).label("cases"))
        .join(Ministry, Ministry.id == AISystem.ministry_id)
        .outerjoin(cases, cases.c.ai_system_id == AISystem.id)
        .order_by(Ministry.sort_no, AISystem.name, AISystem.id)
    )
    return list(session.execute(authz.visible(statement, AISystem, actor)))


def system_page(session: Session, system: AISystem, actor: Actor) -> SystemPage:
    """Return what the page of ``system`` shows to ``actor``."""
    statement = select(UseCase).where(UseCase.ai_system_id == system.id).order_by(UseCase.ministry_id, UseCase.case_no)
    return SystemPage(
        system,
        session.get_one(Ministry, system.ministry_id),
        session.scalars(authz.visible(statement, UseCase, actor)).all(),
        authz.can(actor, Permission.AI_SYSTEM_WRITE, system),
        actor.ministry_id in (None, system.ministry_id),
    )
