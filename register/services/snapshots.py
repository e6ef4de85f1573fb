"""Snapshots (台帳写し): asked for by whoever may read what they tell, made by the job runner, stored once."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.errors import Invalid, say
from register.models import Job, Snapshot, SnapshotCopy
from register.services import jobs
from register.vocab import MINISTRY_ROLES, SnapshotKind, SnapshotState, Variant

KIND = "snapshot"
LANGUAGES = ("ja", "en")
# Kinds that tell what holds until it is corrected: a newer one of the same series supersedes an older one. The others
# tell of a moment, and stay true of it.
CORRECTED = frozenset({
    SnapshotKind.REPORT, SnapshotKind.EDITION, SnapshotKind.RECEIPT, SnapshotKind.ANNEX, SnapshotKind.AGENDA,
    SnapshotKind.PACK,
})  # fmt: skip
# Who may ask: of rows of ministries whoever may see them, of the rest only who sees all.
PERMISSIONS: Mapping[SnapshotKind, Permission] = {
    **dict.fromkeys(SnapshotKind, Permission.SNAPSHOT_CREATE),
    SnapshotKind.REGISTER: Permission.SNAPSHOT_CREATE_ROW,
    SnapshotKind.CASE: Permission.SNAPSHOT_CREATE_ROW,
    SnapshotKind.INCIDENT: Permission.SNAPSHOT_CREATE_ROW,
    SnapshotKind.RECEIPT: Permission.SNAPSHOT_CREATE_ROW,
}
# Kinds that can tell of a past moment.
PAST = frozenset({SnapshotKind.REGISTER, SnapshotKind.CASE, SnapshotKind.INCIDENT})
# Who signs what waited, and who removes what is over.
SIGNER, DISPOSER = Actor.system("署名の処理"), Actor.system("保存期間の処理")
# A name of a file keeps these and drops the rest.
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Wanted:
    """What a snapshot is to tell; ``about`` names it in the name of its file.

    ``subject`` holds plain values: ids of rows (``round_id``), values of filters. ``as_of`` is a past moment.
    """

    kind: SnapshotKind
    about: str
    language: str
    subject: Mapping[str, Any] = field(default_factory=dict)
    variant: Variant = Variant.CLOSED
    as_of: dt.datetime | None = None

    @property
    def series(self) -> str:
        """What it is a snapshot of; empty where each stands for its own moment."""
        if self.kind not in CORRECTED:
            return ""
        return f"{self.kind.value}/{self.about}/{self.variant.value}/{self.language}"

    def params(self) -> dict[str, Any]:
        """Return the plain values that the job keeps."""
        return {
            "kind": self.kind.value,
            "about": self.about,
            "language": self.language,
            "subject": dict(self.subject),
            "variant": self.variant.value,
            "as_of": self.as_of.isoformat() if self.as_of else None,
        }

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Wanted:
        """Return what ``params`` wrote."""
        return cls(
            SnapshotKind(params["kind"]),
            params["about"],
            params["language"],
            params["subject"],
            Variant(params["variant"]),
            dt.datetime.fromisoformat(params["as_of"]) if params["as_of"] else None,
        )


@dataclass(frozen=True)
class Made:
    """A rendered file: what its row keeps of it."""

    public_id: uuid.UUID
    title: str
    file_name: str
    path: str
    size: int
    pages: int
    sha256: str
    unsigned_sha256: str
    unsigned_size: int
    data_sha256: str
    audit_seq: int
    audit_head: str
    audit_root: str
    made_at: dt.datetime
    state: SnapshotState
    signed_at: dt.datetime | None
    retain_until: dt.date | None
    volume: int = 1
    volumes: int = 1


def ask(session: Session, wanted: Wanted, subject: Any = None, *, by: Actor) -> Job:
    """Ask for a snapshot; asking again for the same while one is being made gives the same job.

    ``subject`` is the row that the log names. Raise ``Invalid`` for a language or a moment that cannot be.
    """
    if wanted.language not in LANGUAGES:
        raise Invalid({"language": say("日本語か英語を選んでください。")})
    if wanted.as_of is not None and wanted.as_of > session.info["clock"].now():
        raise Invalid({"as_of_on": say("今より前の日時を入力してください。")})
    params = wanted.params()
    if job := jobs.open_job(session, kind=KIND, params=params, by=by):
        return job
    # The same person, asking twice at once of the same register: one job, whichever request comes first.
    moment = wanted.as_of.isoformat() if wanted.as_of else audit.head(session)[1][:16]
    key = f"{KIND}:{wanted.kind}:{wanted.about}:{wanted.variant}:{wanted.language}:{by.user_id}:{moment}"[:128]
    job, new = jobs.ask(session, kind=KIND, key=key, params=params, by=by)
    if new:
        told = {"kind": wanted.kind.value, "language": wanted.language}
        audit.record(session, audit.Event.SNAPSHOT_ASKED, subject, by=by, **told)
    return job


def next_number(session: Session, wanted: Wanted) -> str:
    """Return the number of the next snapshot of its kind, ``report-2025-2-003``; rows are never deleted."""
    variant = f"-{wanted.variant.value}" if wanted.kind is SnapshotKind.EDITION else ""
    stem = UNSAFE.sub("", f"{wanted.kind.value}-{wanted.about}{variant}")
    like = select(Snapshot.file_name).where(Snapshot.file_name.startswith(f"{stem}-", autoescape=True))
    # A longer name may begin alike: that of a ministry's list does as that of all of them.
    own = re.compile(rf"{re.escape(stem)}-(\d{{3,}})(-\d+of\d+)?-[a-z]+\.")
    used = [int(found[1]) for name in session.scalars(like) if (found := own.match(name))]
    return f"{stem}-{max(used, default=0) + 1:03d}"


def superseded_by(session: Session, wanted: Wanted, by: Actor) -> Snapshot | None:
    """Return the newest snapshot of the series: the one that a new one supersedes, if its data are other ones.

    What a ministry keeps for itself and what others keep of it never meet: neither may tell of the other.
    """
    if not wanted.series:
        return None
    own = select(Snapshot).where(Snapshot.series == wanted.series, Snapshot.internal.is_(_internal(by)))
    own = own.order_by(Snapshot.id.desc())
    return session.scalars(own.limit(1)).first()


def _internal(by: Actor) -> bool:
    return by.role in MINISTRY_ROLES


def store(session: Session, wanted: Wanted, made: Made, *, by: Actor) -> Snapshot:
    """Write the row of a file that lies in the file store, and its audit entry."""
    authz.require(by, PERMISSIONS[wanted.kind])
    last = superseded_by(session, wanted, by)
    snapshot = Snapshot(
        kind=wanted.kind,
        variant=wanted.variant,
        language=wanted.language,
        series=wanted.series,
        subject=dict(wanted.subject),
        as_of=wanted.as_of,
        made_by=by.name,
        internal=_internal(by),
        supersedes_id=last.id if last is not None and last.data_sha256 != made.data_sha256 else None,
        **{name: wanted.subject.get(name) for name in ("round_id", "ministry_id", "edition_id")},
        **{name: getattr(made, name) for name in Made.__dataclass_fields__},
    )
    session.add(snapshot)
    audit.record(
        session,
        audit.Event.SNAPSHOT_MADE,
        snapshot,
        by=by,
        sha256=made.sha256,
        unsigned_sha256=made.unsigned_sha256,
        data_sha256=made.data_sha256,
        pages=made.pages,
        anchor=made.audit_seq,
    )
    return snapshot


def sign(session: Session, snapshot: Snapshot, *, path: str, size: int, sha256: str, at: dt.datetime) -> None:
    """Write that a snapshot which waited for it is signed now: its first bytes are the ones that were issued."""
    snapshot.path, snapshot.size, snapshot.sha256 = path, size, sha256
    snapshot.state, snapshot.signed_at = SnapshotState.SIGNED, at
    audit.record(session, audit.Event.SNAPSHOT_SIGNED, snapshot, by=SIGNER, sha256=sha256)


def hand(session: Session, snapshot: Snapshot, sha256: str, unsigned_sha256: str, size: int, *, by: Actor) -> None:
    """Keep that ``by`` was handed a copy with their name across it."""
    now = session.info["clock"].now()
    copy = SnapshotCopy(
        snapshot=snapshot,
        user_id=by.user_id,
        handed_to=by.name,
        at=now,
        size=size,
        sha256=sha256,
        unsigned_sha256=unsigned_sha256,
    )
    session.add(copy)
    audit.record(session, audit.Event.SNAPSHOT_DOWNLOADED, snapshot, by=by, sha256=sha256, copy=True)


def dispose(session: Session, snapshot: Snapshot) -> None:
    """Write that the term of a snapshot is over and its file is gone; its row and its digests stay."""
    snapshot.state, snapshot.disposed_at = SnapshotState.DISPOSED, session.info["clock"].now()
    audit.record(session, audit.Event.SNAPSHOT_DISPOSED, snapshot, by=DISPOSER)
