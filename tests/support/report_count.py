"""A round counted by hand, row by row, as the contract of the report's JSON says; it knows nothing of the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, str]
Rows = Sequence[Row]

TYPES = {"v1": ("G1", "G2", "S1", "S2"), "v2": ("G1", "G2", "S1", "S2", "OT")}
STAFF, EXTERNAL, STAGES = ("1", "2", "3", "4", "5", "8"), ("6", "7"), ("R", "V")
# slug: (population, row codes, the form versions that asked what it counts)
TABLES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "start_timing_by_usage_type": ("all", ("1", "2", "3", "4", "5"), ("v1", "v2")),
    "user_scope_by_usage_type": ("staff_with_timing", STAFF, ("v1", "v2")),
    "stage_by_user_scope": ("staff_with_stage", tuple(f"{u}/{s}" for u in STAFF for s in STAGES), ("v1", "v2")),
    "confidentiality": ("staff_with_timing", ("1", "2", "3", "4"), ("v2",)),
    "external_by_stage": ("external", tuple(f"{u}/{s}" for u in EXTERNAL for s in STAGES), ("v1", "v2")),
    "output_type": ("all", ("1", "2", "3", "4", "5", "6", "7"), ("v2",)),
}


def is_external(row: Row) -> bool:
    """Whether the users are outside the government."""
    return row["user_scope"] in EXTERNAL


POPULATIONS: Mapping[str, Callable[[Row], bool]] = {
    "all": lambda row: True,
    "staff": lambda row: not is_external(row),
    "staff_with_timing": lambda row: not is_external(row) and row["start_timing"] != "",
    "staff_with_stage": lambda row: not is_external(row) and row["stage"] != "",
    "external": is_external,
}


def in_row(slug: str, code: str, row: Row) -> bool:
    """Whether a case stands in this row of the table."""
    match slug:
        case "start_timing_by_usage_type":
            return row["start_timing"] == code or (code == "5" and row["start_timing"] == "")
        case "stage_by_user_scope" | "external_by_stage":
            return f"{row['user_scope']}/{row['stage']}" == code
        case "output_type":
            return (row["output_type"] or "7") == code
        case "user_scope_by_usage_type":
            return row["user_scope"] == code
    return row["confidentiality"] == code


def in_column(code: str, row: Row) -> bool:
    """Whether a case stands in this column."""
    usage_type, _, start = code.partition("/")
    if code == "count":
        return True
    return row["usage_type"] == usage_type and start in ("", "started" if row["start_timing"] == "1" else "before")


def columns(slug: str, version: str) -> list[str]:
    """Return the codes of a table's columns."""
    if slug == "output_type":
        return ["count"]
    if slug == "start_timing_by_usage_type":
        return list(TYPES[version])
    return [f"{usage_type}/{start}" for usage_type in TYPES[version] for start in ("started", "before")]


def counted_row(code: str, rows: Rows, heads: Sequence[str]) -> dict[str, Any]:
    """Return the row of a table that these cases make."""
    return {"code": code, "cells": [sum(in_column(c, row) for row in rows) for c in heads], "total": len(rows)}


def table(slug: str, rows: Rows, version: str, previous: tuple[Rows, str] | None) -> dict[str, Any]:
    """Return a table as the contract shapes it, without its words."""
    population, codes, _ = TABLES[slug]
    heads, within = columns(slug, version), [row for row in rows if POPULATIONS[population](row)]
    made = [counted_row(code, [row for row in within if in_row(slug, code, row)], heads) for code in codes]
    made.append(counted_row("total", within, heads))
    if slug == "user_scope_by_usage_type":
        whole = next(one for one in made if one["code"] == "3")
        whole["distinct_ministries"] = len({row["ministry"] for row in within if row["user_scope"] == "3"})
        if previous is not None:
            before, old = previous
            last = counted_row("previous", before, heads)
            known = [head.split("/")[0] in TYPES[old] for head in heads]
            last["cells"] = [cell if known[n] else None for n, cell in enumerate(last["cells"])]
            made.append(last)
    return {"population": population, "columns": heads, "rows": made}


