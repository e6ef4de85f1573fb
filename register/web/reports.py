"""The pages of a round's report: its tables and charts, the cases behind a figure, and the tables as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission, can
from register.formats import csv, xlsx
from register.models import Round
from register.queries import snapshots
from register.reports import cases as figures
from register.reports import change, errata, flow, tally
from register.reports.charts import charts
from register.reports.definitions import definitions
from register.reports.render import as_csv_rows, as_sheets
from register.reports.report import Report, as_json, build
from register.reports.table import PREVIOUS, TOTAL, Column, Row
from register.web import downloads
from register.web.filters import language, say
from register.web.guard import guarded
from register.web.paging import page_number
from register.web.session import audit_read, current_actor, db_session, runtime

blueprint = Blueprint("reports", __name__)


@blueprint.get("/rounds/<round_code:round>/report")
@guarded(Permission.REPORT_READ, round=Round)
def show(round: Round) -> ResponseReturnValue:
    """The report of a round: headlines, tables, charts, the flow of usage types."""
    report = _report(round)
    return render_template(
        "reports/show.html",
        report=report,
        round=round,
        snapshot_possible=snapshots.possible(db_session(), round),
        charts=charts(report, say),
        definitions=definitions(report, runtime().forms),
        errata_of=lambda slug: [erratum for erratum in report.errata if erratum.table == slug],
        link=_links(report) if can(current_actor(), Permission.ITEM_READ) else lambda *_: "",
    )


@blueprint.get("/rounds/<round_code:round>/report/cases")
@guarded(Permission.REPORT_READ, round=Round)
def cases(round: Round) -> ResponseReturnValue:
    """The frozen items behind one figure, as far as the person may see them."""
    named = {name: request.args.get(name, "") for name in ("table", "row", "column")}
    page = figures.cases_page(
        db_session(),
        round,
        current_actor(),
        **named,
        page=page_number(request.args),
        language=language(),
        forms=runtime().forms,
    )
    return render_template(
        "reports/cases.html",
        page=page,
        round=round,
        link=lambda number: url_for("reports.cases", round=round.code, page=number, **dict[str, Any](named)),
    )


@blueprint.get("/rounds/<round_code:round>/report.<any(json, csv, xlsx):kind>")
@guarded(Permission.REPORT_READ, round=Round)
def export(round: Round, kind: str) -> ResponseReturnValue:
    """The report's tables as a file; who took it out is recorded."""
    report = _report(round)
    if kind == "json":
        content = json.dumps(as_json(report, say), ensure_ascii=False, indent=2).encode()
    elif kind == "csv":
        content = csv.write(*as_csv_rows(report, say))
    else:
        content = xlsx.write(as_sheets(report, say), created=runtime().clock.now(), title=round.code)
    audit_read(audit.Event.REPORT_EXPORTED, round, kind=kind)
    return downloads.attachment(content, kind, f"report-{round.code}")


def _links(report: Report) -> Callable[[str, Row, Column | None], str]:
    """Return what gives the address of the cases behind a cell; the previous round's figures have none here.

    Nor has a sum that counts cases of two rounds.
    """

    def link(table: str, row: Row, column: Column | None) -> str:
        code = column.code if column else TOTAL
        both_rounds = (table == flow.SLUG and row.code == code == TOTAL) or (table == change.SLUG and row.code == TOTAL)
        if row.code == PREVIOUS or both_rounds:
            return ""
        return url_for("reports.cases", round=report.code, table=table, row=row.code, column=code)

    return link


def _report(round: Round) -> Report:
    printed = errata.load(runtime().config_dir, round.code)
    report = build(db_session(), round, language(), runtime().forms, printed)
    if report.counted_now:
        with runtime().database.writing() as session:
            for counted in report.counted_now:
                tally.keep(session, counted)
    return report
