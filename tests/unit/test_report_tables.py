"""What every table of a report needs to be told by: a title, and a name that a workbook's sheet takes whole."""

from __future__ import annotations

from babel.support import Translations

from register.errors import Say
from register.formats.xlsx import FORBIDDEN_IN_NAME, MAX_NAME
from register.reports import change, flow
from register.reports.catalogue import CATALOGUE
from register.reports.trend import FOLLOWED, MOVED
from tests.support.sources import ROOT

SHORT: tuple[Say, ...] = (*(tab.short for tab in CATALOGUE), flow.SHORT, change.SHORT)
SHORT += tuple(one.title for one in (*FOLLOWED, MOVED))
# Sheets for programs are named by these in any language.
SLUGS = (*(tab.slug for tab in CATALOGUE), flow.SLUG, change.SLUG, *(one.slug for one in (*FOLLOWED, MOVED)))


def test_short_names_differ_and_fit_a_sheet_in_both_languages() -> None:
    english = Translations.load(str(ROOT / "translations"), ["en"])
    for short in ([one.template for one in SHORT], [english.ugettext(one.template) for one in SHORT]):
        names = (*short, *SLUGS)
        assert len({name.casefold() for name in names}) == len(SHORT) + len(SLUGS)
        assert [name for name in names if len(name) > MAX_NAME or FORBIDDEN_IN_NAME.search(name)] == []
