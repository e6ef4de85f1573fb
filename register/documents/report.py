"""The figures of a round as a document: what the report page shows to those inside, with its definitions and errata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register.documents.figures import NONE, Printed, cross_cells, fraction, printed, share
from register.documents.ground import Ground
from register.documents.paper import Listing, Paper
from register.errors import say
from register.models import Round
from register.reports import published
from register.reports.charts import charts
from register.reports.definitions import definitions
from register.reports.render import as_csv_rows, as_sheets
from register.reports.report import as_json, build

NAME = "report"


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of the round that was asked for."""
    run, speak = ground.run, ground.words.say
    report = build(ground.session, ground.row(Round), ground.language, run.forms)
    head, rows = as_csv_rows(report, speak)
    title = speak(say("各府省庁生成AIシステム定期報告概要（%(name)s）", name=report.name))
    return [
        Paper(
            "documents/report.html",
            title,
            NAME,
            as_json(report, speak),
            [Listing(NAME, title, head, rows)],
            {
                "report": report,
                "errata": published.errata(ground.session, report, run.config_dir),
                "definitions": definitions(report, run.forms),
                "charts": charts(report, speak),
                "percent": share,
            },
            sheets=as_sheets(report, speak),
        )
    ]


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the headlines, the populations, every cross-table."""
    said = [
        cell
        for one in data["headlines"]
        for cell in (
            fraction(one["numerator"], one["denominator"]),
            NONE if one["denominator"] is None else share(one["numerator"], one["denominator"]),
        )
    ]
    counts = [[printed(count)] for count in data["populations"].values()]
    return Printed([said, *counts, *(cross_cells(one) for one in data["tables"].values())])
