"""The life of a use case: its moves and the facts that they ask for (domain.md section 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from register.errors import NotNow, Say, listed, say
from register.vocab import Lifecycle


@dataclass(frozen=True)
class MoveFacts:
    """What a guard may look at: the day of the step, today, the last step's day, and what is still unanswered.

    ``unjudged``: a high-risk judgment has to come first and has not been decided.
    """

    on: dt.date
    today: dt.date
    since: dt.date
    unanswered: tuple[str, ...] = ()
    unjudged: bool = False


Guard = Callable[[MoveFacts], Say | None]


def not_in_future(facts: MoveFacts) -> Say | None:
    """A step that has not happened yet is a plan, not a state."""
    return say("移行日は今日以前の日付にしてください。") if facts.on > facts.today else None


def not_before_last(facts: MoveFacts) -> Say | None:
    """Time in state could not be told if steps overtook each other."""
    return say("移行日は前回の移行日以降の日付にしてください。") if facts.on < facts.since else None


def facts_for_start(facts: MoveFacts) -> Say | None:
    """A use may start only when it is known what kind of use it is, who uses it and which information it handles."""
    if not facts.unanswered:
        return None
    return say(
        "利用を始める前に、%(fields)sを入力してください。", fields=listed([Say(label) for label in facts.unanswered])
    )


def judged_for_start(facts: MoveFacts) -> Say | None:
    """Where the installation asks for it, a use starts only after its high-risk judgment (domain.md section 5)."""
    return say("利用を始める前に、高リスク判定が必要です。") if facts.unjudged else None


@dataclass(frozen=True)
class Transition:
    """One arrow of the lifecycle: ``verb`` is the button, ``reason`` says whether one must be given."""

    source: Lifecycle
    target: Lifecycle
    verb: Say
    guards: tuple[Guard, ...]
    reason: bool = False


_DATED = (not_in_future, not_before_last)
_START = (*_DATED, facts_for_start, judged_for_start)
_P, _V, _R, _S, _E = (
    Lifecycle.PLANNED,
    Lifecycle.VERIFICATION,
    Lifecycle.PRODUCTION,
    Lifecycle.SUSPENDED,
    Lifecycle.RETIRED,
)

# domain.md section 5: the moves of a use case.
LIFECYCLE: tuple[Transition, ...] = (
    Transition(_P, _V, say("検証を始める"), _START),
    Transition(_P, _R, say("常用を始める"), _START),
    Transition(_V, _R, say("常用へ移す"), _START),
    Transition(_R, _V, say("検証へ戻す"), _DATED, reason=True),
    Transition(_V, _S, say("停止する"), _DATED, reason=True),
    Transition(_R, _S, say("停止する"), _DATED, reason=True),
    Transition(_S, _V, say("検証として再開する"), _START),
    Transition(_S, _R, say("常用として再開する"), _START),
    Transition(_P, _E, say("取りやめる"), _DATED, reason=True),
    Transition(_V, _E, say("利用を終える"), _DATED, reason=True),
    Transition(_R, _E, say("利用を終える"), _DATED, reason=True),
    Transition(_S, _E, say("利用を終える"), _DATED, reason=True),
)


def moves_from(state: Lifecycle) -> tuple[Transition, ...]:
    """Return the steps that lead away from ``state``, in the order of the table."""
    return tuple(move for move in LIFECYCLE if move.source is state)


def lifecycle_move(source: Lifecycle, target: Lifecycle) -> Transition:
    """Return the step from ``source`` to ``target``; raise ``NotNow`` when the table has none."""
    for move in LIFECYCLE:
        if move.source is source and move.target is target:
            return move
    raise NotNow(
        say(
            "「%(source)s」から「%(target)s」へは移せません。最新の状態を確認してください。",
            source=source,
            target=target,
        )
    )


def refusals(move: Transition, facts: MoveFacts) -> tuple[Say, ...]:
    """Return what stands against ``move``; empty when nothing does."""
    return tuple(refusal for guard in move.guards if (refusal := guard(facts)) is not None)
