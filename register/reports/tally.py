"""Counting a round, or reading what was counted of it: a settled round is counted once and kept with a digest.

What is kept holds as long as its basis does: the returns that count and the corrections since. So nothing has to be
thrown away by whoever changes an answer, and nothing stale is ever shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import LargeBinary, cast, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from register.models import ItemVersion, Ministry, Round, RoundTally, Submission, SubmissionItem, counted
from register.models.submission import COUNTED_RETURNS
from register.reports import counts, moves
from register.reports.counts import PRESENT, Counts, Presence
from register.reports.moves import Moves, Pair
from register.reports.standing import corrected_round
from register.states import ROUND_SETTLED

# How many cases at a time the digest is made of.
STREAMED = 1_000


@dataclass
class Tally:
    """What was counted of one round on ``basis``; ``sha256`` is of the answers, empty while the round runs.

    ``kept`` tells whether the counts, ``moves_kept`` whether the moves since the round before came from the store.
    """

    round: Round
    basis: str
    counts: Counts
    items: int
    sha256: str
    kept: bool
    moves_basis: str = ""
    moves: Moves = field(default_factory=lambda: Moves({}, {}))
    moves_kept: bool = True

    @property
    def settled(self) -> bool:
        """Whether the answers are frozen, so that the counts may be kept."""
        return self.round.state in ROUND_SETTLED

    @property
    def worth_keeping(self) -> bool:
        """Whether something was counted that may be kept."""
        return self.settled and not (self.kept and self.moves_kept)


def of(session: Session, round: Round, pair: Pair | None) -> tuple[Tally, Tally | None]:
    """Return the counts of ``round`` and, of its ``pair``, of the round before; one statement when both are kept."""
    now, *before = several(session, [round, pair.previous] if pair else [round], [pair] if pair else [])
    return now, before[0] if before else None


def several(session: Session, rounds: Sequence[Round], pairs: Iterable[Pair]) -> tuple[Tally, ...]:
    """Return the counts of ``rounds``, with the moves of ``pairs`` of them; one statement when all are kept."""
    found = _kept(session, [one.id for one in rounds])
    tallies = {one.id: _tally(session, one, *found[one.id]) for one in rounds}
    for pair in pairs:
        now, before = tallies[pair.round.id], tallies[pair.previous.id]
        _move(session, pair, now, before, found[pair.round.id][1])
    return tuple(tallies.values())


def keep(session: Session, tally: Tally) -> None:
    """Store what was counted of a settled round, in place of what was kept of it before."""
    row = RoundTally(
        round_id=tally.round.id,
        basis=tally.basis,
        items=tally.items,
        sha256=tally.sha256,
        counted=_stored(tally.counts),
        moves_basis=tally.moves_basis,
        moves={"ways": dict(tally.moves.ways), "kinds": dict(tally.moves.kinds)},
        made_at=session.info["clock"].now(),
    )
    # Somebody else who opened the page may have kept the same a moment before.
    with suppress(IntegrityError), session.begin_nested():
        session.merge(row)


def digest(session: Session, round_id: int) -> tuple[int, str]:
    """Return how many cases count in a round, and the SHA-256 of their answers: one line of canonical JSON for each.

    A line holds ministry, case number, answers and states of the blanks, in the order of ministry and number: by their
    bytes, since databases differ in how they sort text.
    """
    statement = (
        select(Ministry.key, SubmissionItem.case_no, SubmissionItem.answers, SubmissionItem.states)
        .join(Ministry, Ministry.id == SubmissionItem.ministry_id)
        .where(SubmissionItem.round_id == round_id, counted())
        .order_by(cast(Ministry.key, LargeBinary), cast(SubmissionItem.case_no, LargeBinary))
    )
    made, number = hashlib.sha256(), 0
    for row in session.execute(statement.execution_options(yield_per=STREAMED)):
        # Texts and whole numbers only, under ASCII names: sorted JSON without blanks is RFC 8785's canonical form.
        line = json.dumps(list(row), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        made.update(f"{line}\n".encode())
        number += 1
    return number, made.hexdigest()


def _tally(session: Session, round: Round, basis: str, row: RoundTally | None) -> Tally:
    if round.state not in ROUND_SETTLED:
        live = counts.count(session, round.id)
        return Tally(round, basis, live, live.count(()), "", kept=False)
    if row is not None and row.basis == basis:
        return Tally(round, basis, _counts(row.counted), row.items, row.sha256, kept=True)
    items, sha256 = digest(session, round.id)
    return Tally(round, basis, counts.count(session, round.id), items, sha256, kept=False)


def _move(session: Session, pair: Pair, now: Tally, before: Tally, row: RoundTally | None) -> None:
    now.moves_basis = f"{now.basis} {pair.previous.code} {before.basis} {pair.digest}"
    if now.settled and row is not None and row.moves_basis == now.moves_basis:
        now.moves = Moves(row.moves["ways"], row.moves["kinds"])
        return
    now.moves, now.moves_kept = moves.count(session, pair), False


def _kept(session: Session, ids: list[int]) -> Mapping[int, tuple[str, RoundTally | None]]:
    """Return on what the counts of each round rest, and what is kept of it.

    They rest on how many returns count, how many corrections there were, and which was the last of them.
    """
    returns = (
        select(Submission.round_id, func.count().label("returns"))
        .where(Submission.round_id.in_(ids), Submission.state.in_(COUNTED_RETURNS))
        .group_by(Submission.round_id)
        .subquery()
    )
    corrected = corrected_round()
    corrections = (
        select(corrected.label("round_id"), func.count().label("number"), func.max(ItemVersion.id).label("last"))
        .where(corrected.in_(ids))
        .group_by("round_id")
        .subquery()
    )
    statement = (
        select(Round.id, returns.c.returns, corrections.c.number, corrections.c.last, RoundTally)
        .outerjoin(returns, returns.c.round_id == Round.id)
        .outerjoin(corrections, corrections.c.round_id == Round.id)
        .outerjoin(RoundTally, RoundTally.round_id == Round.id)
        .where(Round.id.in_(ids))
    )
    return {
        row.id: (f"{row.returns or 0}/{row.number or 0}/{row.last or 0}", row.RoundTally)
        for row in session.execute(statement)
    }


def _stored(told: Counts) -> dict[str, Any]:
    return {
        "cells": [[list(answers), number] for answers, number in told.cells],
        "presences": [[one.ministry_id, *(one.key[name] for name in PRESENT)] for one in told.presences],
        "risk_cases": told.risk_cases,
    }


def _counts(stored: Mapping[str, Any]) -> Counts:
    return Counts(
        tuple((tuple(answers), number) for answers, number in stored["cells"]),
        tuple(Presence(row[0], dict(zip(PRESENT, row[1:], strict=True))) for row in stored["presences"]),
        stored["risk_cases"],
    )
