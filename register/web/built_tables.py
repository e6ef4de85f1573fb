"""The pages of the table builder: choosing and saving a table, a saved one for a round, the cases behind it, files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from register import audit
from register.authz import Permission
from register.errors import Invalid, Say, Stale
from register.formats import csv, xlsx
from register.models import BuiltTable, BuiltTableVersion, Round
from register.queries import built_tables as queries
from register.reports import builder, built, provenance
from register.reports import cases as behind
from register.reports.builder import ROWS, Definition
from register.reports.built import Built
from register.reports.report import Report
from register.reports.table import TOTAL, Column, Row
from register.services import built_tables as services
from register.web import downloads
from register.web.figures import place_links, report_of
from register.web.filters import moment_text, said, say
from register.web.forms.base import version_of
from register.web.forms.built_tables import SaveForm, TableForm, table_form
from register.web.guard import guarded, writable
from register.web.paging import page_number
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("built_tables", __name__)
Address = Callable[..., str]


@blueprint.get("/rounds/<round_code:round>/report/tables")
@guarded(Permission.REPORT_READ, round=Round)
def index(round: Round) -> ResponseReturnValue:
    """The saved tables that the person may see, each to be opened for this round."""
    report, rows = report_of(round), queries.listed(db_session(), current_actor())
    return render_template("reports/built_index.html", report=report, rows=rows)


@blueprint.route("/rounds/<round_code:round>/report/tables/new", methods=["GET", "POST"])
@guarded(Permission.TABLE_BUILD, round=Round)
def new(round: Round) -> ResponseReturnValue:
    """Choose what a table shows; the choices stand in the address, and the table below them can be saved."""
    report, form = report_of(round), SaveForm()
    del form.reason
    chooser = table_form(report.dimensions, request.args)
    definition = chooser.chosen() if ROWS in request.args or request.method == "POST" else None
    if definition and form.validate_on_submit():
        given: dict[str, Any] = {"name": form.name.data, "shared": form.shared.data, "by": current_actor()}
        try:
            made = services.save(db_session(), definition, **given)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("表を保存しました。"), "done")
            return redirect(url_for("built_tables.show", round=round.code, table=made.public_id), 303)
    return _edit_page(report, chooser, form, definition)


@blueprint.get("/rounds/<round_code:round>/report/tables/new/cases")
@guarded(Permission.TABLE_BUILD, round=Round)
def draft_cases(round: Round) -> ResponseReturnValue:
    """The cases behind a figure of a table that is still being chosen."""
    report = report_of(round)
    definition = builder.declare(table_form(report.dimensions, request.args).data)
    made = built.make(reading_session(), report, definition)
    chosen = {"round": round.code, **definition.args()}
    above = (gettext("表を作る"), url_for("built_tables.new", **chosen))
    return _cases_page(made, above, lambda **more: url_for("built_tables.draft_cases", **chosen, **more))


@blueprint.get("/rounds/<round_code:round>/report/tables/<uuid:table>")
@guarded(Permission.REPORT_READ, table=BuiltTable, round=Round)
def show(table: BuiltTable, round: Round) -> ResponseReturnValue:
    """A saved table for this round, in its newest version or the one that is asked for."""
    report, version = report_of(round), queries.version_of(table, request.args.get("version", ""))
    made, refused = _made(report, builder.read(version.definition))
    return render_template(
        "reports/built_show.html",
        report=report,
        table=table,
        version=version,
        words=builder.words(builder.read(version.definition), report.dimensions),
        built=made,
        refused=refused,
        address=place_links(report),
        link=_links(lambda **more: _of_version("cases", round, version, **more)),
        file=lambda kind: _of_version("export", round, version, kind=kind),
    )


@blueprint.get("/rounds/<round_code:round>/report/tables/<uuid:table>/cases")
@guarded(Permission.REPORT_READ, table=BuiltTable, round=Round)
def cases(table: BuiltTable, round: Round) -> ResponseReturnValue:
    """The cases behind a figure of a saved table, as far as the person may see them."""
    version = queries.version_of(table, request.args.get("version", ""))
    made = built.make(reading_session(), report_of(round), builder.read(version.definition))
    above = (table.name, _of_version("show", round, version))
    return _cases_page(made, above, lambda **more: _of_version("cases", round, version, **more))


@blueprint.get("/rounds/<round_code:round>/report/tables/<uuid:table>.<any(json, csv, xlsx):kind>")
@guarded(Permission.REPORT_READ, table=BuiltTable, round=Round)
def export(table: BuiltTable, round: Round, kind: str) -> ResponseReturnValue:
    """A saved table as a file; who took it out is recorded."""
    version = queries.version_of(table, request.args.get("version", ""))
    made = built.make(reading_session(), report_of(round), builder.read(version.definition))
    if kind == "json":
        facts = {"name": table.name, "version": version.number, "saved_at": version.saved_at.isoformat()}
        content = json.dumps(built.as_plain(made, facts, say), ensure_ascii=False, indent=2).encode()
    elif kind == "csv":
        content = csv.write(*built.as_csv_rows(made, say))
    else:
        saved = (table.name, str(version.number), moment_text(version.saved_at))
        sheets = built.as_sheets(made, saved, say)
        content = xlsx.write(sheets, created=runtime().clock.now(), title=table.name)
    audit_read(audit.Event.TABLE_EXPORTED, table, kind=kind, round=round.code, version=version.number)
    return downloads.attachment(content, kind, f"table-{round.code}-v{version.number}")


@blueprint.route("/rounds/<round_code:round>/report/tables/<uuid:table>/revise", methods=["GET", "POST"])
@guarded(Permission.TABLE_BUILD, round=Round, table=BuiltTable)
def revise(round: Round, table: BuiltTable) -> ResponseReturnValue:
    """Change a saved table: what is saved becomes its next version, unless somebody else was first."""
    services.refuse_withdrawn(table)
    report, form, conflict = report_of(round), _revision_of(table), None
    chooser = table_form(report.dimensions, _choices(table))
    definition = chooser.chosen()
    if definition and form.validate_on_submit():
        typed: dict[str, Any] = {"name": form.name.data, "reason": form.reason.data, "version": version_of(form)}
        try:
            services.revise(db_session(), writable(table), definition, by=current_actor(), **typed)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = _beside(report, definition, form, stale)
        else:
            flash(gettext("表を改めました。"), "done")
            return redirect(url_for("built_tables.show", round=round.code, table=table.public_id), 303)
    return _edit_page(report, chooser, form, definition, table=table, conflict=conflict)


@blueprint.post("/rounds/<round_code:round>/report/tables/<uuid:table>/share")
@guarded(Permission.TABLE_BUILD, round=Round, table=BuiltTable)
def share(round: Round, table: BuiltTable) -> ResponseReturnValue:
    """Let everybody who reads reports see a table, or the secretariat alone."""
    shared = request.form.get("shared") == "1"
    services.share(db_session(), writable(table), shared, by=current_actor())
    flash(gettext("表を公開しました。") if shared else gettext("表の公開をやめました。"), "done")
    return redirect(url_for("built_tables.show", round=round.code, table=table.public_id), 303)


@blueprint.post("/rounds/<round_code:round>/report/tables/<uuid:table>/withdraw")
@guarded(Permission.TABLE_BUILD, round=Round, table=BuiltTable)
def withdraw(round: Round, table: BuiltTable) -> ResponseReturnValue:
    """Take a table out of use."""
    services.withdraw(db_session(), writable(table), by=current_actor())
    flash(gettext("表を取り下げました。"), "done")
    return redirect(url_for("built_tables.index", round=round.code), 303)


def _edit_page(
    report: Report, chooser: TableForm, form: SaveForm, definition: Definition | None, **more: Any
) -> ResponseReturnValue:
    chosen = {"round": report.code, **(definition.args() if definition else {})}
    made = built.make(reading_session(), report, definition) if definition else None
    page = render_template(
        "reports/built_edit.html",
        report=report,
        chooser=chooser,
        saving=form,
        form=chooser if chooser.errors else form,
        built=made,
        chosen=chosen,
        address=place_links(report),
        link=_links(lambda **cell: url_for("built_tables.draft_cases", **chosen, **cell)),
        **more,
    )
    return page, 409 if more.get("conflict") else 422 if chooser.errors or form.errors else 200


def _cases_page(made: Built, above: tuple[str, str], address: Address) -> ResponseReturnValue:
    row, column = (request.args.get(name, "") for name in ("row", "column"))
    figure = built.figure(made, row, column)
    return render_template(
        "reports/built_cases.html",
        report=made.report,
        figure=figure,
        proof=provenance.prove(made.report, figure),
        page=behind.behind(reading_session(), figure, current_actor(), page_number(request.args)),
        address=place_links(made.report),
        link=lambda number: address(row=row, column=column, page=number),
        above=above,
    )


def _made(report: Report, definition: Definition) -> tuple[Built | None, tuple[Say, ...]]:
    """Return the table for a round, or why this round has none."""
    try:
        return built.make(reading_session(), report, definition), ()
    except Invalid as refusal:
        # The same question may stand in several fields.
        return None, tuple({str(why): why for why in refusal.fields.values()}.values())


def _links(address: Address) -> Callable[[str, Row, Column | str | None], str]:
    """Return what gives the address of a cell's figure."""

    def link(_table: str, row: Row, column: Column | str | None) -> str:
        return address(row=row.code, column=column.code if isinstance(column, Column) else column or TOTAL)

    return link


