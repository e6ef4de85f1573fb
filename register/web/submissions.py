"""The pages of submissions: one ministry's items, and one item with its answers."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.models import Submission, SubmissionItem
from register.queries import submissions as queries
from register.web.filters import language
from register.web.guard import guarded
from register.web.paging import page_number
from register.web.session import current_actor, db_session, runtime

blueprint = Blueprint("submissions", __name__)


@blueprint.get("/submissions/<uuid:submission>")
@guarded(Permission.SUBMISSION_READ, submission=Submission)
def show(submission: Submission) -> ResponseReturnValue:
    """The frozen items of one ministry in one round."""
    page = queries.submission_page(db_session(), submission, page_number(request.args))
    return render_template(
        "submissions/show.html",
        page=page,
        link=lambda number: url_for("submissions.show", submission=submission.public_id, page=number),
    )


@blueprint.get("/submissions/items/<uuid:item>")
@guarded(Permission.ITEM_READ, item=SubmissionItem)
def item(item: SubmissionItem) -> ResponseReturnValue:
    """One item: every question of its form version, with its answer or why there is none."""
    page = queries.item_page(db_session(), item, current_actor(), language(), runtime().forms)
    return render_template("submissions/item.html", page=page)
