"""The trend over all settled rounds up to one: the page with its tables and charts, and the tables as files."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission
from register.formats import csv, xlsx
from register.models import Round
from register.reports.charts import over_rounds
from register.reports.render import trend_csv_rows, trend_sheets
from register.reports.table import TOTAL, Column, Row
from register.reports.trend import DRAWN, FOLLOWED, SHOWN, Trend, build
from register.web import downloads
from register.web.figures import keep
from register.web.filters import language, say
from register.web.guard import guarded
from register.web.session import audit_read, current_actor, db_session, runtime

blueprint = Blueprint("trends", __name__)


@blueprint.get("/rounds/<round_code:round>/report/trend")
@guarded(Permission.REPORT_READ, round=Round)
def show(round: Round) -> ResponseReturnValue:
    """The figures of every settled round up to this one, in the words of its form."""
    trend = trend_of(round)
    charts = {table.slug: over_rounds(table, say) for table in trend.tables if table.slug in DRAWN}
    return render_template("reports/trend.html", trend=trend, charts=charts, link=report_links())


@blueprint.get("/rounds/<round_code:round>/report/trend.<any(csv, xlsx):kind>")
@guarded(Permission.REPORT_READ, round=Round)
def export(round: Round, kind: str) -> ResponseReturnValue:
    """The trend's tables as a file; who took it out is recorded."""
    trend = trend_of(round)
    if kind == "csv":
        content = csv.write(*trend_csv_rows(trend, say))
    else:
        content = xlsx.write(trend_sheets(trend, say), created=runtime().clock.now(), title=round.code)
    audit_read(audit.Event.REPORT_EXPORTED, round, kind=kind, trend=True)
    return downloads.attachment(content, kind, f"trend-{round.code}")


def trend_of(round: Round) -> Trend:
    """Return the trend up to a round in the page's language, and keep what had to be counted for it."""
    trend = build(db_session(), round, current_actor(), language(), runtime().forms, say)
    keep(trend.counted_now)
    return trend


def report_links() -> Callable[[str, Row, Column | str | None], str]:
    """Return what gives the address of the report of a cell's round, at the table that shows the figure there."""

    def link(table: str, row: Row, column: Column | str | None) -> str:
        if not isinstance(column, Column):
            return ""
        # All cases of a round are the total of the first table, which a round without one before it has too.
        shown = FOLLOWED[0].report if row.code == TOTAL else SHOWN[table]
        return url_for("reports.show", round=column.code, _anchor=f"h-{shown}")

    return link
