"""Small counts are hidden so that no linear program finds them: not from margins, nor from another table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.reports.dimensions import Condition, Where, among, holds
from register.reports.linear import INFINITY, Program, Unsolvable
from register.reports.place import Place
from register.reports.suppression import Counted, Reader, Sums, hide, infer
from tests.support.attack import Attacker

ANSWERS: dict[str, tuple[str | None, ...]] = {"a": ("1", "2", None), "b": ("1", "2", "3"), "c": ("1", "2")}
Case = tuple[str | None, ...]
CASES = st.lists(st.tuples(*(st.sampled_from(codes) for codes in ANSWERS.values())), min_size=1, max_size=40)


def tables(cases: list[Case], *pairs: tuple[str, str]) -> Sums:
    """Return cross-tables of two fields each, with all of their margins."""
    return Sums(tuple(_figures(cases, pairs)), ANSWERS, frozenset(ANSWERS))


def _figures(cases: list[Case], pairs: Iterable[tuple[str, str]]) -> Iterator[Counted]:
    for table, pair in enumerate(pairs):
        for codes in product(*((*ANSWERS[name], "total") for name in pair)):
            where = tuple(among(name, {code}) for name, code in zip(pair, codes, strict=True) if code != "total")
            place, margin = Place(str(table), str(codes[0]), str(codes[1])), codes.count("total")
            yield Counted(place, where, count(cases, where), (1.0, 10.0, INFINITY)[margin])


def count(cases: list[Case], where: Where) -> int:
    """Count cases one by one."""
    return sum(holds(where, dict(zip(ANSWERS, case, strict=True))) for case in cases)


@settings(max_examples=60, deadline=None)
@given(cases=CASES, threshold=st.integers(2, 5), shape=st.sampled_from([1, 2, 3]))
def test_no_hidden_figure_is_recovered_and_no_small_one_known_to_be_small(
    cases: list[Case], threshold: int, shape: int
) -> None:
    sums = tables(cases, *tuple(combinations(ANSWERS, 2))[:shape])
    hidden = hide(sums, threshold)
    attacker = Attacker(ANSWERS, [(one.where, one.value) for one in sums.figures if one.place not in hidden])
    for one in sums.figures:
        low, high = attacker.bounds(one.where)
        assert low - 1e-6 <= one.value <= high + 1e-6
        if one.place in hidden:
            assert high - low > 1 - 1e-6
        if 0 < one.value < threshold:
            # Where even the whole is small, it may not be hidden, and there is nothing to hide it behind.
            assert one.place in hidden or one.cost == INFINITY
            assert high > threshold - 1e-6 or len(cases) < threshold


def test_a_single_small_cell_takes_others_with_it() -> None:
    cases: list[Case] = [("1", "1", "1")] * 20 + [("1", "2", "1")] * 1 + [("2", "1", "1")] * 9 + [("2", "2", "1")] * 30
    sums = tables(cases, ("a", "b"))
    small = {one.place for one in sums.figures if 0 < one.value < 3}
    assert infer(sums, small)[Place("0", "1", "2")] == (1, 1)
    hidden = hide(sums, 3)
    assert small < hidden
    low, high = infer(sums, hidden)[Place("0", "1", "2")]
    assert low <= 1
    assert high >= 3


def test_nothing_is_hidden_below_no_threshold() -> None:
    assert hide(tables([("1", "1", "1")], ("a", "b")), 0) == frozenset()


def test_a_figure_shown_elsewhere_is_no_secret() -> None:
    cases: list[Case] = [("1", "1", "1")] * 2 + [("2", "2", "2")] * 9
    twice = tables(cases, ("a", "b"), ("a", "b"))
    alone = infer(twice, {Place("0", "1", "1")})
    assert alone[Place("0", "1", "1")] == (2, 2)


def test_blanks_may_be_small() -> None:
    blank = Counted(Place("t", "blank", "total"), (among("a", {None}),), 1, telling=False)
    rest = Counted(Place("t", "rest", "total"), (among("a", {None}).opposite,), 8)
    assert hide(Sums((blank, rest), ANSWERS, frozenset(ANSWERS)), 3) == frozenset()


def test_links_are_used_by_the_reader() -> None:
    answers: dict[str, tuple[str | None, ...]] = {"a": ("1", "2"), "then": ("1", "2")}
    every = (Condition("then", frozenset(), outside=True),)
    sums = Sums(
        (
            Counted(Place("now", "1", "total"), (among("a", {"1"}),), 2),
            Counted(Place("now", "2", "total"), (among("a", {"2"}),), 5),
            Counted(Place("then", "1", "total"), (among("then", {"1"}),), 2),
            Counted(Place("then", "total", "total"), every, 7),
        ),
        answers,
        frozenset({"a"}),
        (((among("a", {"1"}),), (among("then", {"1"}),)), ((among("a", {"2"}),), (among("then", {"2"}),))),
    )
    assert infer(sums, {Place("now", "1", "total")})[Place("now", "1", "total")] == (2, 2)
    assert {Place("now", "1", "total"), Place("then", "1", "total")} <= hide(sums, 3)


def test_what_no_figure_tells_together_cannot_be_asked() -> None:
    with pytest.raises(LookupError):
        Reader(tables([("1", "1", "1")], ("a", "b"))).atoms((among("b", {"1"}), among("c", {"1"})))


def test_contradictions_are_told() -> None:
    program = Program()
    one = program.unknown()
    program.condition(2.0, 2.0, {one: 1.0})
    program.condition(3.0, 3.0, {one: 1.0})
    with pytest.raises(Unsolvable):
        program.cheapest()
