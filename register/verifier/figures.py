"""The figures of the CSV files against the JSON beside them; tables and forms against their definitions."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

from register.verifier.manifest import CROSSWALK, DEFINITIONS
from register.verifier.pack import Checked, Pack
from register.verifier.sources import LARGEST_PART, whole

Place = tuple[str, str, str]
FLOW, CHANGE, TOTAL = "usage_type_flow", "usage_type_change", "total"
# Where a line of the CSV has the table, the row, the column and the figure.
CSV_PLACES = (0, 3, 5, 7)


def figures(pack: Pack) -> Checked:
    """Compare every figure of the CSV files with the JSON beside them."""
    found, count = [], 0
    by_place = {(one["document"], one["attachment"]): one["path"] for one in pack.of("data")}
    for document in pack.documents:
        name = document.entry["data"].rpartition(".")[0] + ".csv"
        path = by_place.get((document.path, name))
        if "tables" not in document.data or (name not in document.attached and path is None):
            continue
        if path is None or path not in pack.actual:
            found.append(f"{document.path}: {name}")
            continue
        wanted, loose = expected_figures(document.data)
        told = told_figures(whole(pack.source, path, LARGEST_PART))
        count += len(told)
        wrong = [place for place in {**wanted, **told} if not _agree(place, told, wanted, loose)]
        found += [f"{path}: {' / '.join(place)}" for place in wrong]
    return count, found


def _agree(place: Place, told: dict[Place, str], wanted: dict[Place, int | None], loose: Sequence[Place]) -> bool:
    if place not in wanted:
        return False
    if place not in told:
        return place in loose
    figure = wanted[place]
    # What is left out or was not counted then stands there in words, or not at all.
    return told[place] == str(figure) if figure is not None else not re.search(r"[0-9０-９]", told[place])


def told_figures(content: bytes) -> dict[Place, str]:
    """Return the figures of a CSV of tables by table, row and column; raise ``ValueError`` for a place told twice."""
    found: dict[Place, str] = {}
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    for row in list(rows)[1:]:
        table, line, column, figure = (row[place] for place in CSV_PLACES)
        # A text that a spreadsheet would run has an apostrophe before it.
        place = table.lstrip("'"), line.lstrip("'"), column.lstrip("'")
        if place in found:
            raise ValueError(f"told twice: {' / '.join(place)}")
        found[place] = figure
    return found


def expected_figures(data: dict[str, Any]) -> tuple[dict[Place, int | None], list[Place]]:
    """Return every figure of a report's JSON by its place, and the places that may be left out, being zero."""
    found: dict[Place, int | None] = {}
    loose: list[Place] = []
    for slug, table in {**data["tables"], **data.get("moves", {})}.items():
        for row in table["rows"]:
            if len(table["columns"]) != len(row["cells"]):
                raise ValueError(f"a row of another length: {slug}")
            for at, column in enumerate(table["columns"]):
                found[slug, row["code"], column] = row["cells"][at]
            found[slug, row["code"], TOTAL] = row["total"]
    if "moves" not in data:
        _moves(data.get(FLOW, {}), found)
        changes = data.get(CHANGE, {})
        for kind, count in [*changes.items(), *([(TOTAL, sum(changes.values()))] if changes else [])]:
            found[CHANGE, kind, "count"] = found[CHANGE, kind, TOTAL] = count
            loose += [] if count else [(CHANGE, kind, "count"), (CHANGE, kind, TOTAL)]
    return found, loose


def _moves(ways: dict[str, int], found: dict[Place, int | None]) -> None:
    """Add the table of the ways from type to type: rows, columns and their sums."""
    ends = [tuple(way.split(">")) for way in ways]
    for row in {before for before, _ in ends} | ({TOTAL} if ends else set()):
        total = 0
        for column in {now for _, now in ends}:
            counts = [ways[f"{was}>{now}"] for was, now in ends if row in (was, TOTAL) and now == column]
            found[FLOW, row, column] = sum(counts)
            total += sum(counts)
        found[FLOW, row, TOTAL] = total


def tables(pack: Pack) -> Checked:
    """Compare rows and columns of every table with its definition."""
    known = {one["slug"]: one for one in pack.json(DEFINITIONS)["tables"]}
    found, count = [], 0
    for document in pack.documents:
        for slug, table in document.data.get("tables", {}).items():
            count += 1
            one = known.get(slug, {"population": "", "columns": [], "rows": []})
            columns, rows = ([part["code"] for part in one[name]] for name in ("columns", "rows"))
            told = [row["code"] for row in table["rows"] if row["code"] not in (TOTAL, "previous")]
            if one["population"] != table["population"] or columns != table["columns"] or rows != told:
                found.append(f"{document.path}: {slug}")
    return count, found


def forms(pack: Pack) -> Checked:
    """Compare the form versions with what reports, receipts and the crosswalk name by digest."""
    here = {pack.actual[one["path"]][1]: one for one in pack.of("form") if one["path"] in pack.actual}
    crosswalk = pack.json(CROSSWALK)
    own, before = crosswalk["after"]["sha256"], crosswalk["before"]
    ends = {own} | ({before["sha256"]} if before else set())
    found = [f"{one.path}: {one.form}" for one in pack.documents if one.form not in ("", own)]
    found += [f"{CROSSWALK}: {one}" for one in sorted(ends - here.keys())]
    for digest, one in here.items():
        value = pack.json(one["path"])
        same = (value["form"], value["version"]) == (one["form"], one["version"])
        if digest not in ends or not same or one["path"] != f"forms/{one['form']}-{one['version']}.json":
            found.append(one["path"])
    return len(here), found
