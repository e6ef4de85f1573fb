"""A round's report: the page with its tables and charts, and the tables as files."""

from __future__ import annotations

import json

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission
from register.formats import csv, xlsx
from register.models import Round
from register.reports import published
from register.reports.charts import charts
from register.reports.definitions import definitions
from register.reports.place import Place
from register.reports.render import as_csv_rows, as_sheets
from register.reports.report import as_json
from register.reports.table import SHADES
from register.web import downloads
from register.web.figures import cell_links, place_links, report_of
from register.web.filters import say
from register.web.guard import guarded
from register.web.session import audit_read, db_session, runtime

blueprint = Blueprint("reports", __name__)


@blueprint.get("/rounds/<round_code:round>/report")
@guarded(Permission.REPORT_READ, round=Round)
def show(round: Round) -> ResponseReturnValue:
    """The report of a round: headlines, tables, charts, the flow of usage types."""
    report = report_of(round)
    return render_template(
        "reports/show.html",
        report=report,
        round=round,
        charts=charts(report, say),
        definitions=definitions(report, runtime().forms),
        errata=published.errata(db_session(), report, runtime().config_dir),
        link=cell_links(report),
        place=Place,
        steps=SHADES,
        address=place_links(report),
    )


@blueprint.get("/rounds/<round_code:round>/report.<any(json, csv, xlsx):kind>")
@guarded(Permission.REPORT_READ, round=Round)
def export(round: Round, kind: str) -> ResponseReturnValue:
    """The report's tables as a file; who took it out is recorded."""
    report = report_of(round)
    if kind == "json":
        content = json.dumps(as_json(report, say), ensure_ascii=False, indent=2).encode()
    elif kind == "csv":
        content = csv.write(*as_csv_rows(report, say))
    else:
        content = xlsx.write(as_sheets(report, say), created=runtime().clock.now(), title=round.code)
    audit_read(audit.Event.REPORT_EXPORTED, round, kind=kind)
    return downloads.attachment(content, kind, f"report-{round.code}")
