"""An edition of a report as a document: made of what the edition says and of nothing else, so nothing else can leak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.documents.figures import Printed, cross_cells, fraction, printed
from register.documents.ground import Ground
from register.documents.language import Language
from register.documents.paper import Listing, Paper
from register.errors import NotNow, say
from register.models import Edition
from register.queries import editions
from register.reports import contents
from register.reports.charts import charts
from register.reports.edition_files import as_csv_rows, as_sheets

NAME = "report"


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of an edition, in the variant that was asked for; raise ``NotNow`` before its check."""
    edition = ground.row(Edition)
    found = editions.text_of(ground.session, edition, ground.variant, ground.language)
    if found is None:
        raise NotNow(say("この版はまだ点検されていないため、文書を作れません。"))
    return [paper(edition, found.content, ground.words)]


def paper(edition: Edition, content: Mapping[str, Any], words: Language) -> Paper:
    """Return one variant of an edition as a document; ``content`` is what ``reports.contents`` told."""
    shown = contents.read(content)
    head, rows = as_csv_rows(shown, words.say)
    title = words.say(say("各府省庁生成AIシステム定期報告概要（%(name)s）", name=shown.name))
    return Paper(
        "documents/edition.html",
        title,
        NAME,
        content,
        [Listing(NAME, title, head, rows)],
        {"edition": edition, "shown": shown, "charts": charts(shown, words.say)},
        sheets=as_sheets(shown, words.say),
        variant=shown.head.variant,
        properties={"editionSha256": edition.sha256},
        created=edition.published_at or edition.checked_at or edition.updated_at,
    )


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the headlines, the populations, every cross-table."""
    said = [fraction(one["numerator"], one["denominator"]) for one in data["headlines"]]
    counts = [[printed(count)] for count in data["populations"].values()]
    tables = [*data["tables"].values(), *data["moves"].values()]
    return Printed([said, *counts, *map(cross_cells, tables)])
