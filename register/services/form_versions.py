"""Publishing form versions: from then on the database keeps its own copy, and old answers are read by it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.formspec.schema import FormSpec
from register.formspec.sheets import Sheet
from register.models import FormVersion


def publish(session: Session, spec: FormSpec | Sheet, *, by: Actor) -> FormVersion:
    """Return the published row of ``spec``, written once; raise ``NotNow`` when another text stands under its name."""
    statement = select(FormVersion).where(FormVersion.form == spec.form, FormVersion.version == spec.version)
    known = session.scalar(statement)
    if known is None:
        now = session.info["clock"].now()
        known = FormVersion(
            form=spec.form, version=spec.version, canonical=spec.canonical, sha256=spec.digest, published_at=now
        )
        session.add(known)
        audit.record(session, audit.Event.FORM_PUBLISHED, known, by=by, sha256=spec.digest)
    elif known.sha256 != spec.digest:
        raise NotNow(
            say(
                "様式%(version)sは、登録済みの内容と違います。公開した様式は変えられません。新しい版を追加してください。",
                version=spec.version,
            )
        )
    return known
