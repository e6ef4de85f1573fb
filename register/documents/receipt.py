"""The receipt of a return as a PDF: what the ministry handed in, when and by whom, with the digest of the content.

It is made of what is stored and of nothing else: the same return gives the same bytes, whenever it is asked for.
"""

from __future__ import annotations

from typing import Any

import rfc8785

from register.documents.language import Language, environment_of
from register.errors import NotNow, say
from register.formats.pdf_process import Attachment, render_in_child
from register.queries.receipts import ContentPage
from register.runtime import Runtime

TEMPLATE = "documents/receipt.html"


def pdf(run: Runtime, page: ContentPage, content: dict[str, Any], language: str) -> bytes:
    """Return the receipt with the canonical content attached; raise ``NotNow`` for what was not handed in as it is.

    ``content`` is what ``queries.receipts.content`` returns of the same return.
    """
    submission = page.frame.submission
    if submission.submitted_at is None or not page.approved:
        raise NotNow(say("承認された内容と今の内容が同じときだけ、控えのPDFを作れます。"))
    words = Language(run.settings.translations_dir, language)
    html = environment_of(words, run.settings.templates_dir).get_template(TEMPLATE).render(page=page, language=language)
    return render_in_child(
        html,
        identifier=bytes.fromhex(submission.approved_sha256),
        created=submission.submitted_at,
        attachments=[Attachment("return.json", rfc8785.dumps(content), words.say(say("提出した内容（JSON）")))],
        properties={"round": page.frame.round.code, "contentSha256": submission.approved_sha256},
    )
