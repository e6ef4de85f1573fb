"""Reading the tables of the table builder: the list, and one version of a table."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from register import authz
from register.authz import Actor
from register.errors import NotFound, say
from register.models import BuiltTable, BuiltTableVersion


def listed(session: Session, actor: Actor) -> Sequence[BuiltTable]:
    """Return the tables that the actor may see, those in use first, then by the last change."""
    statement = authz.visible(select(BuiltTable), BuiltTable, actor)
    ordered = statement.order_by(BuiltTable.withdrawn_at.is_not(None), BuiltTable.updated_at.desc(), BuiltTable.id)
    found: Sequence[BuiltTable] = session.scalars(ordered.options(selectinload(BuiltTable.versions))).all()
    return found


def version_of(table: BuiltTable, number: str) -> BuiltTableVersion:
    """Return the version that an address asks for, the newest where it asks for none; raise ``NotFound``."""
    found = table.newest if not number else next((one for one in table.versions if str(one.number) == number), None)
    if found is None:
        raise NotFound(say("お探しのページはありません。"))
    return found
