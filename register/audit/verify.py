"""The check of the chain: the first bad entry and its kind, for a changed, removed, reordered or truncated log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from register.audit.chain import GENESIS, canonical, digest_of, entry_hash
from register.errors import NotNow, Say, say
from register.models import AuditClear, AuditEntry, AuditHead, ChangeMark, Snapshot

# How many entries are held at once; that of an import may be some hundred kilobytes long.
BATCH = 200


@dataclass(frozen=True)
class Anchor:
    """A length and head that somebody outside the database keeps: printed in a snapshot, for example."""

    seq: int
    hash: str
    where: str


@dataclass(frozen=True)
class Finding:
    """The first thing wrong: ``kind`` is gap, link, content, copy, clear, head, truncated, anchor, unnamed or state."""

    seq: int
    kind: str
    sentence: Say


@dataclass(frozen=True)
class Verdict:
    """The chain's length and head as read, and what is wrong with it (None when nothing is)."""

    length: int
    head: str
    finding: Finding | None


class Broken(NotNow):
    """The log cannot be relied on: ``finding`` is the first thing wrong with it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


class Checked(NamedTuple):
    """An entry that follows the one before it: what its body says, and the clear texts (None where there are none)."""

    seq: int
    hash: str
    body: Mapping[str, Any]
    texts: Mapping[str, Any] | None


def verify(session: Session, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check every entry from the first, then the head, the printed anchors and ``anchors``, then unnamed changes."""
    wanted = _wanted((*_printed(session), *anchors))
    seq, prev = 0, GENESIS
    try:
        # The first finding ends the reading, and a server-side cursor must not be left open.
        with closing(_checked(session, seq, prev, None, wanted)) as entries:
            for entry in entries:
                seq, prev = entry.seq, entry.hash
    except Broken as broken:
        return Verdict(seq, prev, broken.finding)
    return Verdict(seq, prev, _check_end(session, seq, prev, wanted))


def checked(session: Session, *, after: int = 0, prev: str = GENESIS, upto: int) -> Generator[Checked]:
    """Yield the entries after number ``after``, whose hash is ``prev``, up to number ``upto``.

    Each was checked, against the printed anchors too; raise ``Broken`` at the first that is bad or missing.
    """
    seq = after
    with closing(_checked(session, after, prev, upto, _wanted(_printed(session)))) as entries:
        for entry in entries:
            seq = entry.seq
            yield entry
    if seq != upto:
        raise Broken(_gap(seq + 1))


def _checked(
    session: Session, seq: int, prev: str, upto: int | None, wanted: Mapping[int, list[Anchor]]
) -> Generator[Checked]:
    if finding := _check_anchors(seq, prev, wanted):
        raise Broken(finding)
    with closing(_entries(session, seq, upto)) as entries:
        for entry in entries:
            found = _check(entry, seq + 1, prev)
            if isinstance(found, Finding):
                raise Broken(found)
            if finding := _check_anchors(found.seq, found.hash, wanted):
                raise Broken(finding)
            seq, prev = found.seq, found.hash
            yield found


# SQLite stores whatever it is given, so a forged value need not be what its column holds: moments and clear texts are
# read as they lie there and interpreted here, where a failure can name the entry.
_RAW = NullType()
_COLUMNS = (
    *(column for column in AuditEntry.__table__.c if column.key != "at"),
    type_coerce(AuditEntry.at, _RAW).label("at"),
    AuditClear.seq.label("clear_seq"),
    AuditClear.salt,
    type_coerce(AuditClear.texts, _RAW).label("texts"),
)


def _entries(session: Session, after: int, upto: int | None) -> Generator[Row[*tuple[Any, ...]]]:
    statement = (
        select(*_COLUMNS)
        .outerjoin(AuditClear, AuditClear.seq == AuditEntry.seq)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=BATCH)
    )
    if after:
        # Not from the first one on: an entry that was put before it must be seen.
        statement = statement.where(AuditEntry.seq > after)
    if upto is not None:
        statement = statement.where(AuditEntry.seq <= upto)
    with session.execute(statement) as result:
        yield from result


def _check(entry: Row[*tuple[Any, ...]], seq: int, prev: str) -> Checked | Finding:
    if entry.seq != seq:
        return _gap(seq)
    body = _body(entry.body)
    if body is None or entry_hash(entry.body.encode()) != entry.hash:
        return Finding(seq, "content", say("%(seq)d番の記録の内容が書き換えられています。", seq=seq))
    if entry.prev != prev or body.get("prev") != prev or body.get("seq") != seq:
        return Finding(seq, "link", say("%(seq)d番の記録が前の記録につながっていません。", seq=seq))
    if _copied(entry) != _as_copied(body):
        return Finding(seq, "copy", say("%(seq)d番の記録の表示用の写しが本文と違います。", seq=seq))
    texts = None
    if entry.clear_seq is not None:
        texts = _clear(body, entry.salt, entry.texts)
        if texts is None:
            return Finding(seq, "clear", say("%(seq)d番の記録の平文が本文の要約値と違います。", seq=seq))
    return Checked(seq, entry.hash, body, texts)


