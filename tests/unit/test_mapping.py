"""Carrying answers from one version of a form into another, as the crosswalks say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.formspec import mapping
from register.formspec.crosswalk import Change, Crosswalk
from register.formspec.loader import load_library
from register.formspec.schema import Condition, Field, FormSpec, Option, Text
from register.vocab import ChangeKind
from tests.support.sources import ROOT

LIBRARY = load_library(ROOT / "config", "periodic")
V1, V2 = LIBRARY.versions["v1"], LIBRARY.versions["v2"]
STEPS = LIBRARY.between("v1", "v2")
NOTHING = Text("", "")
REPORTED = {
    "unit": "局",
    "title": "題",
    "purpose": "用途",
    "usage_type": "G2",
    "start_timing": "1",
    "start_on": "2025-04-01",
    "user_scope": "1",
    "stage": "V",
    "additional_learning": "N",
    "referenced_data": "規程集",
    "risk_case_count": 0,
}


def field(name: str, *codes: str, asked: Condition | None = None) -> Field:
    """Return a question with these codes; without codes it takes any text."""
    options = tuple(Option(code, NOTHING, NOTHING, NOTHING, "") for code in codes)
    kind = "choice" if codes else "line"
    return Field(name, kind, NOTHING, NOTHING, "one", options, False, True, None, asked, 100)


def form(*fields: Field) -> FormSpec:
    """Return a form that asks these questions."""
    return FormSpec("test", "v9", NOTHING, (), fields, b"")


def step(
    fields: dict[str, ChangeKind] | None = None, codes: dict[tuple[str, str], ChangeKind] | None = None
) -> Crosswalk:
    """Return a step that changes these questions and codes."""
    changed = {name: Change(kind, NOTHING) for name, kind in (fields or {}).items()}
    return Crosswalk(
        "v8", "v9", frozenset(), changed, {key: Change(kind, NOTHING) for key, kind in (codes or {}).items()}
    )


class TestPublishedForms:
    """Form 1 to form 2, as config/forms/periodic/crosswalk-v1-v2.toml says."""

    def test_what_form_2_does_not_ask_is_dropped_and_the_rest_kept(self) -> None:
        carried = mapping.carry(REPORTED, STEPS, V2)
        dropped = {"additional_learning", "referenced_data"}
        assert carried.answers == {name: value for name, value in REPORTED.items() if name not in dropped}

    @pytest.mark.parametrize(
        ("code", "again"),
        [("G1", None), ("G2", "narrowed"), ("S1", "narrowed"), ("S2", "narrowed")],
    )
    def test_a_narrowed_type_must_be_looked_at_again_and_a_widened_one_not(self, code: str, again: str | None) -> None:
        carried = mapping.carry(REPORTED | {"usage_type": code}, STEPS, V2)
        assert carried.recheck.get("usage_type") == again
        assert carried.recheck["user_scope"] is ChangeKind.SPLIT
        assert carried.answers["usage_type"] == code

    def test_what_was_not_answered_is_not_looked_at_again(self) -> None:
        carried = mapping.carry({"title": "題"}, STEPS, V2)
        assert (dict(carried.answers), dict(carried.recheck)) == ({"title": "題"}, {})

    def test_the_new_questions_are_told(self) -> None:
        fresh = {"confidentiality", "goal_kind", "goal_text", "output_type", "model_usage"}
        assert mapping.new_questions(STEPS, V2) == fresh
        assert mapping.new_questions((), V2) == frozenset()

    def test_in_one_form_nothing_changes(self) -> None:
        answers = {name: value for name, value in REPORTED.items() if V2.has(name)}
        carried = mapping.carry(answers, (), V2)
        assert (carried.answers, dict(carried.recheck)) == (answers, {})


class TestRules:
    """What the rules do with any form."""

    def test_a_code_that_the_form_does_not_take_is_dropped(self) -> None:
        assert mapping.carry({"one": "X"}, (), form(field("one", "A", "B"))).answers == {}
        assert mapping.carry({"one": "A"}, (), form(field("one", "A", "B"))).answers == {"one": "A"}
        assert mapping.carry({"one": None}, (), form(field("one"))).answers == {}

    def test_an_answer_that_hangs_on_another_goes_with_it(self) -> None:
        hanging = form(field("one", "A"), field("two", asked=Condition("one", ("A",))))
        assert mapping.carry({"one": "A", "two": "x"}, (), hanging).answers == {"one": "A", "two": "x"}
        assert mapping.carry({"one": "X", "two": "x"}, (), hanging).answers == {}

    @pytest.mark.parametrize(
        ("kind", "again"),
        [
            (ChangeKind.NARROWED, True),
            (ChangeKind.SPLIT, True),
            (ChangeKind.SAME, False),
            (ChangeKind.WIDENED, False),
        ],
    )
    def test_only_what_was_narrowed_or_split_must_be_looked_at_again(self, kind: ChangeKind, again: bool) -> None:
        of_field, of_code = step({"one": kind}), step({"one": ChangeKind.SPLIT}, {("one", "A"): kind})
        for one in (of_field, of_code):
            carried = mapping.carry({"one": "A"}, (one,), form(field("one", "A")))
            assert carried.recheck == ({"one": kind} if again else {})

    def test_where_codes_changed_an_unnamed_code_means_the_same(self) -> None:
        by_code = step({"one": ChangeKind.NARROWED}, {("one", "B"): ChangeKind.NARROWED})
        assert mapping.changes((by_code,), "one", "A") == ()
        assert mapping.carry({"one": "A"}, (by_code,), form(field("one", "A", "B"))).recheck == {}

    def test_over_several_steps_the_last_change_that_matters_is_told(self) -> None:
        steps = (
            step({"one": ChangeKind.SPLIT}),
            step({"one": ChangeKind.NARROWED}),
            step({"one": ChangeKind.WIDENED}),
        )
        assert [change.kind for change in mapping.changes(steps, "one", "A")] == ["split", "narrowed", "widened"]
        assert mapping.look_again(steps, "one", "A") is ChangeKind.NARROWED
        assert mapping.look_again(steps[2:], "one", "A") is None

    def test_a_question_that_came_on_the_way_and_stayed_is_new(self) -> None:
        steps = (step({"one": ChangeKind.NEW, "gone": ChangeKind.NEW}), step({"gone": ChangeKind.RETIRED}))
        assert mapping.new_questions(steps, form(field("one"), field("two"))) == {"one"}


codes = {question.id: sorted(question.codes) for question in V1.questions if question.codes}
answers = st.fixed_dictionaries(
    {},
    optional={
        question.id: st.sampled_from(codes[question.id]) if question.id in codes else st.text(max_size=5)
        for question in V1.questions
    },
)


@given(answers)
def test_what_is_carried_over_is_what_was_answered_and_the_form_takes(reported: dict[str, Any]) -> None:
    carried = mapping.carry(reported, STEPS, V2)
    assert carried.answers.items() <= reported.items()
    assert carried.recheck.keys() <= carried.answers.keys()
    assert all(V2.has(name) for name in carried.answers)
    assert set(carried.recheck.values()) <= mapping.LOOK_AGAIN
    # Once it stands in the words of the newer form, carrying it over again changes nothing.
    assert mapping.carry(carried.answers, (), V2).answers == carried.answers
