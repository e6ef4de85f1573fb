"""How the outcome of a run is told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def fail_skips(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a failure of a skip; an expected failure (xfail) is none."""
    if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        place = report.longrepr
        reason = place[2] if isinstance(place, tuple) else str(place)
        report.outcome = "failed"
        report.longrepr = f"with CI=true a skip is a failure: {reason}"


def figures(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return what tests have measured: each records it with ``record_property("figures", …)``."""
    told = (value for report in reports for name, value in report.user_properties if name == "figures")
    return sorted({str(value) for value in told})
