"""The way of a question: every state and deed, what people do, and what the check does by itself."""

from __future__ import annotations

from itertools import product

import pytest

from register.errors import NotNow
from register.states import QUESTION, QUESTION_BY_CHECK, QUESTION_UNSETTLED, check_step, question_step, question_steps
from register.vocab import QuestionDeed, QuestionState

OPEN, CLAIMED, EXPLAINED, ACCEPTED, FIXED = QuestionState
# deed -> from -> to, written down once more; whatever is not here is refused.
TABLE = {
    "claim": {OPEN: CLAIMED},
    "explain": {OPEN: EXPLAINED, CLAIMED: EXPLAINED},
    "accept": {EXPLAINED: ACCEPTED},
    "ask_back": {EXPLAINED: OPEN, ACCEPTED: OPEN},
    "revise": {OPEN: OPEN},
    "settle": {OPEN: FIXED, CLAIMED: FIXED, EXPLAINED: FIXED, ACCEPTED: FIXED},
    "reopen": {CLAIMED: OPEN, EXPLAINED: OPEN, ACCEPTED: OPEN, FIXED: OPEN},
}


def test_every_deed_leads_where_it_should_and_nowhere_else() -> None:
    for deed, state in product(QuestionDeed, QuestionState):
        target = TABLE.get(deed.value, {}).get(state)
        if target is None:
            with pytest.raises(NotNow):
                question_step(deed, state)
            continue
        assert (question_step(deed, state).target or state) is target
    assert {step.deed for step in QUESTION} == set(QuestionDeed) - {QuestionDeed.ASK}


def test_people_are_offered_only_what_people_do() -> None:
    for state in QuestionState:
        deeds = {step.deed.value for step in question_steps(state)}
        assert deeds == {name for name, ways in TABLE.items() if state in ways} - {d.value for d in QUESTION_BY_CHECK}
    assert {step.deed.value for step in QUESTION if step.reason} == {"explain", "ask_back"}


@pytest.mark.parametrize(
    ("state", "found", "same", "deed"),
    [
        (None, True, False, "ask"),
        (None, False, False, None),
        (OPEN, True, True, None),
        (OPEN, True, False, "revise"),
        (OPEN, False, False, "settle"),
        (CLAIMED, True, True, "reopen"),
        (CLAIMED, True, False, "reopen"),
        (CLAIMED, False, False, "settle"),
        (EXPLAINED, True, True, None),
        (EXPLAINED, True, False, "reopen"),
        (EXPLAINED, False, False, "settle"),
        (ACCEPTED, True, True, None),
        (ACCEPTED, True, False, "reopen"),
        (ACCEPTED, False, False, "settle"),
        (FIXED, True, True, "reopen"),
        (FIXED, True, False, "reopen"),
        (FIXED, False, False, None),
    ],
)
def test_what_the_check_does(state: QuestionState | None, found: bool, same: bool, deed: str | None) -> None:
    step = check_step(state, found=found, same=same)
    assert (step and step.value) == deed
    if step is not None and state is not None:
        assert question_step(step, state).deed is step


def test_after_the_check_the_check_has_nothing_to_do() -> None:
    for state, found in product((None, *QuestionState), (True, False)):
        step = check_step(state, found=found, same=False)
        later = QuestionState.OPEN if state is None and step else state
        if step is not None and state is not None:
            later = question_step(step, state).target or state
        assert check_step(later, found=found, same=True) is None


def test_what_is_unsettled_waits_for_somebody() -> None:
    assert {OPEN, CLAIMED, EXPLAINED} == QUESTION_UNSETTLED
