"""Checking a snapshot (写しを確かめる): a file that somebody holds, or the one that the register keeps.

What is checked is one table, ``CHECKS``; each answers with one plain sentence. A file is hostile: it is read and its
signature is looked at in child processes, and what cannot be read is a finding and no error.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zipfile import BadZipFile

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from register.audit import Event
from register.clock import TOKYO
from register.documents.figures import missing_in
from register.documents.kinds import DOCUMENTS
from register.errors import Invalid, Say, say
from register.formats.pack import manifest_in
from register.formats.pdf_read import Read, read_in_child
from register.formats.signing import Signature, Verdict
from register.formats.signing_process import check_in_child
from register.models import AuditEntry, Snapshot, SnapshotCopy
from register.queries.snapshots import newer_than
from register.runtime import Runtime
from register.vocab import SnapshotKind, SnapshotState

# What the JSON that a document is made from is to it (``paper.files``).
SOURCE = "Source"


class Outcome(StrEnum):
    """How a check ended; ``TOLD`` is neither good nor bad."""

    GOOD = "good"
    BAD = "bad"
    TOLD = "told"


@dataclass(frozen=True)
class Finding:
    """The answer of one check: what was asked, how it ended, and what is to be said."""

    asked: Say
    outcome: Outcome
    sentences: Sequence[Say]


@dataclass(frozen=True)
class Facts:
    """What is known when the checks are made: the file, what could be read of it, and the rows that it belongs to.

    ``named`` is the snapshot that the file says it is, ``issued`` tells whether it is byte for byte one that was handed
    out: the file itself, the file before its signature, or a copy in somebody's name.
    """

    session: Session
    data: bytes
    read: Read | None
    signature: Signature
    named: Snapshot | None
    copy: SnapshotCopy | None
    issued: bool
    unreadable: Say | None

    @property
    def source(self) -> bytes | None:
        """The attached JSON that the document is made from."""
        attached = self.read.attachments.values() if self.read else ()
        return next((one.data for one in attached if one.relationship == SOURCE and one.mime.endswith("json")), None)


@dataclass(frozen=True)
class Checked:
    """All findings on one file, and the snapshot that it is or says it is."""

    snapshot: Snapshot | None
    copy: SnapshotCopy | None
    sha256: str
    findings: Sequence[Finding]

    @property
    def good(self) -> bool:
        """Whether it is a snapshot of this register, and nothing speaks against it."""
        return self.snapshot is not None and all(one.outcome is not Outcome.BAD for one in self.findings)


def check(run: Runtime, session: Session, data: bytes, sight: ColumnElement[bool]) -> Checked:
    """Check a file against the register; ``sight`` is which snapshots the person who asks may know of."""
    sha256 = hashlib.sha256(data).hexdigest()
    named, copy = _known(session, sha256, sight)
    issued, read, unreadable = named is not None, None, None
    if named is None or named.kind is not SnapshotKind.PACK:
        try:
            read = read_in_child(data)
        except Invalid as error:
            unreadable = next(iter(error.fields.values()))
    signature = check_in_child(data, run.trust, run.clock.now()) if read else Signature(Verdict.BROKEN)
    if named is None and read is not None:
        named = _said(session, read.properties.get("snapshotId", ""), sight)
    if read is not None and named is not None and named.kind is SnapshotKind.PACK:
        alone = Facts(session, data, read, signature, None, None, True, None)
        return Checked(named, None, sha256, _made_for(run, named, alone))
    facts = Facts(session, data, read, signature, named, copy, issued, unreadable)
    return Checked(named, copy, sha256, [one for ask in CHECKS if (one := ask(facts)) is not None])


def check_row(run: Runtime, session: Session, snapshot: Snapshot) -> Checked:
    """Check the file that the register keeps of ``snapshot``; one that is gone from the store is a finding."""
    own = Snapshot.id == snapshot.id
    if snapshot.disposed_at is None:
        try:
            return check(run, session, run.files.get(snapshot.path), own)
        except OSError:
            lost = say("台帳が保存しているはずのファイルがありません。管理者に連絡してください。")
            gone = Finding(say("台帳での保存"), Outcome.BAD, [lost])
    else:
        gone = None
    facts = Facts(session, b"", None, Signature(Verdict.BROKEN), snapshot, None, True, None)
    rest = [ask(facts) for ask in (_issued, _anchored, _holds, _kept)]
    return Checked(snapshot, None, snapshot.sha256, [one for one in (gone, *rest) if one is not None])


def _made_for(run: Runtime, pack: Snapshot, facts: Facts) -> list[Finding]:
    """Return the findings on a document that says it was made for an evidence pack: the pack's manifest knows it."""
    asked, sha256 = say("台帳が発行した写しか"), hashlib.sha256(facts.data).hexdigest()
    try:
        with run.files.reading(pack.path) as stream:
            manifest = manifest_in(stream)
        known = hashlib.sha256(manifest).hexdigest() == pack.data_sha256
        files = json.loads(manifest)["files"] if known else []
    except (OSError, KeyError, BadZipFile):
        lost = say(
            "この文書の入っていた証拠資料一式「%(name)s」を台帳が保存していないため、確かめられません。",
            name=pack.file_name,
        )
        return [Finding(asked, Outcome.BAD, [lost])]
    if not any(sha256 in (one["sha256"], one.get("unsigned_sha256")) for one in files):
        other = say("証拠資料一式「%(name)s」に入っている文書と、内容が違います。", name=pack.file_name)
        return [Finding(asked, Outcome.BAD, [other])]
    told = say("証拠資料一式「%(name)s」に入っている文書と、1バイトも違いません。", name=pack.file_name)
    return [Finding(asked, Outcome.GOOD, [told]), *filter(None, (_signed(facts), _data(facts)))]


