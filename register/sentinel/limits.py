"""How long is too long for the consistency check: days, read from ``config/sentinel.toml`` once."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """Days after which something is asked: a start that was planned, a suspension, a use that nobody registered."""

    start_passed: int
    suspended: int
    unregistered: int


@dataclass(frozen=True)
class Moment:
    """The day that a check is made on, with its limits."""

    today: dt.date
    limits: Limits

    def ago(self, days: int) -> dt.date:
        """Return the day so many days before."""
        return self.today - dt.timedelta(days=days)


def load_limits(config_dir: Path) -> Limits:
    """Return the limits in ``config_dir``; raise ``ValueError`` when one is missing or no number of days."""
    raw = tomllib.loads((config_dir / "sentinel.toml").read_text(encoding="utf-8"))["days"]
    names = [field.name for field in fields(Limits)]
    if sorted(raw) != sorted(names) or any(type(days) is not int or days < 0 for days in raw.values()):
        raise ValueError(f"config/sentinel.toml: [days] needs a number of days for each of {', '.join(names)}")
    return Limits(**raw)
