"""Somebody who knows every figure that is shown and who thinks of all answers at once: no shortcuts, no blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from register.reports.dimensions import Where, holds
from register.reports.linear import Program

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