def _gap(seq: int) -> Finding:
    return Finding(seq, "gap", say("%(seq)d番の記録がありません。", seq=seq))


def _body(text: Any) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
        return body if isinstance(body, dict) and canonical(body) == text.encode() else None
    except (AttributeError, TypeError, ValueError, RecursionError):
        return None


def _copied(entry: Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
    who = (entry.actor_id, entry.actor_name, entry.role, entry.ministry_id)
    return (_moment(entry.at), entry.event, who, (entry.subject_table, entry.subject_id, entry.subject_label))


def _moment(stored: Any) -> str | None:
    """Return a stored moment as the body writes it; None where it is none. SQLite keeps UTC as text."""
    try:
        moment = dt.datetime.fromisoformat(stored) if isinstance(stored, str) else stored
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return str(aware.astimezone(dt.UTC).isoformat(timespec="microseconds"))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def _as_copied(body: Mapping[str, Any]) -> tuple[Any, ...] | None:
    try:
        actor, subject = body["actor"], body["subject"]
        who = (actor["id"], actor["name"], actor["role"], body["ministry"])
        return (body["at"], body["event"], who, (subject["table"], subject["pk"], subject["label"]))
    except (KeyError, TypeError):
        # A forged body may fit its hash and yet have none of these parts.
        return None


def _clear(body: Mapping[str, Any], salt: str, stored: Any) -> dict[str, Any] | None:
    """Return the clear texts beside ``body``; None where they are not those whose digests it holds."""
    try:
        expected = _expected(body)
        texts = json.loads(stored) if isinstance(stored, str) else stored
        if expected.keys() != texts.keys():
            return None
        return texts if all(_digests(salt, texts[key]) == digest for key, digest in expected.items()) else None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _expected(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the digests in ``body`` under the names that their clear values have beside it."""
    expected: dict[str, Any] = {}
    if isinstance(body["reason"], dict):
        expected["reason"] = body["reason"]["hmac"]
    for change in body["changes"]:
        for name, old_new in change["fields"].items():
            digests = [value.get("hmac") if isinstance(value, dict) else None for value in old_new]
            if any(digests):
                expected[f"{change['table']}/{change['pk']}/{name}"] = digests
    return expected


def _digests(salt: str, value: Any) -> Any:
    if isinstance(value, list):
        return [None if item is None else digest_of(salt, item) for item in value]
    return digest_of(salt, value)


def _check_anchors(seq: int, found: str, wanted: Mapping[int, list[Anchor]]) -> Finding | None:
    for anchor in wanted.get(seq, ()):
        if anchor.hash != found:
            return Finding(
                seq,
                "anchor",
                say("%(seq)d番の記録が%(where)sに印刷された値と違います。", seq=seq, where=anchor.where),
            )
    return None


def _check_end(session: Session, seq: int, prev: str, wanted: Mapping[int, list[Anchor]]) -> Finding | None:
    beyond = max((anchor for anchors in wanted.values() for anchor in anchors), key=lambda a: a.seq, default=None)
    if beyond is not None and beyond.seq > seq:
        return Finding(
            seq + 1,
            "truncated",
            say("%(seq)d番以降の記録が失われています（%(where)s）。", seq=seq + 1, where=beyond.where),
        )
    head = session.execute(select(AuditHead.seq, AuditHead.hash)).one_or_none()
    if head is None or (head.seq, head.hash) != (seq, prev):
        return Finding(seq + 1, "head", say("記録の末尾が台帳の控えと一致しません（%(seq)d番以降）。", seq=seq + 1))
    if unnamed := session.scalar(select(func.count()).select_from(ChangeMark)):
        return Finding(seq, "unnamed", say("記録のない変更が%(count)d件あります。", count=unnamed))
    return None


def _wanted(anchors: Iterable[Anchor]) -> dict[int, list[Anchor]]:
    wanted: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        wanted.setdefault(anchor.seq, []).append(anchor)
    return wanted


def _printed(session: Session) -> Iterator[Anchor]:
    for row in session.execute(select(Snapshot.audit_seq, Snapshot.audit_head, Snapshot.file_name)):
        yield Anchor(row.audit_seq, row.audit_head, row.file_name)
