"""The promise of the list: 100,000 use cases cost little more than a bare page, and than 1,000 use cases."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from bench.measure import Line, medians
from bench.serve import Site

ROUNDS = 12
REQUESTS = 6
MOST = 3.0
CASE = re.compile(r"\b\w+-0000-\d{6}\b")

# What is asked, as the URL says it; the last says whether anything is promised of it.
LISTS: dict[str, tuple[dict[str, str], bool]] = {
    "lifecycle, usage type, by update": ({"lifecycle": "production", "usage_type": "G1", "sort": "updated"}, True),
    "one ministry, by update": ({"ministry": "C", "sort": "updated"}, True),
    "all, by number": ({"sort": "number"}, True),
    "lifecycle, by day of state": ({"lifecycle": "production", "sort": "since"}, True),
    "usage type, by title": ({"usage_type": "S1", "sort": "title"}, True),
    "search, by update": ({"q": "議事録", "sort": "updated"}, False),
}


def measure(large: Site, small: Site, floor: Site) -> list[Line]:
    """Measure every list as the secretariat sees it, one person asking at a time."""
    lines = []
    for what, (args, promised) in LISTS.items():
        path = f"/use-cases?{urlencode(args)}"
        _same_cases(large, floor, path)
        runs = {"large": large, "small": small, "floor": floor}
        found = medians(ROUNDS, {name: _timed(site, path) for name, site in runs.items()})
        most = MOST if promised else None
        lines.append(Line(f"list: {what}", found["floor"], found["large"], most))
        lines.append(Line("  against 1,000 cases", found["small"], found["large"], most))
    return lines


def _timed(site: Site, path: str) -> Callable[[], list[float]]:
    return partial(seconds, site, path)


def seconds(site: Site, path: str) -> list[float]:
    """Return how long a page took, each time that it was asked for."""
    taken = []
    for _ in range(REQUESTS):
        start = time.perf_counter()
        answer = site.get(path)
        taken.append(time.perf_counter() - start)
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}")
    return taken


def _same_cases(large: Site, floor: Site, path: str) -> None:
    """Raise unless both pages show the same rows in the same order: else they cannot be compared."""
    ours, bare = (CASE.findall(site.get(path).body) for site in (large, floor))
    if not ours or ours != bare:
        raise RuntimeError(f"{path} shows other rows than its floor: {ours[:3]} and {bare[:3]}")
