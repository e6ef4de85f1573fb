"""What the database counted of a round: two GROUP BY statements, from which every table is put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.models import SubmissionItem, counted
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
            pick = _picker([FIELDS.index(name) for name in named])
            found: Counter[Answers] = Counter()
            for answers, count in self.cells:
                found[pick(answers)] += count
            groups = (Group(dict(zip(named, key, strict=True)), count) for key, count in found.items())
            self._folded[fields] = tuple(groups)
        return self._folded[fields]

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
    """Count a round in two statements, whatever the number of its items."""
    answers = [SubmissionItem.answers[name].as_string().label(name) for name in FIELDS]
    risks = func.coalesce(func.sum(SubmissionItem.answers["risk_case_count"].as_integer()), 0)
    grouped = (
        select(*answers, func.count().label("cases"), risks.label("risks"))
        .where(SubmissionItem.round_id == round_id, counted())
        .group_by(*answers)
    )
    rows = session.execute(grouped).all()
    return Counts(
        tuple((tuple(row[: len(FIELDS)]), row.cases) for row in rows),
        presences(session, round_id, PRESENT),
        sum(row.risks for row in rows),
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


def _picker(places: list[int]) -> Callable[[Answers], Answers]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda answers: tuple(answers[place] for place in places)
