"""An earlier form's codes in a later form's vocabulary: kept, brought together, split, lost; over several versions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.formspec.crosswalk import Change
from register.formspec.loader import FormLibrary
from register.reports.vocabulary import Bridge
from register.vocab import ChangeKind
from tests.support.form_versions import LONGER, RULE

VERSIONS = list(LONGER.versions)


def bridge(before: str, after: str, library: FormLibrary = LONGER) -> Bridge:
    """Return the bridge between two versions."""
    forms = library.versions
    return Bridge(forms[before], forms[after], library.between(before, after))


def targets(before: str, after: str, field: str = "usage_type") -> dict[str, str | None]:
    """Return what each code becomes."""
    return {code: way.target for code, way in bridge(before, after).ways(field).items()}


@pytest.mark.parametrize(
    ("before", "after", "became"),
    [
        ("v1", "v2", {"G1": "G1", "G2": "G2", "S1": "S1", "S2": "S2"}),
        ("v2", "v3", {"G1": "G1", "G2": "G1", "S1": None, "S2": None, "OT": "OT"}),
        ("v1", "v4", {"G1": "G1", "G2": "G1", "S1": None, "S2": None}),
        ("v3", "v4", {"G1": "G1", "S1": "S1", "OT": "OT", "N3": "N3"}),
        ("v3", "v2", {"G1": None, "S1": None, "OT": None, "N3": None}),
    ],
)
def test_codes_are_carried_over_as_the_crosswalks_say(before: str, after: str, became: dict[str, str | None]) -> None:
    assert targets(before, after) == became


def test_two_codes_may_become_one_in_another_step() -> None:
    assert targets("v1", "v4", "user_scope")["7"] == "6"
    assert targets("v1", "v3", "user_scope")["7"] == "7"


def test_every_change_on_the_way_is_told() -> None:
    kinds = {
        code: [change.kind for change in way.changes] for code, way in bridge("v1", "v4").ways("usage_type").items()
    }
    assert kinds == {
        "G1": [ChangeKind.WIDENED],
        "G2": [ChangeKind.NARROWED, ChangeKind.RETIRED],
        "S1": [ChangeKind.NARROWED, ChangeKind.SPLIT],
        "S2": [ChangeKind.NARROWED, ChangeKind.RETIRED],
    }
    assert [change.kind for change in bridge("v1", "v2").changes("user_scope")] == [ChangeKind.SPLIT]


def test_a_question_that_was_dropped_and_asked_again_is_another_one() -> None:
    first, second, third = LONGER.crosswalks
    gone = replace(first, fields={**first.fields, "stage": Change(ChangeKind.RETIRED, RULE)})
    again = replace(second, fields={**second.fields, "stage": Change(ChangeKind.NEW, RULE)})
    library = FormLibrary(LONGER.versions, (gone, again, third))
    ways = bridge("v1", "v4", library).ways("stage")
    assert {code: (way.target, way.changes[-1].kind) for code, way in ways.items()} == {
        "R": (None, ChangeKind.RETIRED), "V": (None, ChangeKind.RETIRED),
    }  # fmt: skip


def test_what_a_form_did_not_ask_is_known() -> None:
    assert [bridge(version, "v4").asks("confidentiality") for version in VERSIONS] == [False, True, True, True]


@given(st.sampled_from(VERSIONS), st.sampled_from(["usage_type", "user_scope", "stage", "start_timing"]))
def test_a_form_speaks_its_own_vocabulary(version: str, field: str) -> None:
    assert all(code == became for code, became in targets(version, version, field).items())


@given(st.sampled_from(VERSIONS), st.sampled_from(VERSIONS), st.sampled_from(VERSIONS), st.sampled_from(["usage_type"]))
def test_two_bridges_in_a_row_are_the_bridge_between_their_ends(one: str, two: str, three: str, field: str) -> None:
    one, two, three = sorted((one, two, three))
    further: dict[str | None, str | None] = {None: None, **targets(two, three, field)}
    assert {code: further[became] for code, became in targets(one, two, field).items()} == targets(one, three, field)
