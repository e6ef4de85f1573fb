"""Correcting an item after its round was frozen: the earlier version stays, and the report says so in a footnote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, Stale, say
from register.formspec.schema import FormSpec
from register.models import ItemVersion, Round, Submission, SubmissionItem
from register.services import answers, case_update
from register.services.answers import Typed
from register.services.returns import item_of, reason_for, step, take
from register.vocab import Confirmation, MappedBy, Source, SubmissionDeed

# The answers of an item and the states of its blanks.
Content = tuple[Mapping[str, Any], Mapping[str, str]]


def correct(
    session: Session,
    submission: Submission,
    item_id: int,
    typed: Typed,
    *,
    version: int,
    reason: str,
    spec: FormSpec,
    by: Actor,
) -> SubmissionItem:
    """Replace answers of a frozen item and keep the version before; raise ``Invalid`` without a reason.

    Raise ``Stale`` with the stored answers as a form shows them when it was corrected since ``version`` was read,
    ``NotNow`` when nothing would change, and for a case that was reported as ended: none of it is counted.
    """
    taken = step(session, submission, SubmissionDeed.CORRECT)
    item = item_of(session, submission, item_id)
    if item.version != version:
        theirs = {question.id: str(item.answers.get(question.id, "")) for question in spec.questions}
        raise Stale(say("ほかの人が先に保存しました。両方の内容を確認してください。"), theirs, item.version)
    reason = reason_for(reason)
    if item.confirmation is Confirmation.ENDED:
        raise NotNow(say("利用終了として報告された案件には、訂正できる回答がありません。"))
    before = (dict(item.answers), dict(item.states))
    corrected = replace(typed, by=MappedBy.SECRETARIAT)
    answers.write(item, [q for q in spec.questions if q.id in typed.texts], corrected, spec)
    answers.close(item, spec)
    if (item.answers, item.states) == before:
        raise NotNow(say("変わった回答がありません。"))
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
    _follow(session, item, _changed(before, (item.answers, item.states)), by)
    take(session, submission, taken, by=by, reason=reason)
    audit.record(session, audit.Event.ITEM_CORRECTED, item, by=by, reason=reason, version=number + 2)
    return item


def _changed(before: Content, after: Content) -> frozenset[str]:
    """Return the questions whose answer or state is another one than before."""
    names = {name for part in (*before, *after) for name in part}
    return frozenset(
        name for name in names if any(b.get(name) != a.get(name) for b, a in zip(before, after, strict=True))
    )


def _follow(session: Session, item: SubmissionItem, changed: frozenset[str], by: Actor) -> None:
    """Bring the register up to what was corrected, where no newer round has spoken of the case since."""
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
            only=changed,
        )
