"""The linter proves that the figures of a report agree, and names the one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from register.reports import plain
from register.reports.lint import lint
from register.reports.report import Report, as_json
from tests.support.prints import Change


def cell(table: str, row: str, place: int | str) -> Change:
    """Return a change of one figure of a contract's JSON by one."""

    def change(told: dict[str, Any]) -> None:
        line = next(one for one in told["tables"][table]["rows"] if one["code"] == row)
        if isinstance(place, int):
            line["cells"][place] += 1
        else:
            line[place] += 1

    return change


def sentence(key: str, **values: Any) -> Change:
    """Return a change of a sentence of a contract's JSON."""

    def change(told: dict[str, Any]) -> None:
        next(one for one in told["headlines"] if one["key"] == key).update(values)

    return change


def note(table: str, number: int, text: str) -> Change:
    """Return a change of a note of a contract's JSON."""

    def change(told: dict[str, Any]) -> None:
        told["tables"][table]["notes"][number] = text

    return change


def population(key: str, size: int) -> Change:
    """Return a change of the size of a population."""
    return lambda told: told["populations"].update({key: size})


# What is changed in a report of ours, and which figures the linter then names.
FAULTS: dict[str, tuple[Change, set[str]]] = {
    "a cell": (
        cell("confidentiality", "1", 0), {"confidentiality:1:total", "confidentiality:total:G1/started"},
    ),
    "a row's total": (cell("confidentiality", "1", "total"), {"confidentiality:1:total"}),
    "the whole": (
        cell("confidentiality", "total", "total"), {"confidentiality:total:total"},
    ),
    "a column's total": (
        cell("user_scope_by_usage_type", "total", 0),
        {
            "user_scope_by_usage_type:total:total", "user_scope_by_usage_type:total:G1/started",
            "confidentiality:total:G1/started",
        },
    ),
    "a population": (
        population("staff_with_stage", 293),
        {"stage_by_user_scope:total:total"},
    ),
    "a population outside another": (
        population("staff_with_timing", 297),
        {
            "user_scope_by_usage_type:total:total", "confidentiality:total:total", "populations:staff_with_timing:total",
            "headlines:section_level:denominator",
        },
    ),
    "a note": (
        note("stage_by_user_scope", 1, "導入段階の記載がない3件は除いている"), {"populations:staff_with_stage:no_stage"},
    ),
    "a share's whole": (
        sentence("started", denominator=305), {"headlines:started:denominator"},
    ),
    "a share above its whole": (
        sentence("started_specialised", numerator=276), {"headlines:started_specialised:numerator"},
    ),
    "the words of a share": (
        sentence("general", text="汎用型の割合：9割"), {"headlines:general:text"},
    ),
    "the growth": (sentence("growth", numerator=108), {"headlines:growth:numerator"}),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_the_linter_names_the_figure_that_is_at_fault(reference: Report, what: str) -> None:
    told = as_json(reference, str)
    assert lint(plain.read(told), reference.dimensions) == ()
    change, named = FAULTS[what]
    change(told)
    faults = lint(plain.read(told), reference.dimensions)
    assert {str(fault.place) for fault in faults} == named
    assert all(str(fault.why) for fault in faults)


def test_more_ministries_than_cases_are_a_fault(reference: Report) -> None:
    told = as_json(reference, str)
    next(row for row in told["tables"]["user_scope_by_usage_type"]["rows"] if row["code"] == "3")[
        "distinct_ministries"
    ] = 28
    faults = lint(plain.read(told), reference.dimensions)
    assert [(str(one.place), one.printed, one.expected) for one in faults] == [
        ("user_scope_by_usage_type:3:ministries", 28, 27)
    ]
