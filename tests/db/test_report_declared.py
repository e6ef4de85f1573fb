"""The definitions of tables as plain values: with them and the answers alone, every figure is counted anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import rfc8785

from register.documents.language import speakers
from register.formspec.crosswalk import gaps
from register.formspec.terms import round_terms
from register.reports.declared import declared
from register.reports.dimensions import FIELDS
from register.reports.report import Report, as_json
from tests.support.round_files import LIBRARY
from tests.support.sources import ROOT

Case = Mapping[str, str | None]


@pytest.fixture(scope="module")
def told(reference: Report) -> dict[str, Any]:
    """The definitions of the reference round, as somebody reads them who has the file alone."""
    made = declared(reference.form, round_terms(reference.as_of), speakers(ROOT / "translations"))
    return json.loads(rfc8785.dumps(made))


@pytest.fixture(scope="module")
def cases(reference: Report) -> list[Case]:
    """The answers of every case of the reference round."""
    rows = [(dict(zip(FIELDS, answers, strict=True)), count) for answers, count in reference.counts.cells]
    return [case for case, count in rows for _ in range(count)]


@pytest.fixture(scope="module")
def report(reference: Report) -> dict[str, Any]:
    """What the report's JSON says."""
    return as_json(reference, str)


def holds(where: Sequence[Mapping[str, Any]], case: Case) -> bool:
    """Tell whether a case meets plain conditions."""
    return all((case[one["field"]] in one["codes"]) is not one["outside"] for one in where)


def test_every_figure_is_counted_anew(
    told: Mapping[str, Any], cases: Sequence[Case], report: Mapping[str, Any]
) -> None:
    assert [one["slug"] for one in told["tables"]] == list(report["tables"])
    for table in told["tables"]:
        printed = report["tables"][table["slug"]]
        assert [one["code"] for one in table["columns"]] == printed["columns"]
        within = [case for case in cases if holds(table["where"], case)]
        rows = {row["code"]: row for row in printed["rows"]}
        for row in [*table["rows"], {"code": "total", "where": []}]:
            own = [case for case in within if holds(row["where"], case)]
            cells = [sum(holds(column["where"], case) for case in own) for column in table["columns"]]
            assert (cells, len(own)) == (rows[row["code"]]["cells"], rows[row["code"]]["total"])


def test_populations_and_shares_are_counted_anew(
    told: Mapping[str, Any], cases: Sequence[Case], report: Mapping[str, Any]
) -> None:
    within = {one["key"]: [case for case in cases if holds(one["where"], case)] for one in told["populations"]}
    assert {key: len(own) for key, own in within.items()} == report["populations"]
    counted = {one["key"]: sum(holds(one["where"], case) for case in cases) for one in told["exclusions"]}
    assert counted == report["exclusions"]
    said = {one["key"]: one for one in report["headlines"]}
    for one in told["shares"]:
        own = within[one["population"]]
        figures = [sum(holds(one[name], case) for case in own) for name in ("part", "whole")]
        assert figures == [said[one["key"]]["numerator"], said[one["key"]]["denominator"]]


def test_they_speak_both_languages(told: Mapping[str, Any]) -> None:
    assert all(one["ja"] for one in told["tables"])
    rows = [row for table in told["tables"] for row in (*table["rows"], *table["columns"])]
    assert [row["code"] for row in rows if not row["ja"] or not row["en"]] == []
    # 「その他」 is what the others are not.
    assert [one["code"] for one in told["usage_types"] if not one["definition_ja"]] == ["OT"]


def test_the_way_between_forms_is_told_whole() -> None:
    for step in LIBRARY.crosswalks:
        plain = json.loads(rfc8785.dumps(step.plain()))
        named = set(plain["same"]) | {one["field"] for one in plain["fields"]}
        both = [LIBRARY.versions[name] for name in (step.before, step.after)]
        assert named == {field.id for spec in both for field in spec.fields}
        assert {(one["field"], one["code"]) for one in plain["codes"]} == step.codes.keys()
        assert gaps(step, *both) == []
