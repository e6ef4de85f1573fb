"""Alternating measurements, their medians, and the table that says which promise is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from unicodedata import east_asian_width

HEADINGS = ("what", "floor", "ours", "ratio", "promise", "")


@dataclass(frozen=True)
class Line:
    """One measured thing beside its floor; without ``most`` it is told and nothing is promised."""

    what: str
    floor: float
    ours: float
    most: float | None
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        return self.ours / self.floor

    @property
    def kept(self) -> bool:
        return self.most is None or self.ratio <= self.most

    def cells(self) -> tuple[str, ...]:
        """Return the line as the table shows it."""
        promise = "-" if self.most is None else f"<= {self.most:g}"
        verdict = "" if self.most is None else "ok" if self.kept else "MISSED"
        ours, floor = f"{self.ours:.2f} {self.unit}", f"{self.floor:.2f} {self.unit}"
        return (self.what, floor, ours, f"{self.ratio:.2f}", promise, verdict)


@dataclass(frozen=True)
class Count:
    """A number of things and the most that it may be; without ``most`` it is told and nothing is promised."""

    what: str
    number: int
    most: int | None

    @property
    def kept(self) -> bool:
        return self.most is None or self.number <= self.most

    def cells(self) -> tuple[str, ...]:
        """Return the line as the table shows it."""
        promise = "-" if self.most is None else f"<= {self.most}"
        verdict = "" if self.most is None else "ok" if self.kept else "MISSED"
        return (self.what, "-", str(self.number), "-", promise, verdict)


def medians(rounds: int, runs: Mapping[str, Callable[[], Sequence[float]]]) -> dict[str, float]:
    """Run everything in turns, so that a busy moment of the machine meets all; return each one's median in ms."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].extend(run())
    return {name: 1000 * median(seconds) for name, seconds in found.items()}


def table(lines: Sequence[Line | Count]) -> str:
    """Return the lines as a table of text."""
    rows = [HEADINGS, *(line.cells() for line in lines)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(_padded(*pair) for pair in enumerate(zip(row, widths, strict=True))) for row in rows)


def _padded(column: int, cell: tuple[str, int]) -> str:
    text, width = cell
    blanks = " " * (width - _width(text))
    return text + blanks if column in {0, len(HEADINGS) - 1} else blanks + text


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "FW" else 1 for character in text)
