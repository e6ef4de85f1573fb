"""Reading the audit chain: the list with its filter, one entry with its changes in clear where they still are."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.clock import TOKYO
from register.db import Base
from register.models import (
    Assessment,
    AuditClear,
    AuditEntry,
    Incident,
    Ministry,
    NoticeRecipient,
    Question,
    Referral,
    Snapshot,
)
from register.queries.listing import PER_PAGE, pages_of
from register.queries.referrals import PACKAGE
from register.vocab import MINISTRY_ROLES

# An import may change a thousand rows in one deed; the page shows the first of them.
SHOWN_CHANGES = 100
EMPTY: tuple[Any, ...] = (None, "", [], {})
# What a ministry has of its own for a time, and the right to read it: until then the log tells others no word of it.
WAITING: Mapping[str, tuple[type[Any], Permission]] = {
    Incident.__tablename__: (Incident, Permission.INCIDENT_READ),
    Assessment.__tablename__: (Assessment, Permission.ASSESSMENT_READ),
    Referral.__tablename__: (Referral, Permission.REFERRAL_READ),
    NoticeRecipient.__tablename__: (NoticeRecipient, Permission.NOTICE_ANSWER_READ),
    Question.__tablename__: (Question, Permission.QUESTION_READ),
    Snapshot.__tablename__: (Snapshot, Permission.SNAPSHOT_READ),
}
# Columns that the log holds to be complete and that tell people nothing, with the reason.
TECHNICAL: Mapping[str, str] = {
    "version": "counts the edits, so that a stale one is refused",
    "public_id": "a random id for addresses",
    "search_key": "the texts beside it, folded for the search",
    "created_at": "the moment of the entry",
    "updated_at": "the moment of the entry",
}
COLUMNS = (
    AuditEntry.seq,
    AuditEntry.hash,
    AuditEntry.at,
    AuditEntry.event,
    AuditEntry.actor_name,
    AuditEntry.role,
    AuditEntry.ministry_id,
    AuditEntry.subject_table,
    AuditEntry.subject_label,
)


@dataclass(frozen=True)
class LogFilter:
    """What the log is narrowed to; an empty value narrows nothing. The days are days in Japan, both included."""

    event: str = ""
    subject: str = ""
    who: str = ""
    ministry: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class LogPage:
    """One page of the log, newest first; the chain's length and head only for those who see all of it."""

    rows: Sequence[Any]
    total: int
    page: int
    ministries: Mapping[int, Ministry]
    head: tuple[int, str] | None

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class FieldChange:
    """One field of a change; ``purged`` when its clear text was lawfully removed and only the digests are left.

    ``withheld`` when the clear text is there, and not for the person who asks.
    """

    name: str
    old: Any
    new: Any
    purged: bool = False
    withheld: bool = False


@dataclass(frozen=True)
class RowChange:
    """What happened to one row."""

    table: str
    pk: str
    op: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class EntryPage:
    """One entry: ``reason`` is None when it was purged, ``labels`` names the rows that changed fields point at.

    ``more`` counts the changes that are not shown; ``clear`` tells whether any confidential text is.
    """

    entry: AuditEntry
    ministry: Ministry | None
    reason: str | None
    details: Mapping[str, Any]
    request: str
    changes: tuple[RowChange, ...]
    more: int
    labels: Mapping[tuple[str, str], str]
    whole: bool
    reason_withheld: bool
    clear: bool


