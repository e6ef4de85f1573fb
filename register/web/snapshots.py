"""The pages of snapshots (台帳写し): the list, one, and its file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission
from register.errors import NotNow, say
from register.models import Snapshot
from register.queries import snapshots as queries
from register.queries.snapshots import SnapshotsPage
from register.vocab import SnapshotKind, SnapshotState, Variant
from register.web import listing, papers
from register.web.downloads import attachment, kept_file
from register.web.filters import language
from register.web.guard import guarded
from register.web.log_words import page_words
from register.web.session import audit_read, current_actor, db_session, runtime
from register.web.ui import LANGUAGES

blueprint = Blueprint("snapshots", __name__)


@blueprint.get("/snapshots")
@guarded(Permission.SNAPSHOT_READ)
def index() -> ResponseReturnValue:
    """The snapshots, newest first, with filter and page in the URL."""
    page = queries.list_page(db_session(), current_actor(), listing.state_of(queries.ListState))
    options = _options(page)
    return render_template(
        "snapshots/index.html",
        page=page,
        state=page.state,
        options=options,
        chips=listing.chips(page.state, options),
        link=lambda number: url_for("snapshots.index", **page.state.args(page=number)),
    )


@blueprint.get("/snapshots/<uuid:snapshot>")
@guarded(Permission.SNAPSHOT_READ, snapshot=Snapshot)
def show(snapshot: Snapshot) -> ResponseReturnValue:
    """One snapshot: all that is known of it, who looked at it, and how to check it without us."""
    page = queries.snapshot_page(db_session(), snapshot, current_actor())
    audit_read(audit.Event.SNAPSHOT_READ, snapshot)
    return render_template("snapshots/show.html", page=page, snapshot=snapshot, words=page_words(runtime()))


@blueprint.get("/snapshots/<uuid:snapshot>/download")
@guarded(Permission.SNAPSHOT_DOWNLOAD, snapshot=Snapshot)
def download(snapshot: Snapshot) -> ResponseReturnValue:
    """The file itself, only when it is still the one that was stored; of a closed edition a copy in one's name."""
    if snapshot.state is SnapshotState.DISPOSED:
        raise NotNow(say("この台帳写しのファイルは、保存期間が満了したため廃棄されました。"))
    if snapshot.kind is SnapshotKind.EDITION and snapshot.variant is Variant.CLOSED:
        return attachment(papers.copy_of(snapshot), "pdf", f"{snapshot.number}-copy-{snapshot.language}")
    _refuse_changed(snapshot)
    audit_read(audit.Event.SNAPSHOT_DOWNLOADED, snapshot, sha256=snapshot.sha256)
    return kept_file(runtime().files.chunks(snapshot.path), snapshot.file_name, snapshot.size)


def _refuse_changed(snapshot: Snapshot) -> None:
    """Read the file once through before a byte of it is sent: what is not the stored one is not handed out."""
    digest = hashlib.sha256()
    try:
        for chunk in runtime().files.chunks(snapshot.path):
            digest.update(chunk)
    except OSError:
        current_app.logger.exception("the file of snapshot %s is missing", snapshot.public_id)
        raise NotNow(say("この台帳写しのファイルが見つかりません。管理者に連絡してください。")) from None
    if digest.hexdigest() != snapshot.sha256:
        current_app.logger.error("the file of snapshot %s is not the one that was stored", snapshot.public_id)
        raise NotNow(
            say(
                "この台帳写しのファイルが保存時の内容と違うため、お渡しできません。監査担当者と管理者に連絡してください。"
            )
        )


def _options(page: SnapshotsPage) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return what the list may be narrowed to, as (code, label)."""
    codes = [one.code for one in page.rounds]
    return {
        "kind": [(kind.value, kind.label(language())) for kind in SnapshotKind],
        "variant": [(one.value, one.label(language())) for one in Variant],
        "state": [(one.value, one.label(language())) for one in SnapshotState],
        "language": list(LANGUAGES.items()),
        "round": [(code, code) for code in codes],
        "ministry": [(one.key, one.label(language())) for one in page.ministries],
    }
