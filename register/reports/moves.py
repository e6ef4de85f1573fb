"""The cases of two rounds side by side, by their numbers: how each moved between usage types, and why. Counted once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Case, ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from register.formspec.crosswalk import Crosswalk
from register.models import Round, Submission, SubmissionItem, counted
from register.models.submission import COUNTED_RETURNS
from register.states import ROUND_SETTLED
from register.vocab import ChangeCause, ChangeKind

FIELD = "usage_type"
# The ends of a move beside the usage types.
UNANSWERED, NEW, CLOSED = "unanswered", "new", "closed"
# What became of a case that both rounds have; where one of them has no type, UNANSWERED.
UNCHANGED, RECLASSIFIED, CHANGED = "unchanged", "reclassified", "changed"
# A new definition explains that a case left a code which takes in less, or entered one which takes in more.
PUSHES = frozenset({ChangeKind.NARROWED, ChangeKind.SPLIT, ChangeKind.RETIRED})
PULLS = frozenset({ChangeKind.WIDENED, ChangeKind.SPLIT, ChangeKind.NEW})


@dataclass(frozen=True)
class Pair:
    """A round and the one before; ``steps`` lead from the form of that one to the form of this one."""

    round: Round
    previous: Round
    steps: tuple[Crosswalk, ...]

    def now(self, item: Any = SubmissionItem) -> ColumnElement[bool]:
        """Return the condition on the items of this round."""
        return and_(item.round_id == self.round.id, counted(item))

    def before(self, item: Any = SubmissionItem) -> ColumnElement[bool]:
        """Return the condition on the items of the round before.

        While this round runs, of the ministries whose return was accepted: the others have not closed their cases.
        """
        accepted = select(Submission.ministry_id).where(
            Submission.round_id == self.round.id, Submission.state.in_(COUNTED_RETURNS)
        )
        compared = true() if self.round.state in ROUND_SETTLED else item.ministry_id.in_(accepted)
        return and_(item.round_id == self.previous.id, counted(item), compared)

    def kind(self, now: Any, before: Any) -> Case[str]:
        """Return what became of a case of this round; what a person said of its cause outweighs the crosswalk."""
        was, became = before.answers[FIELD].as_string(), now.answers[FIELD].as_string()
        said = now.mapping[(FIELD, "cause")].as_string()
        return case(
            (before.id.is_(None), NEW),
            (or_(was.is_(None), became.is_(None)), UNANSWERED),
            (was == became, UNCHANGED),
            (said == ChangeCause.DEFINITION.value, RECLASSIFIED),
            (said == ChangeCause.ACTUAL.value, CHANGED),
            (or_(was.in_(self._codes(PUSHES)), became.in_(self._codes(PULLS))), RECLASSIFIED),
            else_=CHANGED,
        )

    @property
    def digest(self) -> str:
        """What tells the steps between the two forms from others."""
        told = [sorted((*name, change.kind.value) for name, change in step.codes.items()) for step in self.steps]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def _codes(self, kinds: frozenset[ChangeKind]) -> list[str]:
        return sorted(
            {
                code
                for step in self.steps
                for (name, code), change in step.codes.items()
                if name == FIELD and change.kind in kinds
            }
        )


@dataclass(frozen=True)
class Moves:
    """How many cases went from which usage type to which (``G2>G1``), and what became of how many; no zeros."""

    ways: Mapping[str, int]
    kinds: Mapping[str, int]


def same(one: Any, other: Any) -> ColumnElement[bool]:
    """Return the condition that two items are of the same case."""
    return and_(one.ministry_id == other.ministry_id, one.case_no == other.case_no)


def count(session: Session, pair: Pair) -> Moves:
    """Count the cases of both rounds in two statements."""
    now, before = aliased(SubmissionItem), aliased(SubmissionItem)
    was, became = before.answers[FIELD].as_string(), now.answers[FIELD].as_string()
    kept = (
        select(was.label("was"), became.label("became"), pair.kind(now, before).label("kind"), func.count())
        .select_from(now)
        .outerjoin(before, and_(same(now, before), pair.before(before)))
        .where(pair.now(now))
        .group_by("was", "became", "kind")
    )
    gone = (
        select(was.label("was"), func.count())
        .select_from(before)
        .outerjoin(now, and_(same(now, before), pair.now(now)))
        .where(pair.before(before), now.id.is_(None))
        .group_by("was")
    )
    ways, kinds = Counter[str](), Counter[str]()
    for old, new, kind, number in session.execute(kept):
        ways[f"{NEW if kind == NEW else old or UNANSWERED}>{new or UNANSWERED}"] += number
        kinds[kind] += number
    for old, number in session.execute(gone):
        ways[f"{old or UNANSWERED}>{CLOSED}"] += number
        kinds[CLOSED] += number
    return Moves(dict(sorted(ways.items())), dict(kinds))
