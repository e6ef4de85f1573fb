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
    """One place of a print: ``figure`` names what was ``printed`` otherwise than it is ``counted``, like beside like.

    ``row`` of ``table`` is where it stands; it is known by that row's ``total``, which other data do not have.
    """

    table: str
    row: str
    total: int
    figure: Text
    printed: Text
    counted: Text
    explanation: Text


def load(config_dir: Path, code: str) -> tuple[Erratum, ...]:
    """Return the errata known for round ``code``; none when nothing is on file."""
    path = config_dir / "published" / f"{code}.toml"
    if not path.exists():
        return ()
    texts = ("figure", "printed", "counted", "explanation")
    return tuple(
        Erratum(e["table"], e["row"], e["total"], *(Text(e[name]["ja"], e[name]["en"]) for name in texts))
        for e in tomllib.loads(path.read_text(encoding="utf-8"))["errata"]
    )


def applicable(printed: tuple[Erratum, ...], tables: Mapping[str, Table]) -> tuple[Erratum, ...]:
    """Keep the errata of rows whose total this round really has: other data under the same code have other slips."""
    return tuple(
        erratum
        for erratum in printed
        if any(row.code == erratum.row and row.total == erratum.total for row in _rows(tables, erratum.table))
    )


def _rows(tables: Mapping[str, Table], slug: str) -> tuple[Row, ...]:
    return tables[slug].rows if slug in tables else ()
