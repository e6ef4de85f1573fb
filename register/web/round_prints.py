"""The pages of a round's published report: what it prints otherwise than the register counts, and entering one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid
from register.models import Round
from register.reports import plain, published
from register.reports.plain import PlainReport
from register.reports.report import Report
from register.services import round_prints as services
from register.web.figures import place_links, report_of
from register.web.forms.round_prints import PrintForm
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("round_prints", __name__)


@blueprint.get("/rounds/<round_code:round>/report/print")
@guarded(Permission.REPORT_READ, round=Round)
def show(round: Round) -> ResponseReturnValue:
    """What the published report of a round prints otherwise, with the explanations."""
    report = report_of(round)
    return render_template(
        "reports/print.html",
        report=report,
        found=published.find(db_session(), report, runtime().config_dir),
        address=place_links(report),
    )


@blueprint.route("/rounds/<round_code:round>/report/print/new", methods=["GET", "POST"])
@guarded(Permission.PRINT_ENTER, round=Round)
def enter(round: Round) -> ResponseReturnValue:
    """Enter what a published report says; what cannot be read is told, and what was pasted stays."""
    report, form = report_of(round), PrintForm()
    form.offer(report)
    if form.validate_on_submit():
        try:
            content = plain.told(_read(form, report))
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            entered: dict[str, Any] = {"name": form.name.data.strip(), "content": content, "by": current_actor()}
            services.enter(db_session(), writable(round), **entered)
            flash(gettext("公表資料の内容を登録し、集計と照合しました。"))
            return redirect(url_for("round_prints.show", round=round.code), 303)
    page = render_template("reports/print_new.html", report=report, form=form)
    return page, 422 if form.errors else 200


@blueprint.post("/rounds/<round_code:round>/report/print/withdraw")
@guarded(Permission.PRINT_ENTER, round=Round)
def withdraw(round: Round) -> ResponseReturnValue:
    """Withdraw what was entered; the print that was compared before is compared again."""
    services.withdraw(db_session(), writable(round), request.form.get("print", ""), by=current_actor())
    flash(gettext("公表資料の登録を取り消しました。"))
    return redirect(url_for("round_prints.show", round=round.code), 303)


def _read(form: PrintForm, report: Report) -> PlainReport:
    """Return what was entered together with the tables that were entered before; raise ``Invalid``."""
    slug, before = form.table.data or "", published.find(reading_session(), report, runtime().config_dir)
    if form.file.data:
        more = published.read_file(form.file.data.read(), form.file.data.filename or "", report, slug)
    else:
        more = published.read_text(form.text.data, report, slug)
    return published.added(before.print if before and before.row else None, more)
