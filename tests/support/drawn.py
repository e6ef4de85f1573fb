"""Draws every kind of document of a register with one seal and prints digests: of what the renderer is given, in both
languages, and of the file, in Japanese.

Run as a program, so that processes with other hash seeds and time zones can be compared.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.documents.ground import Ground
from register.documents.kinds import DOCUMENTS
from register.documents.language import LANGUAGES, Language
from register.documents.paper import Anchor, Seal, request
from register.factory import create_app
from register.formats.pdf_process import Limits, render_request
from register.models import Edition, Referral, Round, Submission, User
from register.runtime import runtime_of
from register.services import snapshot_subjects as subjects
from register.services.snapshots import Wanted
from register.states import ROUND_SETTLED
from register.vocab import Role, SnapshotKind, Variant
from tests.support.application import settings_for
from tests.support.data import NOW
from tests.support.documents import LATER
from tests.support.stories import case_of, incident_of

SEAL = Seal("number-001", "00000000-0000-4000-8000-000000000001", LATER, "事務局", Anchor(1, "0" * 64, "1" * 64), "")


def wanted(session: Session, by: Actor, language: str) -> Iterator[Wanted]:
    """Yield a document of every kind, and of each variant."""
    settled = settled_round(session)
    for kind in (SnapshotKind.REPORT, SnapshotKind.ANNEX):
        yield subjects.of_round(session, settled, kind, language)
    edition = session.scalars(select(Edition).order_by(Edition.id)).first()
    for variant in Variant:
        yield subjects.of_edition(edition, variant, language)
    yield subjects.of_register(session, {}, language, None, by)
    yield subjects.of_case(case_of(session), language, None)
    yield subjects.of_incident(incident_of(session), language, None)
    yield subjects.of_submission(receipted(session), language)
    yield subjects.of_meeting(met(session), language)


def settled_round(session: Session) -> Round:
    """Return the first round whose figures are settled."""
    return session.scalars(select(Round).where(Round.state.in_(ROUND_SETTLED)).order_by(Round.id)).first()


def receipted(session: Session) -> Submission:
    """Return the return whose answers are still those that were approved."""
    rows = select(Submission).where(Submission.approved_sha256 != "").order_by(Submission.id.desc())
    return session.scalars(rows).first()


def met(session: Session) -> object:
    """Return the day of a meeting."""
    return session.scalars(select(Referral.meeting_on).where(Referral.meeting_on.is_not(None))).first()


def main(url: str, folder: str) -> None:
    """Print the digests by kind, variant and language."""
    run = runtime_of(create_app(settings_for(url, Path(folder)), FixedClock(NOW), TESTING=True))
    found = {}
    with run.database.reading() as session:
        session.info["clock"] = FixedClock(LATER)
        by = Actor.of(session.scalars(select(User).where(User.role == Role.SECRETARIAT)).first())
        for language in LANGUAGES:
            words = Language(run.settings.translations_dir, language)
            for one in wanted(session, by, language):
                ground = Ground(run, session, session, by, words, LATER, one.subject, one.variant)
                for paper in DOCUMENTS[one.kind].papers(ground):
                    asked = request(paper, words, run.settings.templates_dir, SEAL)
                    name = f"{one.kind}-{one.variant}-{language}"
                    found[name] = hashlib.sha256(asked.dump(Limits())).hexdigest()
                    if language == "ja":
                        found[f"{name}.pdf"] = hashlib.sha256(render_request(asked)).hexdigest()
    run.database.engine.dispose()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
