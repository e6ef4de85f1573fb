"""The page of webhooks (ウェブフック): other systems to which the day's reminders are posted."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import Permission
from register.formats.webhook import Refused, admitted_of, secret_of
from register.models import Webhook
from register.queries import webhooks as queries
from register.services import webhooks as services
from register.web.filters import say
from register.web.forms.webhooks import WebhookForm
from register.web.guard import guarded, writable
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("webhooks", __name__)


@blueprint.route("/webhooks", methods=["GET", "POST"])
@guarded(Permission.WEBHOOK_MANAGE)
def index() -> ResponseReturnValue:
    """Where posts go and whether they arrive; a further address can be added."""
    form, settings = WebhookForm(), runtime().settings
    admitted = admitted_of(settings.webhook_hosts, settings.webhook_networks)
    form.offer(queries.bodies(reading_session()))
    if form.validate_on_submit():
        try:
            services.add(db_session(), form.body, str(form.url.data).strip(), admitted, by=current_actor())
            return _done(gettext("ウェブフックを登録しました。鍵を受け手に設定してください。"))
        except Refused as refused:
            form.url.errors = [say(refused.sentence)]
    lines = queries.lines(reading_session(), current_actor())
    page = render_template("webhooks/index.html", form=form, lines=lines, hosts=sorted(admitted.hosts))
    return page, 422 if form.errors else 200


@blueprint.get("/webhooks/<uuid:webhook>/key")
@guarded(Permission.WEBHOOK_MANAGE, webhook=Webhook)
def key(webhook: Webhook) -> ResponseReturnValue:
    """The key with which the receiver checks the signature; who read it is recorded."""
    audit_read(audit.Event.WEBHOOK_KEY_READ, webhook)
    secret = secret_of(str(current_app.secret_key), str(webhook.public_id))
    return render_template("webhooks/key.html", hook=webhook, secret=secret)


@blueprint.post("/webhooks/<uuid:webhook>/try")
@guarded(Permission.WEBHOOK_MANAGE, webhook=Webhook)
def try_out(webhook: Webhook) -> ResponseReturnValue:
    """Post something that tells of nothing."""
    services.try_out(db_session(), writable(webhook), runtime().sender, by=current_actor())
    return _done(gettext("確認の通知を送ります。結果は、まもなくこの画面に表示されます。"))


@blueprint.post("/webhooks/<uuid:webhook>/stop")
@guarded(Permission.WEBHOOK_MANAGE, webhook=Webhook)
def stop(webhook: Webhook) -> ResponseReturnValue:
    """Post nothing more there."""
    services.stop(db_session(), writable(webhook), by=current_actor())
    return _done(gettext("ウェブフックを止めました。"))


def _done(told: str) -> ResponseReturnValue:
    flash(told, "done")
    return redirect(url_for("webhooks.index"), 303)
