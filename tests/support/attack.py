"""Somebody who knows every figure that is shown and who thinks of all answers at once: no shortcuts, no blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any

from register.reports.dimensions import Where, holds
from register.reports.linear import Program
from register.reports.place import EXCLUSIONS, HEADLINES, POPULATIONS, UNANSWERED, Place
from register.reports.table import TOTAL

Answers = Mapping[str, tuple[str | None, ...]]


class Attacker:
    """Knows ``shown``, the figures with their conditions and values, and which answers there can be."""

    def __init__(self, answers: Answers, shown: Iterable[tuple[Where, int]]) -> None:
        self.keys = [dict(zip(answers, one, strict=True)) for one in product(*answers.values())]
        self.program = Program()
        for _ in self.keys:
            self.program.unknown()
        for where, value in shown:
            self.program.condition(value, value, dict.fromkeys(self.meeting(where), 1.0))

    def meeting(self, where: Where) -> list[int]:
        """Return the combinations that meet some conditions."""
        return [n for n, key in enumerate(self.keys) if holds(where, key)]

    def bounds(self, where: Where) -> tuple[float, float]:
        """Return between which values a figure lies."""
        return self.program.range(self.meeting(where))


def merged(answers: Answers, conditions: Iterable[Where]) -> dict[str, tuple[str | None, ...]]:
    """Return one answer of each kind that the conditions tell apart: the others would only be more of the same."""
    asked = [condition for where in conditions for condition in where]
    found = {}
    for name, codes in answers.items():
        own = [condition for condition in asked if condition.field == name]
        kinds = {tuple(one.holds({name: code}) for one in own): code for code in codes}
        found[name] = tuple(kinds.values())
    return found


def told(content: Mapping[str, Any], place: Place) -> int | None:
    """Return the figure at a place as the JSON of an edition tells it; None where it does not."""
    outside: dict[str, Callable[[], Any]] = {
        POPULATIONS: lambda: (
            content["populations"][place.row] if place.column == TOTAL else content["left_out"][place.row][place.column]
        ),
        EXCLUSIONS: lambda: content["exclusions"][place.row],
        HEADLINES: lambda: next(one[place.column] for one in content["headlines"] if one["key"] == place.row),
    }
    if place.table in outside:
        found: int | None = outside[place.table]()
        return found
    if place.row == UNANSWERED:
        return None
    table = {**content["tables"], **content["moves"]}[place.table]
    row = next(one for one in table["rows"] if one["code"] == place.row)
    sums = {TOTAL: row["total"], UNANSWERED: row["folded"] or None}
    return sums[place.column] if place.column in sums else row["cells"][table["columns"].index(place.column)]
