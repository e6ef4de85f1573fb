"""The snapshot's document: the report's data through a template to HTML, in the language that was asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from register.documents.language import Language, environment_of
from register.reports.charts import charts
from register.reports.definitions import Definitions
from register.reports.explain import Erratum
from register.reports.report import Report

TEMPLATE = "documents/report.html"


@dataclass(frozen=True)
class Anchor:
    """The audit chain as the report's own transaction saw it."""

    length: int
    head: str
    root: str


@dataclass(frozen=True)
class Contents:
    """Everything that stands in the document."""

    report: Report
    errata: tuple[Erratum, ...]
    definitions: Definitions
    anchor: Anchor
    number: str
    made_at: dt.datetime
    made_by: str
    data_sha256: str


def html(contents: Contents, language: Language, templates: Path) -> str:
    """Return the document as HTML for ``formats.pdf``."""
    environment = environment_of(language, templates)
    report = contents.report
    return environment.get_template(TEMPLATE).render(
        contents=contents,
        report=report,
        language=language.code,
        charts=charts(report, language.say),
        percent=_percent,
        definitions=contents.definitions,
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "－"
