"""The pages that open a figure of a report: its proof with the cases behind it, and two figures side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.models import Round
from register.reports import cases as behind
from register.reports import change, difference, flow, provenance, tally
from register.reports.figures import offered, resolve
from register.reports.place import Place
from register.reports.report import Report, build
from register.reports.table import PREVIOUS, TOTAL, Column, Row
from register.reports.tally import Tally
from register.web.filters import language
from register.web.guard import guarded
from register.web.paging import page_number
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("figures", __name__)


@blueprint.get("/rounds/<round_code:round>/report/cases")
@guarded(Permission.REPORT_READ, round=Round)
def cases(round: Round) -> ResponseReturnValue:
    """What a figure rests on, and the frozen items behind it as far as the person may see them."""
    named: dict[str, Any] = {name: request.args.get(name, "") for name in ("table", "row", "column")}
    report = report_of(round)
    figure = resolve(report, Place(**named))
    return render_template(
        "reports/cases.html",
        report=report,
        figure=figure,
        proof=provenance.prove(report, figure),
        page=behind.behind(db_session(), figure, current_actor(), page_number(request.args)),
        others=() if figure.earlier else offered(report),
        address=place_links(report),
        link=lambda number: url_for("figures.cases", round=round.code, page=number, **named),
    )


@blueprint.get("/rounds/<round_code:round>/report/difference")
@guarded(Permission.REPORT_READ, round=Round)
def compared(round: Round) -> ResponseReturnValue:
    """Two figures side by side: which cases only one of them counts."""
    report = report_of(round)
    first, second = (resolve(report, Place.read(request.args.get(name, ""))) for name in ("first", "second"))
    found = difference.compare(db_session(), report, first, second, current_actor())
    return render_template("reports/difference.html", report=report, page=found, address=place_links(report))


def report_of(round: Round) -> Report:
    """Return the report of a round in the page's language, and keep what had to be counted for it."""
    # Also for a form that is sent: while it writes, nothing could be kept.
    report = build(reading_session(), round, language(), runtime().forms)
    keep(report.counted_now)
    return report


def keep(counted: Sequence[Tally]) -> None:
    """Store what had to be counted for a page, in a short transaction of its own."""
    if counted:
        with runtime().database.writing() as session:
            for one in counted:
                tally.keep(session, one)


def place_links(report: Report) -> Callable[[Place], str]:
    """Return what gives the address of the page that opens a figure."""

    def address(place: Place) -> str:
        return url_for("figures.cases", round=report.code, table=place.table, row=place.row, column=place.column)

    return address


def cell_links(report: Report) -> Callable[[str, Row, Column | str | None], str]:
    """Return what gives the address of a cell's figure; the previous round's figures have none here.

    Nor has a sum that counts cases of two rounds.
    """
    opened = place_links(report)

    def link(table: str, row: Row, column: Column | str | None) -> str:
        code = column.code if isinstance(column, Column) else column or TOTAL
        both_rounds = (table == flow.SLUG and row.code == code == TOTAL) or (table == change.SLUG and row.code == TOTAL)
        return "" if row.code == PREVIOUS or both_rounds else opened(Place(table, row.code, code))

    return link