def list_page(session: Session, actor: Actor, wanted: LogFilter, page: int) -> LogPage:
    """Return one page of what ``actor`` may see."""
    conditions = [authz.sight(AuditEntry, actor), *_conditions(wanted)]
    total = session.scalar(select(func.count()).select_from(AuditEntry).where(*conditions)) or 0
    page = min(page, pages_of(total))
    statement = select(*COLUMNS).where(*conditions).order_by(AuditEntry.seq.desc())
    rows = session.execute(statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    whole = _sees_all(actor)
    return LogPage(rows, total, page, ministries(session, actor), audit.head(session) if whole else None)


def entry_page(
    session: Session, entry: AuditEntry, actor: Actor, only: Set[tuple[str, str]] | None = None
) -> EntryPage:
    """Return what the page of ``entry`` shows to ``actor``; of the changes those of the rows in ``only`` if given."""
    body = json.loads(entry.body)
    clear = session.get(AuditClear, entry.seq)
    texts: Mapping[str, Any] = clear.texts if clear else {}
    changed = [change for change in body["changes"] if only is None or (change["table"], change["pk"]) in only]
    told = changed[:SHOWN_CHANGES]
    shown = _shown(session, entry, actor, texts, {(change["table"], change["pk"]) for change in told})
    changes = tuple(_row_change(change, shown, texts) for change in told)
    changes = tuple(change for change in changes if change.fields or change.op != "update")
    return EntryPage(
        entry,
        session.get(Ministry, entry.ministry_id) if entry.ministry_id else None,
        shown.get("reason") if isinstance(body["reason"], dict) else body["reason"],
        body["details"],
        body["request"],
        changes,
        len(changed) - len(told),
        _labels(session, changes),
        _sees_all(actor),
        "reason" in texts and "reason" not in shown,
        any(_says(text) for text in shown.values()),
    )


def _says(text: Any) -> bool:
    """Tell whether a clear text, or the old or the new one of a pair, says anything."""
    return any(one not in EMPTY for one in (text if isinstance(text, list) else (text,)))


def _shown(
    session: Session, entry: AuditEntry, actor: Actor, texts: Mapping[str, Any], rows: Set[tuple[str, str]]
) -> Mapping[str, Any]:
    """Return those of the clear texts that ``actor`` may read: what still waits in a ministry is the ministry's.

    ``rows`` are those whose changes are shown; an entry of the consistency check holds rows of both kinds.
    """
    if not _sees_all(actor):
        return texts
    subject = (entry.subject_table or "", entry.subject_id or "")
    hidden = {row for row in {subject, *rows} if not _may_read(session, actor, *row)}
    if subject in hidden:
        return {}
    kept = {name: text for name, text in texts.items() if tuple(name.split("/")[:2]) not in hidden}
    return {name: text for name, text in kept.items() if not _working_text(name)}


def _may_read(session: Session, actor: Actor, table: str, pk: str) -> bool:
    if table not in WAITING:
        return True
    model, permission = WAITING[table]
    row = session.get(model, int(pk))
    return row is not None and authz.can(actor, permission, row)


def _working_text(name: str) -> bool:
    """Tell whether a text is the ministry's own of a referral: what was sent stands in the rows of what was sent."""
    table, _, field = name.partition("/")
    return table == Referral.__tablename__ and field.rpartition("/")[2] in PACKAGE


def _sees_all(actor: Actor) -> bool:
    return actor.role not in MINISTRY_ROLES


def ministries(session: Session, actor: Actor) -> dict[int, Ministry]:
    """Return the ministries whose entries ``actor`` may see, in official order."""
    statement = select(Ministry).order_by(Ministry.sort_no, Ministry.id)
    if not _sees_all(actor):
        statement = statement.where(Ministry.id == actor.ministry_id)
    return {ministry.id: ministry for ministry in session.scalars(statement)}


def _conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.event:
        conditions.append(AuditEntry.event == wanted.event)
    if wanted.subject:
        conditions.append(func.lower(AuditEntry.subject_label).contains(wanted.subject.lower(), autoescape=True))
    if wanted.who:
        conditions.append(func.lower(AuditEntry.actor_name).contains(wanted.who.lower(), autoescape=True))
    if wanted.ministry:
        named = select(Ministry.id).where(Ministry.key == wanted.ministry)
        conditions.append(AuditEntry.ministry_id.in_(named))
    if wanted.since:
        conditions.append(AuditEntry.at >= _midnight(wanted.since))
    if wanted.until and wanted.until < dt.date.max:
        conditions.append(AuditEntry.at < _midnight(wanted.until + dt.timedelta(days=1)))
    return conditions


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), TOKYO)


def _row_change(change: Mapping[str, Any], shown: Mapping[str, Any], texts: Mapping[str, Any]) -> RowChange:
    table, pk = change["table"], change["pk"]
    fields = []
    for name, (old, new) in sorted(change["fields"].items()):
        if name in TECHNICAL:
            continue
        if any(isinstance(value, dict) and value.keys() == {"hmac"} for value in (old, new)):
            key = f"{table}/{pk}/{name}"
            if clear := shown.get(key):
                fields.append(FieldChange(name, *clear))
            else:
                fields.append(FieldChange(name, None, None, purged=key not in texts, withheld=key in texts))
        else:
            fields.append(FieldChange(name, old, new))
    return RowChange(table, pk, change["op"], tuple(field for field in fields if _tells(field)))


def _tells(field: FieldChange) -> bool:
    """Tell whether a person learns anything: of a new row the log holds what was left empty too."""
    return field.purged or field.withheld or not all(value in EMPTY for value in (field.old, field.new))


def _labels(session: Session, changes: Sequence[RowChange]) -> dict[tuple[str, str], str]:
    """Return what the log last called the changed rows and the rows that their fields point at."""
    named = {(change.table, change.pk) for change in changes}
    for change in changes:
        columns = Base.metadata.tables[change.table].c
        for field in change.fields:
            for key in columns[field.name].foreign_keys if field.name in columns else ():
                named |= {(key.column.table.name, str(value)) for value in (field.old, field.new) if value is not None}
    if not named:
        return {}
    newest = (
        select(func.max(AuditEntry.seq))
        .where(tuple_(AuditEntry.subject_table, AuditEntry.subject_id).in_(sorted(named)))
        .group_by(AuditEntry.subject_table, AuditEntry.subject_id)
    )
    statement = select(AuditEntry.subject_table, AuditEntry.subject_id, AuditEntry.subject_label).where(
        AuditEntry.seq.in_(newest)
    )
    return {(row.subject_table, row.subject_id): row.subject_label for row in session.execute(statement)}
