"""Opening a round: every case of the register is laid before its ministry, prefilled; nothing is an answer yet.

The facts are today's, the state is that of the round's day: a round asks how things stood then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from register.formspec.loader import FormLibrary
from register.formspec.mapping import carry
from register.formspec.schema import FormSpec
from register.formspec.terms import start_timing_code
from register.models import LifecycleEvent, Round, Submission, SubmissionItem, UseCase
from register.queries.answers import last_items
from register.services.case_update import CODES, TEXTS
from register.vocab import Confirmation, Lifecycle, MappedBy, Stage, StartTiming

# Counts of a period start anew in each round; only that there was nothing is worth showing again.
PER_PERIOD = ("risk_case_count",)
# domain.md section 5: what the state of a case says of its start and its stage.
RUNNING: Mapping[Lifecycle, Stage] = {
    Lifecycle.PRODUCTION: Stage.PRODUCTION,
    Lifecycle.VERIFICATION: Stage.VERIFICATION,
}


def lay_out(session: Session, submission: Submission, *, round: Round, spec: FormSpec, forms: FormLibrary) -> int:
    """Add an item for every case of the ministry that the round does not hold yet; return how many were added.

    A case that was retired on or before the round's day is not asked about.
    """
    known = select(SubmissionItem.use_case_id).where(
        SubmissionItem.submission_id == submission.id, SubmissionItem.use_case_id.is_not(None)
    )
    living = or_(UseCase.lifecycle != Lifecycle.RETIRED, UseCase.lifecycle_since > round.as_of)
    cases = session.scalars(
        select(UseCase)
        .where(UseCase.ministry_id == submission.ministry_id, living, UseCase.id.not_in(known))
        .order_by(UseCase.case_no)
    ).all()
    last = last_items(session, submission.ministry_id, round)
    then = _states(session, submission.ministry_id, round)
    session.add_all(
        _item(submission, case, then.get(case.id, case.lifecycle), last.get(case.id), round, spec, forms)
        for case in cases
    )
    return len(cases)


def _states(session: Session, ministry_id: int, round: Round) -> dict[int, Lifecycle]:
    """Return the state that each case which moved since the round's day had on it; one that is younger was planned."""
    moved = (UseCase.ministry_id == ministry_id, UseCase.lifecycle_since > round.as_of)
    states = dict.fromkeys(session.scalars(select(UseCase.id).where(*moved)), Lifecycle.PLANNED)
    steps = (
        select(LifecycleEvent.use_case_id, LifecycleEvent.to_state)
        .join(UseCase, UseCase.id == LifecycleEvent.use_case_id)
        .where(*moved, LifecycleEvent.on <= round.as_of)
        .order_by(LifecycleEvent.on, LifecycleEvent.id)
    )
    # The newest comes last and wins.
    return states | {step.use_case_id: step.to_state for step in session.execute(steps)}


def _item(
    submission: Submission,
    use_case: UseCase,
    then: Lifecycle,
    last: SubmissionItem | None,
    round: Round,
    spec: FormSpec,
    forms: FormLibrary,
) -> SubmissionItem:
    steps = forms.between(last.round.form_version.version, spec.version) if last else ()
    carried = carry(_known(use_case, then, last, round, spec), steps, spec)
    mapping = {name: {"by": MappedBy.AUTOMATIC.value} for name in carried.answers if name not in carried.recheck}
    return SubmissionItem(
        round_id=round.id,
        submission_id=submission.id,
        ministry_id=submission.ministry_id,
        use_case_id=use_case.id,
        case_no=use_case.case_no,
        confirmation=Confirmation.UNCONFIRMED,
        answers={},
        states={},
        carried=dict(carried.answers),
        recheck={name: kind.value for name, kind in carried.recheck.items()},
        mapping=mapping if steps else {},
        notes={},
    )


def _known(
    use_case: UseCase, then: Lifecycle, last: SubmissionItem | None, round: Round, spec: FormSpec
) -> dict[str, Any]:
    """Return what is known of a case: the register's facts, and beside them what only the last report holds."""
    before: Mapping[str, Any] = last.answers if last else {}
    facts = {name: getattr(use_case, name) for name in (*TEXTS, *CODES)}
    facts["start_on"] = use_case.start_on.isoformat() if use_case.start_on else None
    facts |= _start(use_case, then, before, round)
    rest = {name: before[name] for name in _only_reported(spec, facts) if name in before}
    for name in PER_PERIOD:
        if rest.get(name):
            del rest[name]
    return {name: value for name, value in (rest | facts).items() if value not in (None, "")}


def _only_reported(spec: FormSpec, facts: Mapping[str, Any]) -> Sequence[str]:
    return [field.id for field in spec.questions if field.id not in facts]


def _start(use_case: UseCase, then: Lifecycle, before: Mapping[str, Any], round: Round) -> dict[str, str | None]:
    """Return the answers to 利用開始時期 and 導入段階; what the register does not know stays open."""
    if then in RUNNING:
        return {"start_timing": StartTiming.STARTED.value, "stage": RUNNING[then].value}
    if then is not Lifecycle.PLANNED:
        # 停止中 and 利用終了 have no answer in the form.
        return {"start_timing": before.get("start_timing"), "stage": before.get("stage")}
    begun = RUNNING.get(use_case.lifecycle)
    start = use_case.start_on or (use_case.lifecycle_since if begun else None)
    timing = None
    if start is not None and start > round.as_of:
        timing = start_timing_code(start, round.as_of).value
    elif start is None and before.get("start_timing") == StartTiming.UNDECIDED:
        timing = StartTiming.UNDECIDED.value
    stage = use_case.planned_stage or begun
    return {"start_timing": timing, "stage": stage.value if stage else None}
