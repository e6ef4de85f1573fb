"""Linear programs over non-negative unknowns, solved by HiGHS: what can be inferred from sums, and what cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import highspy

INFINITY = float("inf")


class Unsolvable(Exception):
    """The conditions contradict each other, or the solver gave up; the text says which."""


class Program:
    """Unknowns from zero up and linear conditions on them; it can be solved again and again for other aims."""

    def __init__(self) -> None:
        self._solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._solver.silent()
        # Primal simplex: what changes between two aims is what they cost, and the last answer is a place to start from.
        self._solver.setOptionValue("simplex_strategy", 4)
        self.prices: list[float] = []
        self._conditions = 0

    def unknown(self, most: float = INFINITY, cost: float = 0.0) -> int:
        """Add an unknown of at most ``most``; return its place. ``cost`` is its part in ``cheapest``."""
        self._solver.addCol(cost, 0.0, most, 0, [], [])
        self.prices.append(cost)
        return len(self.prices) - 1

    def condition(self, least: float, most: float, terms: Mapping[int, float]) -> int:
        """Add the condition that a sum of unknowns lies between two bounds; return its place."""
        self._solver.addRow(least, most, len(terms), list(terms), [float(one) for one in terms.values()])
        self._conditions += 1
        return self._conditions - 1

    def rebound(self, condition: int, least: float, most: float) -> None:
        """Change the bounds of a condition."""
        self._solver.changeRowBounds(condition, least, most)

    def limit(self, unknown: int, least: float, most: float) -> None:
        """Change the bounds of an unknown."""
        self._solver.changeColBounds(unknown, least, most)

    def price(self, unknown: int, cost: float) -> None:
        """Change the part of an unknown in ``cheapest``."""
        self._solver.changeColCost(unknown, cost)
        self.prices[unknown] = cost

    def range(self, unknowns: Iterable[int]) -> tuple[float, float]:
        """Return the least and the greatest value that the sum of some unknowns can have."""
        aim = list(unknowns)
        for one in aim:
            self._solver.changeColCost(one, 1.0)
        low = self._solved()
        for one in aim:
            self._solver.changeColCost(one, -1.0)
        high = -self._solved()
        for one in aim:
            self._solver.changeColCost(one, 0.0)
        return low, high

    def cheapest(self) -> list[float]:
        """Return the values of the unknowns that together cost least."""
        self._solved()
        return list(self._solver.getSolution().col_value)

    def _solved(self) -> float:
        """Return the least cost, minus infinity where there is none; raise ``Unsolvable``."""
        self._solver.run()
        status = self._solver.getModelStatus()
        kinds = highspy.HighsModelStatus
        if status == kinds.kOptimal:
            return float(self._solver.getInfo().objective_function_value)
        if status in (kinds.kUnbounded, kinds.kUnboundedOrInfeasible):
            return -INFINITY
        raise Unsolvable(self._solver.modelStatusToString(status))