def _known(session: Session, sha256: str, sight: ColumnElement[bool]) -> tuple[Snapshot | None, SnapshotCopy | None]:
    """Return the snapshot that a file with this digest is, and the copy of it, if it is one."""
    own = select(Snapshot).where(or_(Snapshot.sha256 == sha256, Snapshot.unsigned_sha256 == sha256), sight)
    if found := session.scalars(own.order_by(Snapshot.id)).first():
        return found, None
    digests = or_(SnapshotCopy.sha256 == sha256, SnapshotCopy.unsigned_sha256 == sha256)
    handed = select(SnapshotCopy).join(Snapshot, Snapshot.id == SnapshotCopy.snapshot_id).where(digests, sight)
    copy = session.scalars(handed).first()
    return (copy.snapshot, copy) if copy else (None, None)


def _said(session: Session, public_id: str, sight: ColumnElement[bool]) -> Snapshot | None:
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return None
    return session.scalars(select(Snapshot).where(Snapshot.public_id == wanted, sight)).one_or_none()


def _issued(facts: Facts) -> Finding:
    asked = say("台帳が発行した写しか")
    if facts.named is None:
        return Finding(asked, Outcome.BAD, [say("この台帳が発行した写しとして、記録が見つかりません。")])
    if not facts.issued:
        said = say("写し「%(name)s」であると記されています。", name=facts.named.file_name)
        return Finding(asked, Outcome.TOLD, [said])
    told = say("写し「%(name)s」として発行した記録があります。", name=facts.named.file_name)
    if facts.copy is None:
        return Finding(asked, Outcome.GOOD, [told])
    handed = say("%(name)sさんに%(day)sに渡した写しです。", name=facts.copy.handed_to, day=_day(facts.copy.at))
    return Finding(asked, Outcome.GOOD, [told, handed])


def _digest(facts: Facts) -> Finding | None:
    asked = say("ファイルが発行したときのままか")
    if facts.named is None:
        return None
    if not facts.issued:
        return Finding(asked, Outcome.BAD, [say("発行したときのファイルと、内容が違います。")])
    if facts.copy is None and hashlib.sha256(facts.data).hexdigest() != facts.named.sha256:
        return Finding(asked, Outcome.GOOD, [say("署名する前のファイルと、1バイトも違いません。")])
    return Finding(asked, Outcome.GOOD, [say("発行したときのファイルと、1バイトも違いません。")])


def _signed(facts: Facts) -> Finding | None:
    asked = say("署名とタイムスタンプ")
    if facts.read is None:
        return None
    found = facts.signature
    due = facts.named is not None and facts.named.state is SnapshotState.SIGNED
    if found.verdict is Verdict.UNSIGNED and not due:
        return Finding(asked, Outcome.TOLD, [say("この写しには、電子署名を付けていません。")])
    # A file before its signature is the register's own, byte for byte.
    plain = found.verdict is Verdict.UNSIGNED and facts.issued
    bad = Outcome.TOLD if plain else Outcome.BAD
    return Finding(asked, Outcome.GOOD if found.valid else bad, found.sentences)


def _readable(facts: Facts) -> Finding | None:
    if facts.unreadable is None:
        return None
    return Finding(say("PDFとして読めるか"), Outcome.BAD, [facts.unreadable])


