"""The report of a round that is on file, and changes to what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.models import Round
from register.reports.report import Report, build
from tests.support.round_files import CONFIG, LIBRARY

PRINTED = json.loads((CONFIG / "published" / "2025-2.json").read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], object]


def report_of(session: Session, number: int) -> Report:
    """Return the report of a round of the year."""
    return build(session, session.scalars(select(Round).where(Round.number == number)).one(), "ja", LIBRARY)
