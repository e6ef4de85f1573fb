"""What papers are made on: the register as the person who asks may see it, now or at a past moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor
from register.clock import TOKYO
from register.documents.language import Language
from register.errors import NotNow, say
from register.runtime import Runtime
from register.vocab import Variant


@dataclass(frozen=True)
class Ground:
    """``session`` only reads: the register, or its state at ``moment`` made anew from the audit log.

    ``live`` reads the register itself, the same as ``session`` when it is told of now: a state made anew has no log of
    its own. It is for the log only, up to ``moment``, as far as the person may read it. ``subject`` is what was asked
    for, as ``services.snapshots`` wrote it: ids of rows and values of filters.
    """

    run: Runtime
    session: Session
    live: Session
    actor: Actor
    words: Language
    moment: dt.datetime
    subject: Mapping[str, Any]
    variant: Variant = Variant.CLOSED

    @property
    def language(self) -> str:
        """The code of the document's language."""
        return self.words.code

    @property
    def today(self) -> dt.date:
        """The day of the moment in Japan."""
        return self.moment.astimezone(TOKYO).date()

    def row(self, model: type[Any]) -> Any:
        """Return the row of ``model`` that was asked for; raise ``NotNow`` where the person may not see it there."""
        row = self.session.get(model, self.subject[f"{model.__tablename__}_id"])
        if row is None or not authz.can(self.actor, authz.SIGHT[model], row):
            raise NotNow(say("この台帳写しの対象は、指定した時点にないか、閲覧できません。"))
        return row
