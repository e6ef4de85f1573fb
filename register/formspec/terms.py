"""The words of a form that move with the round: the years in the answers to 利用開始時期."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from register.clock import era_fiscal_year, era_year, fiscal_year
from register.vocab import StartTiming

# The same places where several rounds stand beside each other: years by the reference date of each.
ANY_ROUND: Mapping[str, str] = {
    "year": "基準日の暦年",
    "fiscal_year": "基準日の年度",
    "next_fiscal_year": "基準日の翌年度",
    "year_en": "the calendar year of the reference date",
    "fiscal_year_en": "that of the reference date",
    "next_fiscal_year_en": "the fiscal year after the reference date",
}


def round_terms(as_of: dt.date) -> Mapping[str, str]:
    """Return what the places of a label stand for in a round as of ``as_of``."""
    year = fiscal_year(as_of)
    return {
        "year": era_year(as_of),
        "fiscal_year": era_fiscal_year(year),
        "next_fiscal_year": era_fiscal_year(year + 1),
        "year_en": str(as_of.year),
        "fiscal_year_en": f"April {year} to March {year + 1}",
        "next_fiscal_year_en": f"April {year + 1}",
    }


def start_timing_code(planned: dt.date, as_of: dt.date) -> StartTiming:
    """Return the answer to 利用開始時期 for a use planned for ``planned``, in a round as of ``as_of``.

    The calendar year and the fiscal year are those of the as-of day (domain.md section 7).
    """
    if planned <= as_of:
        return StartTiming.STARTED
    if fiscal_year(planned) > fiscal_year(as_of):
        return StartTiming.LATER
    return StartTiming.THIS_YEAR if planned.year == as_of.year else StartTiming.THIS_FISCAL_YEAR
