"""Hiding small counts together with those that would give them away (cell suppression, domain.md section 11).

A report's figures are sums over the same unknown cases, so that a hidden count may follow from its row, its column,
another table or a sentence. What can be inferred from all that stays is a linear program over the **atoms**: the
combinations of answers that the figures tell apart. A small count is hidden well when nobody can exclude that it is
not small; further figures are hidden until that holds, those first whose loss costs the reader least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from register.reports.dimensions import Key, Where
from register.reports.linear import INFINITY, Program, Unsolvable
from register.reports.place import Place

# What differs by less has the same value to the solver.
EPSILON = 1e-6
# How much more the loss of a zero costs than that of another count: it shows where there is nothing.
ZERO = 3.0


@dataclass(frozen=True)
class Counted:
    """A figure that counts cases: where it stands, their conditions, how many they are, what its loss costs.

    One of infinite cost is never hidden. A count that is not ``telling`` may be small: of cases without an answer.
    """

    place: Place
    where: Where
    value: int
    cost: float = 1.0
    telling: bool = True


@dataclass(frozen=True)
class Sums:
    """All that a report tells in figures, as sums over the same cases.

    ``answers`` are the possible answers by field, ``own`` the fields that every case of the round has (the others are
    of cases of the round before, or of both). ``links`` are conditions that the same cases meet, in the words of two
    different fields; ``possible`` says which combinations of answers there can be.
    """

    figures: tuple[Counted, ...]
    answers: Mapping[str, tuple[str | None, ...]]
    own: frozenset[str]
    links: tuple[tuple[Where, Where], ...] = ()
    possible: Callable[[Key], bool] = field(default=lambda _key: True)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The fields that are told together, so that whatever fits each block alone fits the cases as a whole."""
        sets = {frozenset(condition.field for condition in where) for where in self._asked}
        widest = {one for one in sets if one and not any(one < other for other in sets)}
        # Of the round's own cases first: a figure without conditions counts these.
        ordered = sorted(_tree(widest), key=lambda one: (not one <= self.own, sorted(one)))
        return tuple(self._block(fields) for fields in ordered)

    @cached_property
    def kinds(self) -> Mapping[str, tuple[Kind, ...]]:
        """The answers to each field as far as any figure tells them apart."""
        found = {}
        for name in {condition.field for where in self._asked for condition in where}:
            told = [condition for where in self._asked for condition in where if condition.field == name]
            alike: dict[tuple[bool, ...], set[str | None]] = {}
            for answer in self.answers[name]:
                alike.setdefault(tuple(one.holds({name: answer}) for one in told), set()).add(answer)
            found[name] = tuple(map(frozenset, alike.values()))
        return found

    @cached_property
    def _asked(self) -> tuple[Where, ...]:
        return (*(one.where for one in self.figures), *(where for pair in self.links for where in pair))

    def _block(self, fields: frozenset[str]) -> Block:
        names = sorted(fields)
        chosen = (dict(zip(names, one, strict=True)) for one in product(*(self.kinds[name] for name in names)))
        keys = ({name: min(kind, key=str) for name, kind in one.items()} for one in chosen)
        return Block(fields, fields <= self.own, tuple(key for key in keys if self.possible(key)))


def _tree(sets: set[frozenset[str]]) -> set[frozenset[str]]:
    """Return sets of fields that hang together without a cycle, each given set within one of them.

    Tables over a and b, b and c, a and c can each be made out alone and yet contradict each other: sets that go round
    in a circle are told as one. (What is left when sets that share with all others only what one of them has are
    taken off, one after the other.)
    """
    left = set(sets)
    while ear := next((one for one in sorted(left, key=sorted) if _hangs(one, left - {one})), None):
        left.remove(ear)
    return sets - left | ({frozenset().union(*left)} if left else set())


def _hangs(one: frozenset[str], others: set[frozenset[str]]) -> bool:
    shared = one & frozenset().union(*others)
    return not shared or any(shared <= other for other in others)


Kind = frozenset[str | None]


