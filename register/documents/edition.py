"""An edition of a report as a PDF: made of what the edition says and of nothing else, so that nothing else can leak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rfc8785

from register.documents.language import Language, environment_of
from register.errors import say
from register.formats.pdf_process import Attachment, render_in_child
from register.models import Edition
from register.reports import contents
from register.reports.charts import charts
from register.runtime import Runtime

TEMPLATE = "documents/edition.html"


def pdf(run: Runtime, edition: Edition, content: Mapping[str, Any], language: str) -> bytes:
    """Return one variant of an edition as a document; the same content gives the same bytes.

    ``content`` is what ``reports.contents`` told; it is attached as canonical JSON (RFC 8785).
    """
    words, shown = Language(run.settings.translations_dir, language), contents.read(content)
    template = environment_of(words, run.settings.templates_dir).get_template(TEMPLATE)
    html = template.render(edition=edition, shown=shown, charts=charts(shown, words.say), language=language)
    return render_in_child(
        html,
        identifier=bytes.fromhex(edition.sha256),
        created=edition.published_at or edition.checked_at or edition.updated_at,
        attachments=[
            Attachment("report.json", rfc8785.dumps(dict(content)), words.say(say("この文書の集計の全数値（JSON）")))
        ],
        properties={"variant": shown.head.variant.value, "editionSha256": edition.sha256},
    )
