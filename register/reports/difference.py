"""Two figures of a round side by side: which cases only one of them counts, and which named sets explain them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import NotNow, say
from register.models import SubmissionItem
from register.reports.cases import Cases, meeting
from register.reports.dimensions import Exclusion
from register.reports.figures import Figure
from register.reports.place import EXCLUSIONS, Place
from register.reports.provenance import Counted
from register.reports.report import Report
from register.reports.table import TOTAL


@dataclass(frozen=True)
class Side:
    """A figure, the cases that it counts and the other does not, and the named sets to which these belong."""

    figure: Figure
    count: int
    alone: Cases
    explained: tuple[Counted, ...]


@dataclass(frozen=True)
class Difference:
    """Two figures of cases, and how many cases both of them count."""

    first: Side
    second: Side
    both: int

    @property
    def amount(self) -> int:
        """By how much the first exceeds the second."""
        return self.first.count - self.second.count


def compare(session: Session, report: Report, first: Figure, second: Figure, actor: Actor) -> Difference:
    """Return what sets two figures apart; raise ``NotNow`` where one of them counts cases of the round before."""
    if first.earlier or second.earlier:
        raise NotNow(say("前回の案件を数えた数字は、今回の数字と比べられません。前回の集計の中で比べてください。"))
    common = select(func.count()).select_from(SubmissionItem).where(first.behind, second.behind)
    both = session.scalars(common).one()
    one, other = (_side(session, report, *pair, both, actor) for pair in ((first, second), (second, first)))
    return Difference(one, other, both)


def _side(session: Session, report: Report, own: Figure, other: Figure, both: int, actor: Actor) -> Side:
    alone = meeting(session, and_(own.behind, _outside(other.behind)), actor)
    return Side(own, alone.count + both, alone, _explained(report, own, other))


def _outside(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    # Over a blank a condition may be neither true nor false in SQL: what is not true is outside.
    return case((condition, 1), else_=0) == 0


def _explained(report: Report, own: Figure, other: Figure) -> tuple[Counted, ...]:
    """Return what ``other`` leaves out by name and ``own`` counts."""
    if own.where is None or other.where is None or other.population is None:
        return ()
    found = ((one, _only_in(report, own, other, one)) for one in other.population.exclusions)
    return tuple(Counted(one.name, count, Place(EXCLUSIONS, one.key, TOTAL)) for one, count in found if count)


def _only_in(report: Report, own: Figure, other: Figure, exclusion: Exclusion) -> int:
    return report.counts.count_apart((*(own.where or ()), exclusion.condition), other.where or ())
