"""Published form versions never change, and the way from each to the next leaves nothing out."""

from __future__ import annotations

from itertools import pairwise

import pytest

from register.formspec.crosswalk import Crosswalk, gaps
from register.formspec.loader import load_library
from tests.support.sources import ROOT

FORMS = ROOT / "config" / "forms"
LIBRARY = load_library(ROOT / "config", "periodic")
STEPS = LIBRARY.crosswalks


def locked() -> dict[str, str]:
    """Return the digests in the lock by ``form/version``."""
    lines = (FORMS / "LOCK").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if not line.startswith("#"))}


def test_every_version_is_the_one_that_was_published() -> None:
    assert locked() == {f"{spec.form}/{name}": spec.digest for name, spec in LIBRARY.versions.items()}


def test_there_is_a_way_from_each_version_to_the_next() -> None:
    order = list(LIBRARY.versions)
    assert [(step.before, step.after) for step in STEPS] == list(pairwise(order))
    assert LIBRARY.between(order[0], order[-1]) == STEPS


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.before}-{step.after}")
def test_the_way_leaves_nothing_out(step: Crosswalk) -> None:
    assert gaps(step, LIBRARY.versions[step.before], LIBRARY.versions[step.after]) == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.before}-{step.after}")
def test_every_change_says_its_rule_in_both_languages(step: Crosswalk) -> None:
    changes = {**step.fields, **step.codes}
    assert [name for name, change in changes.items() if not change.rule.ja or not change.rule.en] == []
