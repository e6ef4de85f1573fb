"""What a round's answers do to the register: facts follow the newest round, states follow domain.md section 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from register.authz import Actor
from register.models import Ministry, Round, UseCase
from register.services import lifecycle
from register.text import search_key
from register.vocab import AnswerState, Lifecycle, Source, Stage, StartTiming

TEXTS = ("unit", "title", "purpose", "goal_text", "model_usage")
CODES = ("usage_type", "user_scope", "confidentiality", "goal_kind", "output_type")
# Of the plan: the answer, the attribute that keeps it, how it is read.
PLAN: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("stage", "planned_stage", Stage),
    ("start_on", "start_on", dt.date.fromisoformat),
)
# The answers that tell the state of a case.
LIFE = frozenset({"start_timing", "stage"})
# States that no answer of the form speaks of: only people end them.
BY_HAND = (Lifecycle.SUSPENDED, Lifecycle.RETIRED)


@dataclass
class Tally:
    """What happened to the register, for the report of the import."""

    created: int = 0
    updated: int = 0
    moved: int = 0
    older: int = 0
    without_stage: list[str] = field(default_factory=list)
    kept_by_hand: list[str] = field(default_factory=list)
    kept_newer: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)


def lifecycle_of(answers: Mapping[str, Any], current: Lifecycle | None) -> Lifecycle:
    """Return the state that the answers speak of; started without a stage leaves ``current``, or is verification."""
    if answers.get("start_timing") != StartTiming.STARTED:
        return Lifecycle.PLANNED
    stage = answers.get("stage")
    if stage is None:
        return current or Lifecycle.VERIFICATION
    return Lifecycle.PRODUCTION if stage == Stage.PRODUCTION else Lifecycle.VERIFICATION


def create(
    session: Session, ministry: Ministry, case_no: str, answers: Mapping[str, Any], *, round: Round, tally: Tally
) -> UseCase:
    """Return a new use case as the answers describe it; its first event is written by ``begin``, once it has an id."""
    now = session.info["clock"].now()
    state = lifecycle_of(answers, None)
    use_case = UseCase(
        ministry_id=ministry.id,
        case_no=case_no,
        created_at=now,
        updated_at=now,
        lifecycle=state,
        lifecycle_since=_since(answers, round.as_of, None),
        as_of=round.as_of,
    )
    _facts(use_case, answers, {})
    session.add(use_case)
    _warn(use_case, answers, tally)
    tally.created += 1
    return use_case


def update(
    session: Session,
    use_case: UseCase,
    answers: Mapping[str, Any],
    states: Mapping[str, str],
    *,
    round: Round,
    by: Actor,
    tally: Tally,
    source: Source = Source.IMPORT,
    only: Set[str] | None = None,
) -> None:
    """Bring a known use case up to the round; an older round does not turn it back.

    ``only`` names the answers that are news: what people changed since in the others, or in the state, stays. A day or
    a stage that was taken away is news, too.
    """
    if use_case.as_of is not None and use_case.as_of > round.as_of:
        tally.older += 1
        return
    use_case.as_of = round.as_of
    _facts(use_case, _narrowed(answers, only), _narrowed(states, only), blanked=only is not None)
    if session.is_modified(use_case):
        use_case.updated_at = session.info["clock"].now()
        tally.updated += 1
    if only is not None and not only & LIFE:
        return
    to = lifecycle_of(answers, use_case.lifecycle)
    _warn(use_case, answers, tally)
    if to is use_case.lifecycle:
        return
    if use_case.lifecycle in BY_HAND:
        tally.kept_by_hand.append(use_case.case_no)
    elif use_case.lifecycle_since > round.as_of:
        tally.kept_newer.append(use_case.case_no)
    else:
        on = _since(answers, round.as_of, use_case)
        lifecycle.enter(session, use_case, to, on=on, source=source, round=round, by=by)
        tally.moved += 1
        if to is Lifecycle.PLANNED:
            tally.back.append(use_case.case_no)


def _narrowed(part: Mapping[str, Any], only: Set[str] | None) -> Mapping[str, Any]:
    return part if only is None else {name: value for name, value in part.items() if name in only}


def _facts(use_case: UseCase, answers: Mapping[str, Any], states: Mapping[str, str], *, blanked: bool = False) -> None:
    """Take over what was answered; a question left open or not asked erases nothing, 対象外 does.

    The plan may be ``blanked``: no day and no stage is a plan, too.
    """
    for name in (*TEXTS, *CODES):
        if name in answers:
            setattr(use_case, name, answers[name])
        elif states.get(name) == AnswerState.NOT_APPLICABLE:
            setattr(use_case, name, "" if name in TEXTS else None)
    for name, attribute, parse in PLAN:
        if name in answers:
            setattr(use_case, attribute, parse(answers[name]))
        elif blanked and states.get(name) in (AnswerState.MISSING, AnswerState.NOT_APPLICABLE):
            setattr(use_case, attribute, None)
    texts = (use_case.case_no, use_case.title, use_case.unit or "", use_case.purpose or "")
    use_case.search_key = search_key(" ".join(texts))


def _since(answers: Mapping[str, Any], as_of: dt.date, use_case: UseCase | None) -> dt.date:
    """Return the day of a step: the start date for a start that lies before the round's day, else that day itself."""
    starts = answers.get("start_timing") == StartTiming.STARTED and "start_on" in answers
    if starts and (use_case is None or use_case.lifecycle is Lifecycle.PLANNED):
        start = dt.date.fromisoformat(answers["start_on"])
        if start <= as_of and (use_case is None or start >= use_case.lifecycle_since):
            return start
    return as_of


def _warn(use_case: UseCase, answers: Mapping[str, Any], tally: Tally) -> None:
    if answers.get("start_timing") == StartTiming.STARTED and "stage" not in answers:
        tally.without_stage.append(use_case.case_no)
