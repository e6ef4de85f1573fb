"""The pages of snapshots (台帳写し): ask for one, the list, one, and its file."""

from __future__ import annotations

import hashlib

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission
from register.errors import NotNow, say
from register.models import Snapshot
from register.queries import snapshots as queries
from register.web.downloads import attachment
from register.web.guard import guarded
from register.web.session import audit_read, current_actor, db_session, runtime

blueprint = Blueprint("snapshots", __name__)


@blueprint.get("/snapshots")
@guarded(Permission.SNAPSHOT_READ)
def index() -> ResponseReturnValue:
    """Every snapshot, newest first, and the rounds that one can be asked of."""
    return render_template("snapshots/index.html", page=queries.list_page(db_session(), current_actor()))


@blueprint.get("/snapshots/<uuid:snapshot>")
@guarded(Permission.SNAPSHOT_READ, snapshot=Snapshot)
def show(snapshot: Snapshot) -> ResponseReturnValue:
    """One snapshot: all that is known of it, and how to check it without us."""
    return render_template("snapshots/show.html", snapshot=snapshot)


@blueprint.get("/snapshots/<uuid:snapshot>/download")
@guarded(Permission.SNAPSHOT_DOWNLOAD, snapshot=Snapshot)
def download(snapshot: Snapshot) -> ResponseReturnValue:
    """The file itself, only when it is still the one that was stored."""
    content = _content(snapshot)
    audit_read(audit.Event.SNAPSHOT_DOWNLOADED, snapshot, sha256=snapshot.sha256)
    return attachment(content, "pdf", snapshot.file_name.removesuffix(".pdf"))


def _content(snapshot: Snapshot) -> bytes:
    try:
        content = runtime().files.get(snapshot.path)
    except OSError:
        current_app.logger.exception("the file of snapshot %s is missing", snapshot.public_id)
        raise NotNow(say("この台帳写しのファイルが見つかりません。管理者に連絡してください。")) from None
    if hashlib.sha256(content).hexdigest() != snapshot.sha256:
        current_app.logger.error("the file of snapshot %s is not the one that was stored", snapshot.public_id)
        raise NotNow(
            say(
                "この台帳写しのファイルが保存時の内容と違うため、お渡しできません。監査担当者と管理者に連絡してください。"
            )
        )
    return content
