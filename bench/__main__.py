"""``python -m bench``: measure every promise and print the table; the exit code is 1 when one is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import burden, documents, incident_list, list_page, outbox, reports, sentinel, statements, workbooks, writes
from bench.data import installations
from bench.measure import Count, Line, table
from bench.serve import FLOORS, REGISTER, serving
from config.settings import ROOT
from register.seed import accounts

SIZES = {"large": 100_000, "small": 1_000}


def main() -> int:
    """Build both registers, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the speed promises.")
    parser.add_argument(
        "--database", metavar="URL", help="a PostgreSQL server whose role may create databases (default: SQLite)"
    )
    lines = _measured(parser.parse_args().database)
    print(table(lines))
    return 0 if all(line.kept for line in lines) else 1


def _measured(server: str | None) -> list[Line | Count]:
    password = accounts(ROOT / "config")[0]
    with tempfile.TemporaryDirectory() as folder:
        _tell(f"filling two registers on {'PostgreSQL' if server else 'SQLite'}")
        with (
            installations(SIZES, Path(folder), server) as made,
            serving(REGISTER, made["large"]) as large,
            serving(REGISTER, made["small"]) as small,
            serving(FLOORS, made["large"]) as floor,
        ):
            _tell("counting statements")
            lines: list[Line | Count] = [*statements.measure(made["small"], password)]
            _tell("reading lists")
            ours, few = (site.signed_in("secretariat", password) for site in (large, small))
            lines += list_page.measure(ours, few, floor)
            _tell("reading incidents and worklists")
            lines += incident_list.measure(large, small, password)
            _tell("writing")
            lines += writes.measure(large.signed_in("reporter", password), floor, made["large"])
            # After all that: it asks about half of the cases, which no register in use has open.
            _tell("checking what the register holds")
            lines += sentinel.measure(made["large"])
            _tell("sending mail")
            lines += outbox.measure(made["small"])
            _tell("counting rounds")
            lines += reports.measure(made, {"large": large, "small": small}, password, Path(folder), server)
        _tell("answering a round in a browser")
        lines += burden.measure(Path(folder))
        _tell("making documents")
        lines += documents.measure(Path(folder), server)
        _tell("reading workbooks")
        lines += workbooks.measure(Path(folder))
    return lines


def _tell(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


sys.exit(main())
