"""The sheet of the high-risk judgment (高リスク判定シート) as versioned data: viewpoints, options, their combination.

Nothing here knows what a viewpoint is about. A sheet only *suggests*; the ministry decides (domain.md section 3).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import rfc8785

from register.formspec.schema import Condition, Text
from register.vocab import RiskResult

STARTS = ("allow", "warn", "block")


@dataclass(frozen=True)
class Choice:
    """An answer to a viewpoint; ``level`` is its weight, from 0; ``facts`` of a case lead to expect it."""

    code: str
    level: int
    text: Text
    facts: tuple[Condition, ...]


@dataclass(frozen=True)
class Viewpoint:
    """One of the viewpoints (観点) that a case is judged by."""

    id: str
    text: Text
    guidance: Text
    options: tuple[Choice, ...]

    def option(self, code: str) -> Choice | None:
        """Return the option of ``code``; None when this sheet has none."""
        return next((one for one in self.options if one.code == code), None)

    def expected(self, facts: Mapping[str, str | None]) -> Choice | None:
        """Return the option that the answers of the case lead to expect; None where they say nothing."""
        return next((one for one in self.options if any(fact.holds(facts) for fact in one.facts)), None)


@dataclass(frozen=True)
class Need:
    """At least ``count`` of ``viewpoints`` stand at ``level`` or above."""

    viewpoints: tuple[str, ...]
    level: int
    count: int

    def holds(self, levels: Mapping[str, int]) -> bool:
        """Tell whether the levels of a sheet fulfil it."""
        return sum(levels[name] >= self.level for name in self.viewpoints) >= self.count


@dataclass(frozen=True)
class Clause:
    """One line of the rule: the result when every need is met, and the same in words."""

    result: RiskResult
    text: Text
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class Suggestion:
    """What a sheet suggests; ``clause`` is the line of the rule that says so, None while an answer is missing."""

    result: RiskResult
    clause: Clause | None


@dataclass(frozen=True)
class Flip:
    """A single answer that would turn the suggestion."""

    viewpoint: Viewpoint
    option: Choice
    result: RiskResult


@dataclass(frozen=True)
class Sheet:
    """A version of the sheet. ``standing`` says how far it is official."""

    form: str
    version: str
    guideline: str
    valid_from: dt.date
    title: Text
    standing: Text
    viewpoints: tuple[Viewpoint, ...]
    clauses: tuple[Clause, ...]
    canonical: bytes

    @property
    def digest(self) -> str:
        """The sha256 of the canonical JSON, by which a published version is known."""
        return hashlib.sha256(self.canonical).hexdigest()

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The names of the viewpoints in their order."""
        return tuple(one.id for one in self.viewpoints)

    def suggest(self, answers: Mapping[str, str]) -> Suggestion:
        """Return what the answers (viewpoint to code) suggest; undetermined while one is missing or unknown."""
        levels = {}
        for viewpoint in self.viewpoints:
            option = viewpoint.option(answers.get(viewpoint.id, ""))
            if option is None:
                return Suggestion(RiskResult.UNDETERMINED, None)
            levels[viewpoint.id] = option.level
        clause = next(one for one in self.clauses if all(need.holds(levels) for need in one.needs))
        return Suggestion(clause.result, clause)

    def flips(self, answers: Mapping[str, str]) -> tuple[Flip, ...]:
        """Return each single answer that would give another result than ``answers`` do."""
        now = self.suggest(answers).result
        if now is RiskResult.UNDETERMINED:
            return ()
        others = (
            Flip(viewpoint, option, self.suggest({**answers, viewpoint.id: option.code}).result)
            for viewpoint in self.viewpoints
            for option in viewpoint.options
        )
        return tuple(flip for flip in others if flip.result is not now)

    def understated(self, answers: Mapping[str, str], facts: Mapping[str, str | None]) -> tuple[Flip, ...]:
        """Return the viewpoints answered lower than the case itself leads to expect, with what was expected."""
        found = []
        for viewpoint in self.viewpoints:
            given, expected = viewpoint.option(answers.get(viewpoint.id, "")), viewpoint.expected(facts)
            if given is not None and expected is not None and given.level < expected.level:
                result = self.suggest({**answers, viewpoint.id: expected.code}).result
                found.append(Flip(viewpoint, expected, result))
        return tuple(found)


@dataclass(frozen=True)
class SheetLibrary:
    """The versions of the sheet, oldest first, and the settings of judging.

    ``grades`` are the grades of a risk case after which a case is judged anew; ``since`` is the day from which on a
    case that reaches its state is asked for a first judgment; ``start`` is one of ``STARTS``.
    """

    versions: Mapping[str, Sheet]
    review_months: int
    grades: frozenset[str]
    since: dt.date
    start: str

    def on(self, day: dt.date) -> Sheet:
        """Return the version in force on ``day``; the first one before that."""
        sheets = list(self.versions.values())
        return next((one for one in reversed(sheets) if one.valid_from <= day), sheets[0])


def load_sheets(config_dir: Path) -> SheetLibrary:
    """Return the sheets of ``config_dir``; raise ``ValueError`` when one can give no result or a setting is unknown."""
    paths = sorted((config_dir / "sheets").glob("v*.toml"), key=lambda path: int(path.stem[1:]))
    sheets = {path.stem: load_sheet(path) for path in paths}
    raw = tomllib.loads((config_dir / "deadlines.toml").read_text(encoding="utf-8"))["assessment"]
    if raw["start"] not in STARTS:
        raise ValueError(f"config/deadlines.toml: assessment.start must be one of {', '.join(STARTS)}")
    return SheetLibrary(sheets, raw["review_months"], frozenset(raw["grades"]), raw["since"], raw["start"])


def load_sheet(path: Path) -> Sheet:
    """Return the sheet in the TOML file ``path``."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return sheet_of(rfc8785.dumps(raw | {"valid_from": raw["valid_from"].isoformat()}))


def sheet_of(canonical: bytes) -> Sheet:
    """Return the sheet that ``canonical`` describes: the database keeps each one that was used."""
    plain = json.loads(canonical)
    clauses = tuple(_clause(one) for one in plain["clauses"])
    if not clauses or clauses[-1].needs:
        raise ValueError(f"sheet {plain['version']}: the last clause must hold always")
    return Sheet(
        plain["form"],
        plain["version"],
        plain["guideline"],
        dt.date.fromisoformat(plain["valid_from"]),
        Text(**plain["title"]),
        Text(**plain["standing"]),
        tuple(_viewpoint(one) for one in plain["viewpoints"]),
        clauses,
        canonical,
    )


def _viewpoint(plain: Mapping[str, Any]) -> Viewpoint:
    options = tuple(
        Choice(
            one["code"],
            one["level"],
            Text(one["ja"], one["en"]),
            tuple(Condition(fact["field"], tuple(fact["in"])) for fact in one.get("facts", ())),
        )
        for one in plain["options"]
    )
    return Viewpoint(plain["id"], Text(plain["ja"], plain["en"]), Text(**plain["guidance"]), options)


def _clause(plain: Mapping[str, Any]) -> Clause:
    needs = tuple(Need(tuple(one["viewpoints"]), one["level"], one["count"]) for one in plain["needs"])
    return Clause(RiskResult(plain["result"]), Text(plain["ja"], plain["en"]), needs)
