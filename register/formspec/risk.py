"""The words and time limits of the risk side: code lists and deadlines, read from ``config`` once."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from register.formspec.schema import Text


@dataclass(frozen=True)
class CodeList:
    """An official or proposed list in its order: code to text."""

    texts: Mapping[str, Text]

    @cached_property
    def codes(self) -> frozenset[str]:
        """What may be chosen."""
        return frozenset(self.texts)

    def label(self, code: str | None, language: str) -> str:
        """Return the text of ``code``; a code that the list no longer has is shown as it is."""
        if not code:
            return ""
        return self.texts[code].of(language) if code in self.texts else code


@dataclass(frozen=True)
class RiskTerms:
    """What incidents are told in, and the business days that their clocks give.

    ``notify`` and ``follow_up`` are keyed by grade, "" while none is given; ``nil_due`` counts from the end of a
    month, ``nil_since`` is the first month that is asked for; ``notice`` counts from the issue of a notice.
    """

    categories: CodeList
    grades: CodeList
    information: CodeList
    references: CodeList
    report: int
    notify: Mapping[str, int]
    follow_up: Mapping[str, int]
    nil_due: int
    nil_shown: int
    nil_since: dt.date
    notice: int


def load_code_list(path: Path) -> CodeList:
    """Return the list of one file in ``config/codes``."""
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["codes"]
    return CodeList({one["code"]: Text(one["ja"], one["en"]) for one in sorted(listed, key=lambda one: one["order"])})


def load_risk(config_dir: Path) -> RiskTerms:
    """Return the risk terms of ``config_dir``; raise ``ValueError`` when a grade has no time limit."""
    raw: Mapping[str, Any] = tomllib.loads((config_dir / "deadlines.toml").read_text(encoding="utf-8"))
    names = ("category", "grade", "information", "reference")
    categories, grades, information, references = (
        load_code_list(config_dir / "codes" / f"incident_{name}.toml") for name in names
    )
    incident, nil = raw["incident"], raw["nil"]
    for name in ("notify", "follow_up"):
        if set(incident[name]) != {"", *grades.codes}:
            raise ValueError(f"config/deadlines.toml: incident.{name} needs a limit for every grade, and one for none")
    clocks = (incident["report"], incident["notify"], incident["follow_up"])
    months = (nil["due"], nil["shown"], nil["since"])
    return RiskTerms(categories, grades, information, references, *clocks, *months, raw["notice"]["answer"])
