"""The papers of a meeting of the Advisory Board (議題資料) as a PDF: contents, every package, the history of its case.

What stands in it is what the pages show to the person who asks; each package is attached as it was sent, so that its
SHA-256 can be checked without the register.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import rfc8785

from register.documents.language import Language, environment_of
from register.errors import say
from register.formats.pdf_process import Attachment, render_in_child
from register.queries.agendas import Agenda
from register.queries.referrals import PACKAGE, content
from register.runtime import Runtime

TEMPLATE = "documents/agenda.html"


def pdf(run: Runtime, agenda: Agenda, made_at: dt.datetime, made_by: str, language: str) -> bytes:
    """Return the papers of ``agenda``."""
    words = Language(run.settings.translations_dir, language)
    template = environment_of(words, run.settings.templates_dir).get_template(TEMPLATE)
    html = template.render(
        agenda=agenda,
        texts=PACKAGE,
        spec=run.forms.newest,
        terms=run.risk,
        language=language,
        made_at=made_at,
        made_by=made_by,
    )
    pages = [item.page for item in agenda.items]
    identifier = hashlib.sha256("".join(one.sent[0].sha256 for one in pages).encode()).digest()
    described = words.say(say("送付された内容（JSON）"))
    return render_in_child(
        html,
        identifier=identifier,
        created=made_at,
        attachments=[
            Attachment(f"{one.referral.referral_no}.json", rfc8785.dumps(content(one.referral, one.sent[0])), described)
            for one in pages
        ],
        properties={"meeting": agenda.meeting.on.isoformat()},
    )