def _of_version(page: str, round: Round, version: BuiltTableVersion, /, **more: Any) -> str:
    table = version.table
    # The newest version has the plain address: it leads to what is newest then.
    own: dict[str, Any] = {} if version is table.newest else {"version": version.number}
    return url_for(f"built_tables.{page}", round=round.code, table=table.public_id, **own, **more)


def _choices(table: BuiltTable) -> MultiDict[str, str]:
    """Return what stands in the address, at first what the newest version holds."""
    return request.args if ROWS in request.args else MultiDict(builder.read(table.newest.definition).args())


def _revision_of(table: BuiltTable) -> SaveForm:
    form = SaveForm(name=table.name, version=request.args.get("version") or str(table.version))
    del form.shared
    return form


def _beside(report: Report, mine: Definition, form: SaveForm, stale: Stale) -> list[tuple[str, str, str, bool]]:
    """Return (label, chosen, stored, differs) of both tables, and let the next save be made in sight of both."""
    form.version.data = str(stale.version)
    pairs = [(form.name.label.text, form.name.data, stale.theirs["name"])]
    theirs = builder.words(builder.read(stale.theirs["definition"]), report.dimensions)
    for (label, one), (_, other) in zip(builder.words(mine, report.dimensions), theirs, strict=True):
        pairs.append((say(label), said(one), said(other)))
    return [(label, one, other, one != other) for label, one, other in pairs]
