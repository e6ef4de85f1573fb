"""The snapshot's document: the report's data through a template to HTML, in the language that was asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from register.clock import TOKYO, era_date
from register.errors import Say
from register.reports.charts import charts
from register.reports.definitions import Definitions
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
    definitions: Definitions
    anchor: Anchor
    number: str
    made_at: dt.datetime
    made_by: str
    data_sha256: str


class Language:
    """The document's language: sentences, days, numbers."""

    def __init__(self, folder: Path, code: str) -> None:
        self.code = code
        self.translations: NullTranslations = Translations.load(str(folder), [code])

    def say(self, sentence: Say) -> str:
        """Write a sentence of the rules; parameters that are sentences are translated too."""
        params = {key: self.say(value) if isinstance(value, Say) else value for key, value in sentence.params.items()}
        text: str = self.translations.ugettext(sentence.template)
        return text % params if params else text

    def day(self, value: dt.date) -> str:
        """Write a day in both calendars."""
        if self.code == "en":
            return f"{value.day} {value:%B} {value.year}（{era_date(value)}）"
        return f"{era_date(value)}（{value.year}年{value.month}月{value.day}日）"

    def moment(self, value: dt.datetime) -> str:
        """Write a moment in Japanese time."""
        local = value.astimezone(TOKYO)
        if self.code == "en":
            return f"{local.day} {local:%B} {local.year} {local:%H:%M} (Japan time)"
        return f"{era_date(local.date())} {local.hour}時{local.minute:02d}分（日本時間）"


def html(contents: Contents, language: Language, templates: Path) -> str:
    """Return the document as HTML for ``formats.pdf``."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(say=language.say, d=language.day, dt=language.moment, n=_number, drawn=_drawn)
    report = contents.report
    return environment.get_template(TEMPLATE).render(
        contents=contents,
        report=report,
        language=language.code,
        charts=charts(report, language.say),
        percent=_percent,
        definitions=contents.definitions,
    )


def _number(value: int) -> str:
    return f"{value:,}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "－"


def _drawn(svg: str) -> Markup:
    # Our own drawing: svg.py escapes every text that it takes.
    return Markup(svg)  # noqa: S704 the chart is our own markup
