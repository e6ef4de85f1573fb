"""Checking snapshots (写しを確かめる): a file that somebody holds, the one that is kept, what a QR code leads to."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from register import audit, authz
from register.authz import Permission
from register.documents.checking import Checked, check, check_row
from register.errors import NotFound, say
from register.models import Snapshot
from register.queries.snapshots import newer_than
from register.vocab import Variant
from register.web.forms.snapshots import CheckForm
from register.web.guard import guarded, public
from register.web.session import audit_read, current_actor, reading_session, runtime

blueprint = Blueprint("snapshot_checks", __name__)
MAX_REQUEST = 33 * 1024 * 1024


@blueprint.route("/snapshots/check", methods=["GET", "POST"])
@guarded(Permission.SNAPSHOT_CHECK, changes=False)
def upload() -> ResponseReturnValue:
    """Check a file, or look a snapshot up by its id; the file is read and not kept."""
    request.max_content_length = MAX_REQUEST
    form = CheckForm()
    if not form.validate_on_submit():
        return render_template("snapshots/check.html", form=form), 422 if form.errors else 200
    if not form.file.data:
        return redirect(url_for("snapshot_checks.by_id", public_id=form.public_id), 303)
    sight = authz.sight(Snapshot, current_actor())
    found = check(runtime(), reading_session(), form.file.data.read(), sight)
    return _told(found, form.file.data.filename or "")


@blueprint.get("/snapshots/<uuid:snapshot>/check")
@guarded(Permission.SNAPSHOT_READ, snapshot=Snapshot)
def show(snapshot: Snapshot) -> ResponseReturnValue:
    """Check the file that the register keeps of a snapshot."""
    return _told(check_row(runtime(), reading_session(), snapshot), snapshot.file_name)


@blueprint.get("/verify/<uuid:public_id>")
@public
def by_id(public_id: uuid.UUID) -> ResponseReturnValue:
    """What the QR code leads to: the check for who may see the snapshot, for all others the facts of a public one."""
    session = reading_session()
    row = session.scalars(select(Snapshot).where(Snapshot.public_id == public_id)).one_or_none()
    if row is not None and current_user.is_authenticated and authz.can(current_actor(), Permission.SNAPSHOT_READ, row):
        return redirect(url_for("snapshot_checks.show", snapshot=public_id))
    if row is None or row.variant is not Variant.PUBLIC:
        raise NotFound(say("お探しのページはありません。"))
    return render_template("snapshots/public.html", snapshot=row, newer=newer_than(session, row))


def _told(found: Checked, name: str) -> ResponseReturnValue:
    """Record that somebody checked, and show what was found."""
    told = {"sha256": found.sha256, "good": found.good}
    audit_read(audit.Event.SNAPSHOT_CHECKED, found.snapshot, **told)
    return render_template("snapshots/checked.html", found=found, name=name)