def headlines(rows: Rows, version: str, previous: tuple[Rows, str] | None) -> dict[str, tuple[int, int | None]]:
    """Return numerator and denominator of each sentence by its key."""
    started = [row for row in rows if row["start_timing"] == "1"]
    timed = [row for row in rows if POPULATIONS["staff_with_timing"](row)]
    staff = [row for row in rows if POPULATIONS["staff"](row)]
    bodies = len({row["ministry"] for row in rows})
    made: dict[str, tuple[int, int | None]] = {
        "ministries_started": (len({row["ministry"] for row in started}), bodies),
        "ministries_whole_started": (len({row["ministry"] for row in started if row["user_scope"] == "3"}), bodies),
        "started": (len(started), len(rows)),
        "by_fiscal_year_end": (sum(row["start_timing"] in ("1", "2", "3") for row in rows), len(rows)),
        "started_specialised": (sum(row["usage_type"] in ("S1", "S2") for row in started), len(started)),
        "general": (sum(row["usage_type"] in ("G1", "G2") for row in rows), len(rows)),
        "section_level": (sum(row["user_scope"] == "1" for row in timed), len(timed)),
    }
    if version != "v1":
        made["confidentiality_1"] = (sum(row["confidentiality"] == "1" for row in staff), len(staff))
    if previous is not None:
        made["growth"] = (len(timed) - len(previous[0]), None)
    made["risk_cases"] = (sum(int(row["risk_case_count"] or 0) for row in rows), None)
    return made


def flow(rows: Rows, before: Rows) -> dict[str, int]:
    """Return how many case numbers (each within its ministry) went from which usage type to which."""
    now, was = (
        {(row["ministry"], row["case_no"]): row["usage_type"] or "unanswered" for row in part}
        for part in (rows, before)
    )
    return dict(Counter(f"{was.get(key, 'new')}>{now.get(key, 'closed')}" for key in now.keys() | was.keys()))


# What form 2 made of the types of form 1: these take in less or do not exist any more, those take in more or are new.
LESS, MORE = ("G2", "S1", "S2"), ("G1", "OT")


def change(rows: Rows, version: str, before: Rows, old: str) -> dict[str, int]:
    """Return what became of the cases; nobody said why a type changed, so that the forms alone do."""
    made = dict.fromkeys(("new", "closed", "unchanged", "reclassified", "changed", "unanswered"), 0)
    redefined = (old, version) == ("v1", "v2")
    for move, number in flow(rows, before).items():
        was, became = move.split(">")
        if was == "new" or became == "closed":
            kind = "new" if was == "new" else "closed"
        elif "unanswered" in (was, became):
            kind = "unanswered"
        elif was == became:
            kind = "unchanged"
        else:
            kind = "reclassified" if redefined and (was in LESS or became in MORE) else "changed"
        made[kind] += number
    return made if rows or before else {}


def figures(rows: Rows, version: str, previous: tuple[Rows, str] | None) -> dict[str, Any]:
    """Return every figure of the report of these rows; ``previous`` are the rows and the form of the round before."""
    return {
        "populations": {name: sum(map(counts, rows)) for name, counts in POPULATIONS.items()},
        "tables": {slug: table(slug, rows, version, previous) for slug, one in TABLES.items() if version in one[2]},
        "headlines": headlines(rows, version, previous),
        "usage_type_flow": flow(rows, previous[0]) if previous else {},
        "usage_type_change": change(rows, version, *previous) if previous else {},
    }


def bare(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a report's JSON without its words, in the shape of ``figures``."""
    return {
        "populations": plain["populations"],
        "tables": {
            slug: {
                "population": one["population"],
                "columns": one["columns"],
                "rows": [{key: value for key, value in row.items() if key != "label"} for row in one["rows"]],
            }
            for slug, one in plain["tables"].items()
        },
        "headlines": {one["key"]: (one["numerator"], one["denominator"]) for one in plain["headlines"]},
        "usage_type_flow": plain["usage_type_flow"],
        "usage_type_change": plain["usage_type_change"],
    }
