"""The deeds on notices (注意喚起): write, have cleared, issue to the ministries concerned, close, withdraw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from register import audit, authz, workdays
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import Invalid, Say, say
from register.formspec.risk import RiskTerms
from register.formspec.schema import FormSpec
from register.models import Incident, Notice, NoticeEvent, NoticeRecipient
from register.queries.notices import unreached
from register.queries.resemblance import Audience, addressed
from register.services.editing import refuse_stale
from register.services.notice_values import EDITABLE, checked, digest
from register.services.serials import raise_notice_serial
from register.states import NoticeFacts, NoticeStep, notice_refusals, notice_step
from register.text import clean
from register.vocab import MINISTRY_ROLES, NoticeDeed, NoticeState, ReplyState

LONGEST_WORD = 4000


def write(
    session: Session, values: Mapping[str, Any], *, form: FormSpec, incident: Incident | None = None, by: Actor
) -> Notice:
    """Draft a notice, from an incident that the secretariat was told of or by itself."""
    authz.require(by, authz.Permission.NOTICE_WRITE)
    if incident is not None:
        authz.require(by, authz.Permission.INCIDENT_READ, incident)
    now = session.info["clock"].now()
    notice = Notice(
        state=NoticeState.DRAFT,
        incident_id=incident.id if incident else None,
        origin_ministry_id=incident.ministry_id if incident else None,
        author_id=by.user_id,
        author_name=by.name,
        created_at=now,
        updated_at=now,
        **checked(values, form),
    )
    session.add(notice)
    audit.record(session, audit.Event.NOTICE_WRITTEN, notice, by=by)
    return notice


def edit(
    session: Session, notice: Notice, values: Mapping[str, Any], *, form: FormSpec, version: int, by: Actor
) -> Notice:
    """Change the text of a notice; whatever consent was asked for or given is gone with the old one."""
    authz.require(by, authz.NOTICE_DEEDS[NoticeDeed.EDIT], notice)
    step = notice_step(NoticeDeed.EDIT, notice.state)
    refuse_stale(notice, version, EDITABLE)
    told = checked(values, form)
    changed = {name: value for name, value in told.items() if getattr(notice, name) != value}
    if not changed:
        return notice
    for name, value in changed.items():
        setattr(notice, name, value)
    _no_consent(notice)
    _note(session, notice, step, "", by)
    audit.record(session, audit.Event.NOTICE_WRITTEN, notice, by=by)
    return notice


def move(session: Session, notice: Notice, deed: NoticeDeed, *, word: str = "", version: int, by: Actor) -> Notice:
    """Take a step with a notice; raise ``NotNow`` when the table says no, ``Invalid`` when something is missing."""
    step = _allowed(notice, deed, version, by)
    word, problems = clean(word), dict[str, Say]()
    if step.reason and not word:
        problems["word"] = say("内容を入力してください。")
    elif len(word) > LONGEST_WORD:
        problems["word"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST_WORD)
    elif refusals := notice_refusals(step, facts(notice, 1)):
        problems["word"] = refusals[0]
    if problems:
        raise Invalid(problems)
    _EFFECTS[deed](notice, session.info["clock"].now(), by)
    event = _note(session, notice, step, word, by)
    # What a ministry does stands in its own log, what the secretariat does in none of a ministry.
    subject = event if by.role in MINISTRY_ROLES else notice
    audit.record(session, audit.Event.NOTICE_MOVED, subject, by=by, reason=word, deed=deed.value)
    return notice


def issue(
    session: Session, notice: Notice, *, due_on: dt.date | None, terms: RiskTerms, version: int, by: Actor
) -> Notice:
    """Issue a notice under a number: the ministries that it means now are written down and stay."""
    step = _allowed(notice, NoticeDeed.ISSUE, version, by)
    now, due = session.info["clock"].now(), _due(session, due_on, terms)
    found = addressed(session, Audience.of(notice))
    if refusals := notice_refusals(step, facts(notice, len(found))):
        raise Invalid({"due_on": refusals[0]})
    year = fiscal_year(session.info["clock"].today())
    notice.notice_no = f"NT{year}-{raise_notice_serial(session, year):03d}"
    notice.due_on, notice.issued_at = due, now
    for ministry, _ in found:
        notice.recipients.append(NoticeRecipient(ministry_id=ministry.id, state=ReplyState.OPEN))
    _note(session, notice, step, "", by)
    audit.record(session, audit.Event.NOTICE_MOVED, notice, by=by, deed=step.deed.value, ministries=len(found))
    return notice


def extend(
    session: Session, notice: Notice, *, due_on: dt.date | None, terms: RiskTerms, version: int, by: Actor
) -> int:
    """Send an issued notice to the ministries that it means by now and did not reach; return how many they are.

    They answer by a day of their own. The consent stands: it was given to the text and the rule of the audience.
    """
    step = _allowed(notice, NoticeDeed.EXTEND, version, by)
    due = _due(session, due_on, terms)
    found = unreached(session, notice)
    if refusals := notice_refusals(step, facts(notice, len(found))):
        raise Invalid({"due_on": refusals[0]})
    for ministry, _ in found:
        notice.recipients.append(NoticeRecipient(ministry_id=ministry.id, state=ReplyState.OPEN, due_on=due))
    _note(session, notice, step, "", by)
    audit.record(session, audit.Event.NOTICE_MOVED, notice, by=by, deed=step.deed.value, ministries=len(found))
    return len(found)


def due_by_default(today: dt.date, terms: RiskTerms) -> dt.date:
    """Return by when a notice that is issued today is answered, unless it says otherwise."""
    return workdays.add(today, terms.notice)


def _due(session: Session, due_on: dt.date | None, terms: RiskTerms) -> dt.date:
    today = session.info["clock"].today()
    if due_on is not None and due_on < today:
        raise Invalid({"due_on": say("回答の期限は、今日以降の日付にしてください。")})
    return due_on or due_by_default(today, terms)


def facts(notice: Notice, recipients: int) -> NoticeFacts:
    """Return what the guards of a step look at."""
    cleared = notice.state is NoticeState.CLEARED and notice.cleared_sha256 == digest(notice)
    return NoticeFacts(notice.origin_ministry_id is not None, cleared, recipients)


def _allowed(notice: Notice, deed: NoticeDeed, version: int, by: Actor) -> NoticeStep:
    authz.require(by, authz.NOTICE_DEEDS[deed], notice)
    step = notice_step(deed, notice.state)
    refuse_stale(notice, version, ())
    return step


def _no_consent(notice: Notice) -> None:
    notice.cleared_at, notice.cleared_by, notice.cleared_sha256 = None, "", ""


def _ask(notice: Notice, now: dt.datetime, _by: Actor) -> None:
    notice.asked_at = now


def _clear(notice: Notice, now: dt.datetime, by: Actor) -> None:
    notice.cleared_at, notice.cleared_by, notice.cleared_sha256 = now, by.name, digest(notice)


def _close(notice: Notice, now: dt.datetime, _by: Actor) -> None:
    notice.closed_at = now


def _nothing(_notice: Notice, _now: dt.datetime, _by: Actor) -> None:
    """The step itself says all."""


_EFFECTS: Mapping[NoticeDeed, Callable[[Notice, dt.datetime, Actor], None]] = {
    NoticeDeed.ASK: _ask,
    NoticeDeed.CLEAR: _clear,
    NoticeDeed.REFUSE: _nothing,
    NoticeDeed.CLOSE: _close,
    NoticeDeed.WITHDRAW: _close,
}


def _note(session: Session, notice: Notice, step: NoticeStep, word: str, by: Actor) -> NoticeEvent:
    now = session.info["clock"].now()
    notice.state, notice.updated_at = step.target or notice.state, now
    event = NoticeEvent(
        notice_id=notice.id,
        ministry_id=by.ministry_id,
        deed=step.deed,
        at=now,
        actor_id=by.user_id,
        actor_name=by.name,
        body=word,
    )
    session.add(event)
    return event
