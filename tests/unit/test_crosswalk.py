"""The crosswalk between form versions: what it finds wrong, and how steps are chained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from register.formspec.crosswalk import Change, Crosswalk, gaps
from register.formspec.loader import FormLibrary, load_library
from register.formspec.schema import Text
from register.vocab import ChangeKind
from tests.support.form_versions import with_options
from tests.support.sources import ROOT

LIBRARY = load_library(ROOT / "config", "periodic")
V1, V2 = LIBRARY.versions["v1"], LIBRARY.versions["v2"]
(STEP,) = LIBRARY.crosswalks
ANY = Text("規則", "Rule")


def without_field(name: str) -> Crosswalk:
    """Return the crosswalk without one field's change."""
    return replace(STEP, fields={key: change for key, change in STEP.fields.items() if key != name})


def with_field(name: str, kind: ChangeKind) -> Crosswalk:
    """Return the crosswalk with one field's change set."""
    return replace(STEP, fields={**STEP.fields, name: Change(kind, ANY)})


def with_code(name: str, code: str, kind: ChangeKind) -> Crosswalk:
    """Return the crosswalk with one code's change set."""
    return replace(STEP, codes={**STEP.codes, (name, code): Change(kind, ANY)})


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (without_field("usage_type"), "usage_type"),
        (without_field("confidentiality"), "confidentiality"),
        (without_field("risk_case_detail"), "risk_case_detail"),
        (with_field("confidentiality", ChangeKind.NARROWED), "confidentiality"),
        (with_field("referenced_data", ChangeKind.NEW), "referenced_data"),
        (with_field("user_scope", ChangeKind.RETIRED), "user_scope"),
        (with_field("nowhere", ChangeKind.SPLIT), "nowhere"),
        (with_field("stage", ChangeKind.WIDENED), "stage"),
        (replace(STEP, same=STEP.same - {"stage"}), "stage"),
        (replace(STEP, same=STEP.same | {"usage_type"}), "usage_type"),
        (replace(STEP, codes={}), "usage_type G1"),
        (with_code("usage_type", "OT", ChangeKind.NARROWED), "usage_type OT"),
        (with_code("usage_type", "G1", ChangeKind.RETIRED), "usage_type G1"),
        (with_code("stage", "R", ChangeKind.NARROWED), "stage R"),
        (with_code("usage_type", "ZZ", ChangeKind.NEW), "usage_type ZZ"),
    ],
)
def test_what_is_left_out_or_contradicted_is_named(broken: Crosswalk, named: str) -> None:
    assert [line for line in gaps(broken, V1, V2) if line.startswith(f"{named}:")]


@pytest.mark.parametrize(
    ("kind", "to", "good"),
    [
        (ChangeKind.RETIRED, "G1", True),
        (ChangeKind.RETIRED, "", True),
        (ChangeKind.RETIRED, "XX", False),
        (ChangeKind.RETIRED, "ZZ", False),
        (ChangeKind.NARROWED, "G1", False),
    ],
)
def test_only_a_code_that_was_dropped_leads_to_another(kind: ChangeKind, to: str, good: bool) -> None:
    before = with_options(V1, "usage_type", {"XX": "区分"})
    step = replace(STEP, codes={**STEP.codes, ("usage_type", "XX"): Change(kind, ANY, to)})
    assert (gaps(step, before, V2) == []) is good


def test_steps_are_chained_in_order() -> None:
    third = replace(STEP, before="v2", after="v3")
    library = FormLibrary({**LIBRARY.versions, "v3": V2}, (STEP, third))
    assert library.between("v1", "v3") == (STEP, third)
    assert library.between("v2", "v3") == (third,)
    assert library.between("v3", "v1") == ()
    assert library.between("v2", "v2") == ()
    assert library.between("v2", "elsewhere") == ()
