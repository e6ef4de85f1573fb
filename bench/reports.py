"""The promises of the report: its tables cost little more than one GROUP BY, and its page nothing more for more items.

All tables are made anew from a settled round of 100,000 items against one GROUP BY over every question that they count,
in the same database and process. A page that was opened before is asked for as a browser does; it is made of what was
kept, whose size follows how many different combinations of answers there are, and not how many items gave them: ten
times the items have less than twice the combinations.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from bench import round_data, statements
from bench.data import Installation, installations
from bench.list_page import ROUNDS, seconds
from bench.measure import Count, Line, medians
from bench.serve import Site
from register.db import Database
from register.formspec.loader import from_canonical
from register.formspec.terms import round_terms
from register.models import Round, SubmissionItem, counted
from register.reports import counts, engine
from register.reports.catalogue import CATALOGUE
from register.reports.dimensions import FIELDS, Dimensions

ITEMS, FEW, MANY = 100_000, 10_000, 1_000_000
MADE_ANEW, MOST_STATEMENTS, PAGE, MILLION = 1.5, 6, 1.5, 8.0
REPORT = f"/rounds/{round_data.CODE}/report"
PAGES = {"report page": REPORT, "trend page": f"{REPORT}/trend"}


def measure(
    made: Mapping[str, Installation], sites: Mapping[str, Site], password: str, folder: Path, server: str | None
) -> list[Line | Count]:
    """Measure a round of 100,000 items beside one of 10,000; on PostgreSQL one of a million too."""
    sizes = {"large": ITEMS, "small": FEW}
    databases = {name: Database(made[name].database_url) for name in sizes}
    rounds = {name: round_data.fill(databases[name], size) for name, size in sizes.items()}
    tables = _Tables(databases["large"], rounds["large"])
    found = medians(ROUNDS, {"floor": _timed(tables.floor), "ours": _timed(tables.ours)})
    lines: list[Line | Count] = [Line("report: all tables of 100,000 items", found["floor"], found["ours"], MADE_ANEW)]
    lines += _pages({name: site.signed_in("secretariat", password) for name, site in sites.items()})
    named = {f"{what} of 100,000 items": (path, MOST_STATEMENTS) for what, path in PAGES.items()}
    lines += statements.pages(made["large"], password, named)
    if server:
        lines.append(_million(tables, folder, server))
    for database in databases.values():
        database.engine.dispose()
    return lines


class _Tables:
    """Making every table of a round, and the least that can count the same."""

    def __init__(self, database: Database, round_id: int) -> None:
        self.database, self.round_id = database, round_id
        with database.reading() as session:
            round_ = session.get_one(Round, round_id)
            spec = from_canonical(round_.form_version.canonical)
        self.dimensions = Dimensions(spec, "ja", round_terms(round_.as_of))
        if self.floor() != self.ours():
            raise RuntimeError("the tables count other cases than their floor")

    def floor(self) -> int:
        """Count by every question that the tables ask about, in one statement; return how many cases there are."""
        answers = [SubmissionItem.answers[name].as_string().label(name) for name in FIELDS]
        cases = select(*answers, func.count().label("cases")).where(SubmissionItem.round_id == self.round_id, counted())
        with self.database.reading() as session:
            return sum(row.cases for row in session.execute(cases.group_by(*answers)))

    def ours(self) -> int:
        """Make every table; return how many cases the first of them counts."""
        with self.database.reading() as session:
            found = counts.count(session, self.round_id)
        made = [engine.tabulate(tab, self.dimensions, found) for tab in CATALOGUE]
        return made[0].total.total


def _timed(run: Callable[[], int]) -> Callable[[], list[float]]:
    def timed() -> list[float]:
        start = time.perf_counter()
        run()
        return [time.perf_counter() - start]

    return timed


def _pages(sites: Mapping[str, Site]) -> list[Line | Count]:
    """Measure each page as it is opened for the first time, which is told, and from then on."""
    lines: list[Line | Count] = []
    for what, path in PAGES.items():
        start = time.perf_counter()
        sites["large"].get(path)
        first = time.perf_counter() - start
        found = medians(ROUNDS, {name: partial(seconds, site, path) for name, site in sites.items()})
        lines.append(Line(f"report: {what} of 100,000 items (against 10,000)", found["small"], found["large"], PAGE))
        lines.append(Line("  opened for the first time", found["large"], 1000 * first, None))
    return lines


def _million(fewer: _Tables, folder: Path, server: str) -> Line:
    with installations({"huge": 1_000}, folder, server) as made:
        database = Database(made["huge"].database_url)
        tables = _Tables(database, round_data.fill(database, MANY))
        found = medians(ROUNDS, {"fewer": _timed(fewer.ours), "many": _timed(tables.ours)})
        database.engine.dispose()
    return Line("report: all tables of 1,000,000 items (against 100,000)", found["fewer"], found["many"], MILLION)
