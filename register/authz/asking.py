"""Asking the table of rules: of one row, or as a condition over many; both are one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false
from sqlalchemy.orm import DeclarativeBase

from register.authz.extents import EXTENTS
from register.authz.permissions import Permission, Reach
from register.authz.rules import RULES, SIGHT
from register.errors import Forbidden, say
from register.models import User
from register.vocab import Role

# A statement of any shape: narrowing it says nothing of its columns.
AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, or a command of the system (``role`` is then None and it is never asked)."""

    name: str
    user_id: int | None = None
    role: Role | None = None
    ministry_id: int | None = None

    @classmethod
    def of(cls, user: User) -> Actor:
        """Return the actor that ``user`` is."""
        return cls(name=user.name, user_id=user.id, role=user.role, ministry_id=user.ministry_id)

    @classmethod
    def system(cls, name: str) -> Actor:
        """Return the actor of a command or a job, for example ``flask rounds import``."""
        return cls(name=name)


def reach(actor: Actor, permission: Permission) -> Reach | None:
    """Return how far ``permission`` goes for ``actor``; None when not at all."""
    return RULES[permission].get(actor.role) if actor.role else None


def can(actor: Actor, permission: Permission, row: Any = None) -> bool:
    """Tell whether ``actor`` may do the deed, with ``row`` when it concerns one."""
    extent = reach(actor, permission)
    if extent is None:
        return False
    return row is None or _holds(extent, row, actor)


def require(actor: Actor, permission: Permission, row: Any = None) -> None:
    """Raise ``Forbidden`` when ``actor`` may not do the deed."""
    if not can(actor, permission, row):
        raise Forbidden(say("この操作を行う権限がありません。"))


def visible(statement: AnySelect, model: type[DeclarativeBase], actor: Actor) -> AnySelect:
    """Narrow ``statement`` to the rows of ``model`` that ``actor`` may know of."""
    return statement.where(sight(model, actor))


def sight(model: type[DeclarativeBase], actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which ``actor`` may know of a row of ``model``."""
    extent = reach(actor, SIGHT[model])
    return false() if extent is None else _clause(extent, model, actor)


def _clause(extent: Reach, model: Any, actor: Actor) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = EXTENTS[extent][0](model, actor)
    return condition


def _holds(extent: Reach, row: Any, actor: Actor) -> bool:
    return bool(EXTENTS[extent][1](row, actor))