@dataclass(frozen=True)
class Block:
    """Fields that are told together, and every combination of their answers that matters: one answer of each kind."""

    fields: frozenset[str]
    own: bool
    keys: tuple[Key, ...]

    def meeting(self, where: Where) -> frozenset[int]:
        """Return the places of the combinations that meet some conditions."""
        found = set(range(len(self.keys)))
        for condition in where:
            by_answer = self._places[condition.field]
            met = (places for answer, places in by_answer.items() if condition.holds({condition.field: answer}))
            found.intersection_update(frozenset().union(*met))
        return frozenset(found)

    @cached_property
    def _places(self) -> Mapping[str, Mapping[str | None, frozenset[int]]]:
        """The places of the combinations by field and answer."""
        found: dict[str, dict[str | None, set[int]]] = {name: {} for name in self.fields}
        for place, key in enumerate(self.keys):
            for name, answer in key.items():
                found[name].setdefault(answer, set()).add(place)
        return {name: {answer: frozenset(one) for answer, one in known.items()} for name, known in found.items()}


@dataclass(frozen=True)
class _Figure:
    """Figures that count the same cases and so have one value: they stand or are hidden together."""

    places: tuple[Place, ...]
    atoms: frozenset[int]
    value: int
    cost: float
    telling: bool


class Reader:
    """Somebody who knows every figure that is not hidden, how hiding is done, and linear programming."""

    def __init__(self, sums: Sums) -> None:
        self._starts: list[int] = []
        self.size = 0
        self._blocks = sums.blocks
        for block in self._blocks:
            self._starts.append(self.size)
            self.size += len(block.keys)
        self.figures = tuple(self._merged(sums.figures))
        self.equal = [*self._equal(sums.links), *self._margins()]
        self._program = Program()
        for _ in range(self.size):
            self._program.unknown()
        for terms in self.equal:
            self._program.condition(0.0, 0.0, terms)
        self._conditions = [
            self._program.condition(one.value, one.value, dict.fromkeys(one.atoms, 1.0)) for one in self.figures
        ]

    def hide(self, figure: int) -> None:
        """Take a figure away from the reader, who cannot even tell that it is not zero: zeros may be hidden too."""
        self._program.rebound(self._conditions[figure], 0.0, INFINITY)

    def infer(self, figure: int) -> tuple[float, float]:
        """Return the bounds within which the reader knows a figure."""
        return self._program.range(self.figures[figure].atoms)

    def atoms(self, where: Where) -> frozenset[int]:
        """Return the unknowns that some conditions count, in the first block that tells all of their fields."""
        fields = {one.field for one in where}
        for start, block in zip(self._starts, self._blocks, strict=True):
            if fields <= block.fields:
                return frozenset(start + place for place in block.meeting(where))
        raise LookupError(f"no figure tells {sorted(fields)} together")

    def _merged(self, figures: Iterable[Counted]) -> Iterator[_Figure]:
        found: dict[frozenset[int], list[Counted]] = {}
        for one in figures:
            found.setdefault(self.atoms(one.where), []).append(one)
        for atoms, same in found.items():
            yield _Figure(
                tuple(one.place for one in same),
                atoms,
                same[0].value,
                sum(one.cost for one in same),
                all(one.telling for one in same),
            )

    def _equal(self, links: Iterable[tuple[Where, Where]]) -> Iterator[dict[int, float]]:
        for left, right in links:
            yield _difference(self.atoms(left), self.atoms(right))

    def _margins(self) -> Iterator[dict[int, float]]:
        """Yield that two blocks count the same cases wherever both tell the same answers apart."""
        for place, (start, block) in enumerate(zip(self._starts, self._blocks, strict=True)):
            rest = zip(self._starts[place + 1 :], self._blocks[place + 1 :], strict=True)
            for other_start, other in rest:
                if block.fields & other.fields or (block.own and other.own):
                    yield from _agreeing(start, block, other_start, other)


def _agreeing(start: int, block: Block, other_start: int, other: Block) -> Iterator[dict[int, float]]:
    names = sorted(block.fields & other.fields)
    sides: dict[tuple[str | None, ...], tuple[set[int], set[int]]] = {}
    for side, (begin, part) in enumerate(((start, block), (other_start, other))):
        for place, key in enumerate(part.keys):
            sides.setdefault(tuple(key[name] for name in names), (set(), set()))[side].add(begin + place)
    for left, right in sides.values():
        yield _difference(frozenset(left), frozenset(right))


