"""How far each reach goes, as one table: as a condition over the rows of a model, and asked of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, or_, select, true

from register.authz.permissions import Reach
from register.models import Assessment, Incident, Notice, NoticeRecipient, Submission
from register.states import EDITION_OUT, ROUND_SETTLED
from register.vocab import NoticeState, ReplyState, RoundState, SubmissionState, Variant

# A return that the secretariat may see.
HANDED_IN = (
    SubmissionState.SUBMITTED,
    SubmissionState.RETURNED,
    SubmissionState.ACCEPTED,
    SubmissionState.FROZEN,
)


class Who(Protocol):
    """The part of an actor that a reach asks for; its values may be bound parameters of a statement."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def ministry_id(self) -> int | None: ...


def _handed_in(model: Any, _actor: Who) -> ColumnElement[bool]:
    submission = model.id if model is Submission else model.submission_id
    found: ColumnElement[bool] = submission.in_(select(Submission.id).where(Submission.state.in_(HANDED_IN)))
    return found


def _was_handed_in(row: Any, _actor: Who) -> bool:
    return (row if isinstance(row, Submission) else row.submission).state in HANDED_IN


def _notified(model: Any, _actor: Who) -> ColumnElement[bool]:
    told = Incident.notified_at.is_not(None)
    return told if model is Incident else model.incident_id.in_(select(Incident.id).where(told))


def _was_notified(row: Any, _actor: Who) -> bool:
    return (row if isinstance(row, Incident) else row.incident).notified_at is not None


def _addressed(model: Any, actor: Who) -> ColumnElement[bool]:
    own: ColumnElement[bool] = NoticeRecipient.ministry_id == actor.ministry_id
    if model is NoticeRecipient:
        return own
    # A draft is the secretariat's own, also one that was sent back to it.
    shown = and_(Notice.asked_at.is_not(None), Notice.state != NoticeState.DRAFT)
    asked = and_(Notice.origin_ministry_id == actor.ministry_id, shown)
    return or_(Notice.id.in_(select(NoticeRecipient.notice_id).where(own)), asked)


def _is_addressed(row: Any, actor: Who) -> bool:
    if isinstance(row, NoticeRecipient):
        return row.ministry_id == actor.ministry_id
    if any(one.ministry_id == actor.ministry_id for one in row.recipients):
        return True
    shown = row.asked_at is not None and row.state is not NoticeState.DRAFT
    return bool(row.origin_ministry_id == actor.ministry_id and shown)


def _is_from_there(row: Any, actor: Who) -> bool:
    return bool(row.origin_ministry_id == actor.ministry_id)


def _confirmed(model: Any, _actor: Who) -> ColumnElement[bool]:
    confirmed = select(NoticeRecipient.id).where(NoticeRecipient.state == ReplyState.CONFIRMED)
    return model.recipient_id.in_(confirmed)  # type: ignore[no-any-return]


def _is_confirmed(row: Any, _actor: Who) -> bool:
    recipient = row if isinstance(row, NoticeRecipient) else row.recipient
    return bool(recipient.state is ReplyState.CONFIRMED)


# How far each reach goes: as a condition over the rows of a model, and asked of one row.
EXTENTS: Mapping[Reach, tuple[Callable[[Any, Who], Any], Callable[[Any, Who], Any]]] = {
    Reach.ALL: (lambda _model, _actor: true(), lambda _row, _actor: True),
    Reach.OWN: (
        lambda model, actor: model.ministry_id == actor.ministry_id,
        lambda row, actor: row.ministry_id == actor.ministry_id,
    ),
    Reach.OWN_OR_PUBLIC: (
        lambda model, actor: or_(model.ministry_id == actor.ministry_id, model.variant == Variant.PUBLIC),
        lambda row, actor: row.ministry_id == actor.ministry_id or row.variant is Variant.PUBLIC,
    ),
    Reach.OWN_OR_SHARED: (
        lambda model, actor: or_(model.ministry_id == actor.ministry_id, model.shared),
        lambda row, actor: row.shared or row.ministry_id == actor.ministry_id,
    ),
    Reach.SHARED: (
        lambda model, _actor: and_(model.shared, model.withdrawn_at.is_(None)),
        lambda row, _actor: row.shared and row.withdrawn_at is None,
    ),
    Reach.HANDED_IN: (_handed_in, _was_handed_in),
    Reach.ANNOUNCED: (
        lambda model, _actor: model.state != RoundState.DRAFT,
        lambda row, _actor: row.state is not RoundState.DRAFT,
    ),
    Reach.SETTLED: (
        lambda model, _actor: model.state.in_(ROUND_SETTLED),
        lambda row, _actor: row.state in ROUND_SETTLED,
    ),
    Reach.PUBLISHED: (
        lambda model, _actor: model.state.in_(EDITION_OUT),
        lambda row, _actor: row.state in EDITION_OUT,
    ),
    Reach.ASKED: (
        lambda model, actor: model.asked_by_id == actor.user_id,
        lambda row, actor: row.asked_by_id == actor.user_id,
    ),
    Reach.RECEIVED: (
        lambda model, actor: model.user_id == actor.user_id,
        lambda row, actor: row.user_id == actor.user_id,
    ),
    Reach.NOTIFIED: (_notified, _was_notified),
    # A flag is raised by a decision alone.
    Reach.DECIDED: (
        lambda model, _actor: model.decided_at.is_not(None) if model is Assessment else true(),
        lambda row, _actor: not isinstance(row, Assessment) or row.decided_at is not None,
    ),
    Reach.SENT: (lambda model, _actor: model.sent_at.is_not(None), lambda row, _actor: row.sent_at is not None),
    Reach.NOT_INTERNAL: (lambda model, _actor: model.internal.is_(False), lambda row, _actor: not row.internal),
    Reach.ADDRESSED: (_addressed, _is_addressed),
    # Consent is asked of one notice and never a sight.
    Reach.ORIGIN: (lambda model, actor: model.origin_ministry_id == actor.ministry_id, _is_from_there),
    Reach.CONFIRMED: (_confirmed, _is_confirmed),
}
