"""The job that makes a snapshot: one consistent reading, the document in its child process, the bytes, the row."""

from __future__ import annotations

import datetime as dt
import hashlib

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Permission
from register.documents.language import Language
from register.errors import NotFound, NotNow, say
from register.formats.pdf_pages import count_pages
from register.formats.pdf_process import Attachment, render_in_child
from register.jobs.base import Progress, Store
from register.jobs.document import Anchor, Contents, html
from register.models import AuditEntry, Round
from register.reports import published
from register.reports.definitions import definitions
from register.reports.report import as_json, build
from register.runtime import Runtime
from register.services import snapshots as services
from register.services.jobs import Work

KIND = services.KIND
# Read and checked, rendered, kept in the file store.
STEPS = 3


def make(run: Runtime, work: Work, progress: Progress) -> Store:
    """Read, render and keep the snapshot that was asked for; return what stores its row."""
    authz.require(work.by, Permission.SNAPSHOT_CREATE)
    progress(0, STEPS)
    language = Language(run.settings.translations_dir, str(work.params["language"]))
    round_id, made_at = int(work.params["round_id"]), run.clock.now()
    with run.database.reading() as session:
        contents, data = _read(run, session, round_id, language, made_at, work.by.name)
    progress(1, STEPS)
    pdf = _render(run, contents, data, language)
    progress(2, STEPS)
    sha256 = hashlib.sha256(pdf).hexdigest()
    made = services.Made(
        file_name=f"snapshot-{contents.number}-{language.code}.pdf",
        # Named by its content: whoever renders the same bytes again writes the same file.
        path=run.files.put(f"snapshots/{sha256}.pdf", pdf),
        size=len(pdf),
        pages=count_pages(pdf),
        sha256=sha256,
        data_sha256=contents.data_sha256,
        audit_seq=contents.anchor.length,
        audit_head=contents.anchor.head,
        made_at=made_at,
    )
    return lambda session: services.store(session, round_id, language.code, made, by=work.by).id


def _read(
    run: Runtime, session: Session, round_id: int, language: Language, made_at: dt.datetime, made_by: str
) -> tuple[Contents, bytes]:
    """Return the document's contents and the canonical JSON of the report."""
    asked = session.get(Round, round_id)
    if asked is None:
        raise NotFound(say("この回はもうありません。"))
    report = build(session, asked, language.code, run.forms)
    data = rfc8785.dumps(as_json(report, language.say))
    contents = Contents(
        report=report,
        errata=published.errata(session, report, run.config_dir),
        definitions=definitions(report, run.forms),
        anchor=_anchor(session),
        number=services.next_number(session, asked),
        made_at=made_at,
        made_by=made_by,
        data_sha256=hashlib.sha256(data).hexdigest(),
    )
    return contents, data


def _anchor(session: Session) -> Anchor:
    """Return the chain's end, checked from its first entry: an anchor on a broken chain would vouch for it."""
    verdict = audit.verify(session)
    if verdict.finding:
        raise NotNow(
            say("監査記録の検証に失敗したため、作成を中止しました：%(finding)s", finding=verdict.finding.sentence)
        )
    leaves = session.scalars(select(AuditEntry.hash).order_by(AuditEntry.seq).execution_options(yield_per=10_000))
    return Anchor(verdict.length, verdict.head, audit.merkle_root(leaves))


def _render(run: Runtime, contents: Contents, data: bytes, language: Language) -> bytes:
    anchor = contents.anchor
    return render_in_child(
        html(contents, language, run.settings.templates_dir),
        identifier=bytes.fromhex(contents.data_sha256),
        created=contents.made_at,
        attachments=[Attachment("report.json", data, language.say(say("この文書の集計の全数値（JSON）")))],
        properties={
            "snapshot": contents.number,
            "variant": "full",
            "dataSha256": contents.data_sha256,
            "auditLength": str(anchor.length),
            "auditHead": anchor.head,
            "auditRoot": anchor.root,
        },
    )
