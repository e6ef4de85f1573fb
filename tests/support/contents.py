"""A return of invented cases without a database, and what a file would do to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from register.formats import form_xlsx
from register.formspec.loader import load_library
from register.formspec.terms import round_terms
from register.models import Ministry, SubmissionItem
from register.queries.uploads import Content, Life
from register.services import workbooks
from register.services.workbook_diff import Diff, compare
from register.services.workbook_rows import open_file
from register.vocab import Confirmation, Lifecycle
from tests.support.form_files import SPEECH
from tests.support.sources import ROOT

FORMS = load_library(ROOT / "config", "periodic")
SPEC = FORMS.newest
AS_OF, TODAY = dt.date(2025, 10, 31), dt.date(2025, 11, 10)
NOW = dt.datetime(2025, 11, 10, 1, 0, tzinfo=dt.UTC)
ENGLISH = replace(SPEECH, language="en")
MINISTRY = Ministry(id=1, key="a", name="府省庁A", name_short="府省庁A", name_en="Ministry A", sort_no=1)


def item(number: int, **given: Any) -> SubmissionItem:
    """Return a case as the round laid it, with what a test gives it."""
    plain: dict[str, Any] = {"answers": {}, "states": {}, "recheck": {}, "mapping": {}, "notes": {}}
    plain |= {"confirmation": Confirmation.UNCONFIRMED, "ended_on": None, "ended_reason": "", "version": 1}
    plain |= {"id": number, "use_case_id": number, "case_no": f"a-2025-{number:04d}", "carried": {"title": "題"}}
    return SubmissionItem(**plain | given)


def content(*items: SubmissionItem, form: Any = SPEC, fresh: frozenset[str] = frozenset()) -> Content:
    """Return a return with these cases, which were all reported once."""
    last = {
        one.use_case_id: SimpleNamespace(answers=one.carried, round=SimpleNamespace(form_version_id=1)) for one in items
    }
    return Content(
        SimpleNamespace(id=1, round_id=1, ministry_id=1),  # type: ignore[arg-type]
        SimpleNamespace(code="2025-3", fiscal_year=2025, number=3),  # type: ignore[arg-type]
        MINISTRY,
        form,
        round_terms(AS_OF),
        items,
        last,  # type: ignore[arg-type]
        {one.use_case_id: Life(Lifecycle.PRODUCTION, dt.date(2025, 4, 1)) for one in items if one.use_case_id},
        {1: fresh},
    )


def written(held: Content, speech: workbooks.Speech = SPEECH) -> bytes:
    """Return the workbook."""
    return form_xlsx.write(workbooks.form(held, speech, NOW), created=NOW)


def diff_of(held: Content, data: bytes, name: str = "form.xlsx") -> Diff:
    """Return what a file does."""
    return compare(open_file(data, name), held, None, TODAY)
