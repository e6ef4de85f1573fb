"""The job that makes a snapshot: one consistent reading, its files in child processes, a signature, the rows."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.clock import FixedClock
from register.documents.ground import Ground
from register.documents.kinds import DOCUMENTS
from register.documents.language import Language
from register.documents.paper import Anchor, Paper, Seal, request
from register.documents.seals import address
from register.documents.signed import signed
from register.errors import NotNow, say
from register.formats.pdf_pages import count_pages
from register.formats.pdf_process import UNHURRIED, Request, render_request
from register.jobs.base import Progress, Store
from register.models import AuditEntry
from register.runtime import Runtime
from register.services import snapshots as services
from register.services.jobs import Work
from register.services.snapshots import Made, Wanted

KIND = services.KIND
# Two files are rendered at once, each in a process of its own within its own limits.
AT_ONCE = 2


@dataclass(frozen=True)
class Drawn:
    """A file that is ready to be rendered."""

    paper: Paper
    seal: Seal
    request: Request


def make(run: Runtime, work: Work, progress: Progress) -> Store:
    """Read, render, sign and keep what was asked for; return what stores its rows."""
    wanted = Wanted.of(work.params)
    drawn = draw(run, wanted, run.clock.now(), work.by)
    progress(1, len(drawn) + 1)
    made: list[Made] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for one, pdf in zip(drawn, pool.map(lambda one: render_request(one.request, UNHURRIED), drawn), strict=True):
            made.append(keep(run, wanted, one, pdf))
            progress(1 + len(made), len(drawn) + 1)

    def store(session: Session) -> int:
        ids: list[int] = [services.store(session, wanted, one, by=work.by).id for one in made]
        return ids[0]

    return store


def draw(run: Runtime, wanted: Wanted, made_at: dt.datetime, by: Actor) -> list[Drawn]:
    """Return the files of a snapshot as they are to be rendered, all from one moment of the register."""
    authz.require(by, services.PERMISSIONS[wanted.kind])
    words = Language(run.settings.translations_dir, wanted.language)
    with run.database.reading() as session, told_of(session, wanted.as_of) as told:
        ground = Ground(run, told, session, by, words, wanted.as_of or made_at, wanted.subject, wanted.variant)
        papers = DOCUMENTS[wanted.kind].papers(ground)
        seal = _seal(session, wanted, made_at, by)
        last = services.superseded_by(session, wanted, by)
        drawn = []
        for place, paper in enumerate(papers, 1):
            replaces = last.number if last is not None and last.data_sha256 != paper.data_sha256 else ""
            own = replace(_identified(run, seal), volume=place, volumes=len(papers), supersedes=replaces)
            drawn.append(Drawn(paper, own, request(paper, words, run.settings.templates_dir, own)))
        return drawn


@contextmanager
def told_of(session: Session, moment: dt.datetime | None) -> Iterator[Session]:
    """Yield the register as it was at ``moment``, made anew from the audit log; as it is where there is none."""
    if moment is None:
        yield session
        return
    with audit.scratch(FixedClock(moment)) as past:
        audit.replay(session, audit.seq_at(session, moment), past)
        with past.reading() as then:
            yield then


def _seal(session: Session, wanted: Wanted, made_at: dt.datetime, by: Actor) -> Seal:
    number = services.next_number(session, wanted)
    seq = audit.seq_at(session, wanted.as_of) if wanted.as_of else None
    return Seal(number, "", made_at, by.name, anchor_of(session), "", wanted.as_of, seq)


def _identified(run: Runtime, seal: Seal) -> Seal:
    """Give one file of a set its id, and the address at which it is checked."""
    public_id = str(uuid.uuid4())
    return replace(seal, public_id=public_id, address=address(run, public_id))


def keep(run: Runtime, wanted: Wanted, drawn: Drawn, pdf: bytes) -> Made:
    """Put a rendered file into the store, and return what its row will say."""
    seal, done = drawn.seal, signed(run, pdf)
    part = f"-{seal.volume}of{seal.volumes}" if seal.volumes > 1 else ""
    return Made(
        public_id=uuid.UUID(seal.public_id),
        title=drawn.paper.title,
        file_name=f"{seal.number}{part}-{wanted.language}.pdf",
        # Named by its content: whoever renders the same bytes again writes the same file.
        path=run.files.put(f"snapshots/{done.sha256}.pdf", done.content),
        size=len(done.content),
        pages=count_pages(pdf),
        sha256=done.sha256,
        unsigned_sha256=done.unsigned_sha256,
        unsigned_size=len(pdf),
        data_sha256=drawn.paper.data_sha256,
        audit_seq=seal.anchor.length,
        audit_head=seal.anchor.head,
        audit_root=seal.anchor.root,
        made_at=seal.made_at,
        state=done.state,
        signed_at=done.signed_at,
        retain_until=run.retention.until(wanted.kind, seal.made_at),
        volume=seal.volume,
        volumes=seal.volumes,
    )


def anchor_of(session: Session) -> Anchor:
    """Return the chain's end, checked from its first entry: an anchor on a broken chain would vouch for it."""
    verdict = audit.verify(session)
    if verdict.finding:
        raise NotNow(
            say("監査記録の検証に失敗したため、作成を中止しました：%(finding)s", finding=verdict.finding.sentence)
        )
    leaves = session.scalars(select(AuditEntry.hash).order_by(AuditEntry.seq).execution_options(yield_per=10_000))
    return Anchor(verdict.length, verdict.head, audit.merkle_root(leaves))
