"""The promise of the risk side: with 20,000 incidents the list and the worklist cost little more than with 200."""

from __future__ import annotations

from functools import partial

from bench.list_page import MOST, ROUNDS, seconds
from bench.measure import Line, medians
from bench.serve import Site

# What is asked, by whom.
PAGES = {
    "incidents: all, by detection": ("secretariat", "/incidents"),
    "incidents: open, by update": ("secretariat", "/incidents?state=open&sort=updated"),
    "incidents: one ministry": ("reporter", "/incidents"),
    "worklist of the secretariat": ("secretariat", "/"),
    "worklist of a ministry": ("reporter", "/"),
    "months of every ministry": ("secretariat", "/incidents/months"),
}


def measure(large: Site, small: Site, password: str) -> list[Line]:
    """Measure every page with 100,000 use cases and 20,000 incidents against 1,000 and 200."""
    lines = []
    for what, (who, path) in PAGES.items():
        sites = {"large": large.signed_in(who, password), "small": small.signed_in(who, password)}
        found = medians(ROUNDS, {name: partial(seconds, site, path) for name, site in sites.items()})
        lines.append(Line(f"{what} (against 200)", found["small"], found["large"], MOST))
    return lines
