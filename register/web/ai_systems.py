"""The pages of AI systems: list, one system, registration, edit."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid, Stale
from register.models import AISystem
from register.queries import ai_systems as queries
from register.queries import questions
from register.services import ai_systems as services
from register.web.forms.ai_systems import AISystemForm
from register.web.forms.base import beside, version_of
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, runtime

blueprint = Blueprint("ai_systems", __name__)


@blueprint.get("/ai-systems")
@guarded(Permission.AI_SYSTEM_READ)
def index() -> ResponseReturnValue:
    """The AI systems that the person may see."""
    return render_template("ai_systems/index.html", rows=queries.list_systems(db_session(), current_actor()))


@blueprint.get("/ai-systems/<uuid:system>")
@guarded(Permission.AI_SYSTEM_READ, system=AISystem)
def show(system: AISystem) -> ResponseReturnValue:
    """One AI system and the use cases that it carries."""
    session, actor, run = db_session(), current_actor(), runtime()
    page = queries.system_page(session, system, actor)
    asked = questions.about(session, system, actor, questions.Teller(run.forms.newest, run.risk))
    return render_template("ai_systems/show.html", page=page, questions=asked)


@blueprint.route("/ai-systems/new", methods=["GET", "POST"])
@guarded(Permission.AI_SYSTEM_CREATE)
def new() -> ResponseReturnValue:
    """Register an AI system of one's own ministry."""
    form = AISystemForm()
    if form.validate_on_submit():
        try:
            made = services.create(db_session(), values=form.values(), by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("AIシステムを登録しました。"), "done")
            return redirect(url_for("ai_systems.show", system=made.public_id), 303)
    return render_template("ai_systems/edit.html", form=form, system=None), 422 if form.errors else 200


@blueprint.route("/ai-systems/<uuid:system>/edit", methods=["GET", "POST"])
@guarded(Permission.AI_SYSTEM_WRITE, system=AISystem)
def edit(system: AISystem) -> ResponseReturnValue:
    """Edit an AI system; a stale edit is shown beside what was saved meanwhile."""
    form = AISystemForm()
    if not form.is_submitted():
        form.fill(system)
    elif form.validate():
        try:
            services.edit(
                db_session(), writable(system), values=form.values(), version=version_of(form), by=current_actor()
            )
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            rows = beside(form, stale)
            return render_template("ai_systems/edit.html", form=form, system=system, conflict=rows), 409
        else:
            flash(gettext("AIシステムを保存しました。"), "done")
            return redirect(url_for("ai_systems.show", system=system.public_id), 303)
    return render_template("ai_systems/edit.html", form=form, system=system), 422 if form.errors else 200