def _difference(left: frozenset[int], right: frozenset[int]) -> dict[int, float]:
    terms = dict.fromkeys(left - right, 1.0)
    terms.update(dict.fromkeys(right - left, -1.0))
    return terms


def hide(sums: Sums, threshold: int) -> frozenset[Place]:
    """Return the places to hide so that no count from 1 to below ``threshold`` can be inferred (0: none is small).

    After it nobody can exclude that a small count is at the threshold or above, and no hidden figure is known.
    """
    reader, hider, hidden = Reader(sums), None, set[int]()
    small = {
        n for n, one in enumerate(reader.figures) if one.telling and one.cost < INFINITY and 0 < one.value < threshold
    }
    more = sorted(small, key=lambda n: reader.figures[n].value)
    waiting: list[int] = []
    while more or waiting:
        hider = hider or _Hider(reader)
        for figure in more:
            hidden.add(figure)
            reader.hide(figure)
            hider.free(figure)
        waiting, more = [*waiting, *more], []
        figure = waiting.pop()
        value = reader.figures[figure].value
        wanted = max(threshold, value + 1) if figure in small else value + 1
        low, high = reader.infer(figure)
        if high < wanted - EPSILON or high - low < 1 - EPSILON:
            more = sorted(hider.complements(figure, wanted - value, 1, -1))
    return frozenset(place for n in hidden for place in reader.figures[n].places)


class _Hider:
    """Finds the cheapest figures to hide beside those that are hidden already."""

    def __init__(self, reader: Reader) -> None:
        self._figures = reader.figures
        self._program = program = Program()
        for _ in range(reader.size):
            program.unknown()
        for terms in reader.equal:
            program.condition(0.0, 0.0, terms)
        # What is added to each figure and what is taken off, at its cost.
        self._moved: dict[int, tuple[int, int]] = {}
        for n, one in enumerate(reader.figures):
            if one.cost == INFINITY:
                program.condition(one.value, one.value, dict.fromkeys(one.atoms, 1.0))
                continue
            cost = one.cost if one.value else one.cost * ZERO
            up, down = program.unknown(cost=cost), program.unknown(one.value, cost)
            program.condition(one.value, one.value, {**dict.fromkeys(one.atoms, 1.0), up: -1.0, down: 1.0})
            self._moved[n] = up, down

    def free(self, figure: int) -> None:
        """Take it that a figure is hidden: it may be whatever it likes."""
        for end in self._moved[figure]:
            self._program.price(end, 0.0)

    def complements(self, figure: int, *off: int) -> set[int]:
        """Return what else to hide so that ``figure``, which is hidden, could as well be ``off`` by some cases.

        These are the figures that change in the cheapest other answers of the cases under which it would be. Where
        what is never hidden leaves no such answers, the next number is tried.
        """
        ends = self._moved[figure]
        for one in off:
            self._program.limit(ends[0], max(one, 0), INFINITY if one > 0 else 0.0)
            self._program.limit(ends[1], max(-one, 0), max(-one, 0))
            try:
                found = self._program.cheapest()
            except Unsolvable:
                continue
            finally:
                self._program.limit(ends[0], 0.0, INFINITY)
                self._program.limit(ends[1], 0.0, self._figures[figure].value)
            priced = ((n, pair) for n, pair in self._moved.items() if self._program.prices[pair[0]])
            return {n for n, pair in priced if any(found[end] > EPSILON for end in pair)}
        return set()


def infer(sums: Sums, hidden: Iterable[Place]) -> dict[Place, tuple[float, float]]:
    """Return the bounds within which a reader knows each hidden figure."""
    away, reader = set(hidden), Reader(sums)
    gone = [n for n, one in enumerate(reader.figures) if away.intersection(one.places)]
    for figure in gone:
        reader.hide(figure)
    return {place: bounds for n in gone for bounds in [reader.infer(n)] for place in reader.figures[n].places}
