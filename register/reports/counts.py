"""What the database counted of a round in one statement, from which every table is put together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import itemgetter, or_
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from register.db import roomy
from register.models import Ministry, SubmissionItem, counted
from register.reports.dimensions import FIELDS, Key, Where, holds

Answers = tuple[str | None, ...]
PRESENT = ("user_scope", "start_timing")


@dataclass(frozen=True)
class Group:
    """The cases of a round that gave the same answers to some of the counted fields."""

    key: Key
    count: int


@dataclass(frozen=True)
class Presence:
    """That a ministry has cases with these answers."""

    ministry_id: int
    key: Key


@dataclass(frozen=True)
class Counts:
    """What the database counted of one round: how many cases gave which answers, in the order of ``FIELDS``."""

    cells: tuple[tuple[Answers, int], ...]
    presences: tuple[Presence, ...]
    risk_cases: int
    _folded: dict[frozenset[str], tuple[Group, ...]] = field(default_factory=dict, compare=False, repr=False)

    def over(self, fields: frozenset[str]) -> tuple[Group, ...]:
        """Return the cases grouped by ``fields`` alone: few groups, however many answers differ elsewhere."""
        if fields not in self._folded:
            named = [name for name in FIELDS if name in fields]
            found: Counter[Answers] = Counter()
            for answers, count in self._finer(fields, named):
                found[answers] += count
            groups = (Group(dict(zip(named, key, strict=True)), count) for key, count in found.items())
            self._folded[fields] = tuple(groups)
        return self._folded[fields]

    def _finer(self, fields: frozenset[str], named: list[str]) -> Iterable[tuple[Answers, int]]:
        """Return the answers to ``fields`` with their counts, from the fewest groups that were made of them before.

        Where none were, fields are left out from the last one on: what is made on the way serves others too.
        """
        known = [groups for other, groups in self._folded.items() if fields < other]
        wider = FIELDS[: max(map(FIELDS.index, named), default=-1) + 2]
        if not known and len(wider) == len(FIELDS):
            pick = _picker([FIELDS.index(name) for name in named])
            return ((pick(answers), count) for answers, count in self.cells)
        groups = min(known, key=len) if known else self.over(frozenset(wider))
        return ((tuple([group.key[name] for name in named]), group.count) for group in groups)

    def count(self, where: Where) -> int:
        """Return how many cases meet the conditions."""
        return sum(group.count for group in self.over(fields_of(where)) if holds(where, group.key))

    def count_apart(self, inside: Where, outside: Where) -> int:
        """Return how many cases meet all conditions of ``inside`` but not all of ``outside``."""
        groups = self.over(fields_of(inside, outside))
        return sum(one.count for one in groups if holds(inside, one.key) and not holds(outside, one.key))

    def ministries(self, where: Where = ()) -> int:
        """Return how many ministries have a case that meets the conditions (on user_scope and start_timing only)."""
        return len({presence.ministry_id for presence in self.presences if holds(where, presence.key)})


def fields_of(*conditions: Where) -> frozenset[str]:
    """Return the fields that conditions ask about."""
    return frozenset(condition.field for where in conditions for condition in where)


def count(session: Session, round_id: int) -> Counts:
    """Count a round in one statement, whatever the number of its items."""
    roomy(session)
    answers = [SubmissionItem.answers[name].as_string().label(name) for name in FIELDS]
    risks = func.sum(func.coalesce(SubmissionItem.answers["risk_case_count"].as_integer(), 0))
    grouped = (
        select(*answers, func.count().label("cases"), risks.label("risks"), gathered(SubmissionItem.ministry_id))
        .where(SubmissionItem.round_id == round_id, counted())
        .group_by(*answers)
    )
    rows = [tuple(row) for row in session.execute(grouped)]
    pick, there = _picker([FIELDS.index(name) for name in PRESENT]), defaultdict[Answers, list[str]](list)
    for row in rows:
        there[pick(row)].append(row[-1])
    read = GATHERED[session.get_bind().dialect.name]
    return Counts(
        tuple((row[: len(FIELDS)], row[-3]) for row in rows),
        tuple(
            Presence(one, dict(zip(PRESENT, key, strict=True))) for key, texts in there.items() for one in read(texts)
        ),
        sum(int(row[-2]) for row in rows),
    )


def presences(session: Session, round_id: int, fields: Sequence[str]) -> tuple[Presence, ...]:
    """Return which ministries have cases with which answers to ``fields``, in one statement."""
    where = [SubmissionItem.answers[name].as_string().label(name) for name in fields]
    present = (
        select(SubmissionItem.ministry_id, *where)
        .where(SubmissionItem.round_id == round_id, counted())
        .group_by(SubmissionItem.ministry_id, *where)
    )
    return tuple(Presence(row[0], dict(zip(fields, row[1:], strict=True))) for row in session.execute(present))


class gathered(FunctionElement[str]):
    """The different values that a column of ids has in a group, as a text; ``GATHERED`` reads those of several groups.

    One aggregate beside the count: to group by ministry as well would take the database a second pass.
    """

    name = "gathered"
    type = String()
    inherit_cache = True


@compiles(gathered, "sqlite")
def _listed(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat(DISTINCT {compiler.process(element.clauses, **options)})"


@compiles(gathered, "postgresql")
def _flagged(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    # To tell values apart it would sort every group; a bit for each id costs next to nothing, and works in parallel.
    table = Ministry.__tablename__
    flags = f"SELECT CAST(repeat('0', max(id) + 1) AS varbit) FROM {table}"  # noqa: S608 a table of ours
    return f"CAST(bit_or(set_bit(({flags}), {compiler.process(element.clauses, **options)}, 1)) AS varchar)"


def _of_lists(texts: Sequence[str]) -> list[int]:
    return sorted({int(one) for text in texts for one in text.split(",")})


def _of_flags(texts: Sequence[str]) -> list[int]:
    together = reduce(or_, (int(text, 2) for text in texts))
    return [place for place, flag in enumerate(f"{together:0{len(texts[0])}b}") if flag == "1"]


GATHERED: Mapping[str, Callable[[Sequence[str]], list[int]]] = {"sqlite": _of_lists, "postgresql": _of_flags}


def _picker(places: list[int]) -> Callable[[Answers], Answers]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda answers: tuple(answers[place] for place in places)