def _data(facts: Facts) -> Finding | None:
    asked = say("添付データ")
    if facts.read is None:
        return None
    if facts.source is None:
        return Finding(asked, Outcome.BAD, [say("台帳の写しにあるはずの添付データがありません。")])
    digest = hashlib.sha256(facts.source).hexdigest()
    if digest != facts.read.properties.get("dataSha256"):
        return Finding(asked, Outcome.BAD, [say("添付データが、文書に記された値と違います。差し替えられています。")])
    if facts.named is not None and digest != facts.named.data_sha256:
        return Finding(asked, Outcome.BAD, [say("添付データが、発行の記録にある値と違います。")])
    return Finding(asked, Outcome.GOOD, [say("添付データは、文書に記された値と同じです。")])


def _figures(facts: Facts) -> Finding | None:
    asked = say("印刷された数値と添付データ")
    if facts.read is None or facts.source is None or facts.named is None:
        return None
    kind = DOCUMENTS.get(facts.named.kind)
    try:
        data = json.loads(facts.source)
        other = missing_in(kind.expected(data), facts.read.cells, facts.read.text) if kind else ""
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return Finding(asked, Outcome.BAD, [say("添付データの形が、この種類の写しのものと違います。")])
    if other:
        told = say("添付データの「%(figure)s」が、本文の同じ場所に印刷されていません。", figure=other[:40])
        return Finding(asked, Outcome.BAD, [told])
    return Finding(asked, Outcome.GOOD, [say("本文に印刷された数値と番号は、添付データと同じです。")])


def _anchored(facts: Facts) -> Finding | None:
    asked = say("監査記録とのつながり")
    if facts.named is None:
        return None
    printed = (facts.named.audit_seq, facts.named.audit_head)
    told = facts.read.properties if facts.read else {}
    if told and (told.get("auditLength"), told.get("auditHead")) != (str(printed[0]), printed[1]):
        return Finding(asked, Outcome.BAD, [say("文書に記された監査記録の値が、発行の記録と違います。")])
    found = facts.session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == printed[0]))
    if printed[0] and found != printed[1]:
        rewritten = say(
            "監査記録の%(seq)d番が、印刷された値と違います。監査記録が書き換えられています。", seq=printed[0]
        )
        return Finding(asked, Outcome.BAD, [rewritten])
    if not _bound(facts.session, facts.named):
        return Finding(asked, Outcome.BAD, [say("この写しを発行したことが、監査記録に同じ値で残っていません。")])
    kept = say("印刷された監査記録の値（%(seq)d番）は、今の監査記録にそのまま残っています。", seq=printed[0])
    return Finding(asked, Outcome.GOOD, [kept])


def _bound(session: Session, snapshot: Snapshot) -> bool:
    """Whether the log names the digests of the snapshot where it says that it was made."""
    made = select(AuditEntry.body).where(
        AuditEntry.subject_table == Snapshot.__tablename__,
        AuditEntry.subject_id == str(snapshot.id),
        AuditEntry.event == Event.SNAPSHOT_MADE.value,
    )
    details: Mapping[str, Any] = json.loads(session.scalars(made).first() or "{}").get("details", {})
    rendered = snapshot.unsigned_sha256 or snapshot.sha256
    return details.get("data_sha256") == snapshot.data_sha256 and rendered in (
        details.get("unsigned_sha256"),
        details.get("sha256"),
    )


def _holds(facts: Facts) -> Finding | None:
    asked = say("新しい写しに差し替えられていないか")
    if facts.named is None:
        return None
    newer = newer_than(facts.session, facts.named)
    if newer is None:
        return Finding(asked, Outcome.GOOD, [say("差し替えた写しはありません。")])
    told = say(
        "%(day)sに、訂正した写し「%(name)s」に差し替えられました。この写しは、その前の内容です。",
        day=_day(newer.made_at),
        name=newer.file_name,
    )
    return Finding(asked, Outcome.TOLD, [told])


def _kept(facts: Facts) -> Finding | None:
    if facts.named is None or facts.named.disposed_at is None:
        return None
    told = say(
        "台帳が保存していたファイルは、保存期間が満了したため%(day)sに廃棄しました。", day=_day(facts.named.disposed_at)
    )
    return Finding(say("台帳での保存"), Outcome.TOLD, [told])


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(TOKYO).date()


CHECKS: tuple[Callable[[Facts], Finding | None], ...] = (
    _issued,
    _digest,
    _readable,
    _signed,
    _data,
    _figures,
    _anchored,
    _holds,
    _kept,
)
