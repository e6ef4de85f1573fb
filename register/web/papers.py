"""Documents of the moment: a page's PDF, made while its reader waits, without the seal of a snapshot."""

from __future__ import annotations

from typing import Any

from register.documents.ground import Ground
from register.documents.kinds import DOCUMENTS
from register.documents.language import Language
from register.documents.paper import pdf
from register.documents.seals import seal_of
from register.documents.signed import signed
from register.models import Snapshot
from register.services import snapshots as services
from register.vocab import SnapshotKind, Variant
from register.web.filters import language, moment_text
from register.web.session import current_actor, reading_session, runtime


def paper_of(kind: SnapshotKind, variant: Variant = Variant.CLOSED, reader: str = "", **subject: Any) -> bytes:
    """Return the document of ``kind`` about ``subject`` as the person who asks may see it, in their language."""
    run, actor = runtime(), current_actor()
    words = Language(run.settings.translations_dir, language())
    session = reading_session()
    ground = Ground(run, session, session, actor, words, run.clock.now(), subject, variant)
    return pdf(run, DOCUMENTS[kind].papers(ground)[0], language(), reader=reader)


def copy_of(snapshot: Snapshot) -> bytes:
    """Return a snapshot as a copy for the person who asks: their name stands across it, and its digests are kept."""
    run, actor = runtime(), current_actor()
    words = Language(run.settings.translations_dir, snapshot.language)
    session = reading_session()
    ground = Ground(run, session, session, actor, words, snapshot.made_at, snapshot.subject, snapshot.variant)
    paper = DOCUMENTS[snapshot.kind].papers(ground)[0]
    made = signed(run, pdf(run, paper, snapshot.language, seal_of(run, snapshot), handed_to()))
    with run.database.writing() as session:
        kept = session.get_one(Snapshot, snapshot.id)
        services.hand(session, kept, made.sha256, made.unsigned_sha256, len(made.content), by=actor)
    return made.content


def handed_to() -> str:
    """Return what stands across a copy that is handed to one person: who that is, and when it was."""
    return f"{current_actor().name}　{moment_text(runtime().clock.now())}"
