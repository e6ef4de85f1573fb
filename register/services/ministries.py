"""Finding the ministries that a file names, and adding those that are new when the secretariat says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.models import Ministry
from register.services.case_numbers import PATTERN
from register.text import code_key


def by_name(session: Session) -> dict[str, Ministry]:
    """Return every ministry by the folded form of its name, so that widths and blanks do not part them."""
    return {code_key(ministry.name): ministry for ministry in session.scalars(select(Ministry))}


def add(
    session: Session,
    names: Mapping[str, Sequence[str]],
    *,
    roster: Mapping[str, Mapping[str, Any]],
    by: Actor,
) -> dict[str, Ministry]:
    """Add ministries, ``names`` with their case numbers, after those known; return them by folded name.

    A body of ``roster`` (see ``config/ministries.toml``) gets the key and place that stand there. Another one gets the
    prefix that all its case numbers share, or ``m<n>`` when they share none.
    """
    last = session.scalar(select(func.max(Ministry.sort_no))) or 0
    last = max([last, *(entry["order"] for entry in roster.values())])
    taken = set(session.scalars(select(Ministry.key))) | {entry["key"] for entry in roster.values()}
    added = {}
    for name, case_numbers in names.items():
        entry = roster.get(code_key(name))
        if entry is None:
            last += 1
            key = _free_key(case_numbers, taken, last)
            entry = {"key": key, "order": last, "name": name, "short": name, "en": ""}
            taken.add(key)
        ministry = Ministry(
            key=entry["key"],
            name=entry["name"],
            name_short=entry["short"],
            name_en=entry["en"],
            sort_no=entry["order"],
            corporate_number=entry.get("corporate_number") or None,
        )
        session.add(ministry)
        audit.record(session, audit.Event.MINISTRY_CREATED, ministry, by=by)
        added[code_key(name)] = ministry
    return added


def _free_key(case_numbers: Iterable[str], taken: set[str], number: int) -> str:
    matches = [PATTERN.fullmatch(case_no) for case_no in case_numbers]
    prefixes = {match["key"] if match else "" for match in matches}
    prefix = prefixes.pop() if len(prefixes) == 1 else ""
    if prefix and prefix not in taken and len(prefix) <= 32:
        return prefix
    while f"m{number}" in taken:
        number += 1
    return f"m{number}"
