"""What waits for a person: the lines of すること on the first page, which every feature has a source of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from register.errors import Say


@dataclass(frozen=True)
class Task:
    """One line: what waits and how many of it, the page where it is done, and the nearest day that it is due.

    ``text`` is a whole sentence without the number; ``endpoint`` and ``args`` make the address of the page.
    """

    text: Say
    endpoint: str
    count: int
    args: Mapping[str, Any] = field(default_factory=dict)
    due: dt.date | None = None
    late: bool = False
