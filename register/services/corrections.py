"""Correcting an item after its round was frozen: the earlier version stays, and the report says so in a footnote."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.formspec.schema import FormSpec
from register.models import ItemVersion, Round, Submission, SubmissionItem
from register.services import answers, case_update
from register.services.answers import Typed
from register.services.returns import item_of, reason_for, step, take
from register.vocab import MappedBy, Source, SubmissionDeed


def correct(
    session: Session, submission: Submission, item_id: int, typed: Typed, *, reason: str, spec: FormSpec, by: Actor
) -> SubmissionItem:
    """Replace answers of a frozen item and keep the version before; raise ``Invalid`` without a reason or change."""
    taken = step(session, submission, SubmissionDeed.CORRECT)
    item = item_of(session, submission, item_id)
    reason = reason_for(reason)
    before = (dict(item.answers), dict(item.states))
    answers.write(item, [q for q in spec.questions if q.id in typed.texts], typed, spec)
    if (item.answers, item.states) == before:
        raise NotNow(say("変わった回答がありません。"))
    changed = [name for name in item.mapping if item.answers.get(name) != before[0].get(name)]
    item.mapping = item.mapping | {name: {"by": MappedBy.SECRETARIAT.value, "reason": reason} for name in changed}
    number = session.scalar(select(func.count()).select_from(ItemVersion).where(ItemVersion.item_id == item.id)) or 0
    session.add(
        ItemVersion(
            item_id=item.id,
            ministry_id=item.ministry_id,
            number=number + 1,
            answers=before[0],
            states=before[1],
            reason=reason,
            replaced_at=session.info["clock"].now(),
            replaced_by=by.name,
        )
    )
    _follow(session, item, by)
    take(session, submission, taken, by=by, reason=reason)
    audit.record(session, audit.Event.ITEM_CORRECTED, item, by=by, reason=reason, version=number + 2)
    return item


def _follow(session: Session, item: SubmissionItem, by: Actor) -> None:
    """Bring the register up to the correction, where no newer round has spoken of the case since."""
    current = session.get_one(Round, item.round_id)
    if item.use_case is not None and not current.rehearsal:
        case_update.update(
            session,
            item.use_case,
            item.answers,
            item.states,
            round=current,
            by=by,
            tally=case_update.Tally(),
            source=Source.ROUND,
        )
