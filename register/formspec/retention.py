"""How long the files of snapshots are kept (保存期間): years by kind, read from ``config/retention.toml`` once."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from register.clock import TOKYO, fiscal_year
from register.vocab import SnapshotKind


@dataclass(frozen=True)
class Retention:
    """The years of each kind."""

    years: Mapping[SnapshotKind, int]

    def until(self, kind: SnapshotKind, made_at: dt.datetime) -> dt.date:
        """Return the last day on which the file of a snapshot is kept.

        Its term begins on the 1 April after the fiscal year of its making.
        """
        begins = fiscal_year(made_at.astimezone(TOKYO).date()) + 1
        return dt.date(begins + self.years[kind], 3, 31)


def load_retention(config_dir: Path) -> Retention:
    """Return the terms in ``config_dir``; raise ``ValueError`` when one is missing or no number of years."""
    raw = tomllib.loads((config_dir / "retention.toml").read_text(encoding="utf-8"))["years"]
    names = [kind.value for kind in SnapshotKind]
    if sorted(raw) != sorted(names) or any(type(years) is not int or years < 1 for years in raw.values()):
        raise ValueError(f"config/retention.toml: [years] needs a number of years for each of {', '.join(names)}")
    return Retention({SnapshotKind(name): years for name, years in raw.items()})
