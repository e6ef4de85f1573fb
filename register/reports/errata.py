"""What is known of a report's earlier print: figures printed otherwise than they count, with the explanation beside."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from register.formspec.schema import Text
from register.reports.table import Row, Table


@dataclass(frozen=True)
class Erratum:
    """One place of a print: which figure of which row, what was printed, what counts, and why they differ."""

    table: str
    row: str
    printed: str
    counted: int
    explanation: Text


def load(config_dir: Path, code: str) -> tuple[Erratum, ...]:
    """Return the errata known for round ``code``; none when nothing is on file."""
    path = config_dir / "published" / f"{code}.toml"
    if not path.exists():
        return ()
    raw = tomllib.loads(path.read_text(encoding="utf-8"))["errata"]
    return tuple(Erratum(e["table"], e["row"], e["printed"], e["counted"], Text(e["ja"], e["en"])) for e in raw)


def applicable(printed: tuple[Erratum, ...], tables: Mapping[str, Table]) -> tuple[Erratum, ...]:
    """Keep the errata whose counted figure this round really has: other data under the same code have other slips."""
    return tuple(
        erratum
        for erratum in printed
        if any(row.code == erratum.row and row.total == erratum.counted for row in _rows(tables, erratum.table))
    )


def _rows(tables: Mapping[str, Table], slug: str) -> tuple[Row, ...]:
    return tables[slug].rows if slug in tables else ()
