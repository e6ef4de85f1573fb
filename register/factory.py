"""The composition root: the one module that knows all the others."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, g
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from register.cli import audit as audit_commands
from register.cli import db as db_commands
from register.cli import jobs as jobs_commands
from register.cli import outbox as outbox_commands
from register.cli import reminders as reminders_commands
from register.cli import reports as reports_commands
from register.cli import rounds as rounds_commands
from register.cli import seed as seed_commands
from register.cli import sentinel as sentinel_commands
from register.cli import snapshots as snapshots_commands
from register.clock import Clock, SystemClock
from register.db import Database
from register.errors import Unusable
from register.files import FileStore
from register.formats import demo_ca
from register.formats.mail import envelope_sender
from register.formats.signing_trust import trust_of
from register.formats.smtp import server_of
from register.formats.webhook import admitted_of
from register.formspec.loader import load_library
from register.formspec.reminders import load_reminders
from register.formspec.retention import load_retention
from register.formspec.risk import load_risk
from register.formspec.sheets import load_sheets
from register.runtime import Runtime, Settings, signing_config
from register.sentinel import load_limits
from register.web import (
    acceptances,
    agendas,
    ai_systems,
    assessments,
    audit,
    built_tables,
    calendars,
    chores,
    converters,
    deliveries,
    disclosures,
    editions,
    errors,
    figures,
    guard,
    guide,
    headers,
    health,
    home,
    identity,
    inbox,
    incidents,
    items,
    jobs,
    language,
    measures,
    nil_reports,
    notice_answers,
    notices,
    questions,
    referrals,
    reminders,
    reports,
    reviews,
    round_plans,
    round_prints,
    round_reminders,
    rounds,
    session,
    snapshot_asks,
    snapshot_checks,
    snapshots,
    stops,
    submissions,
    trends,
    ui,
    uploads,
    use_cases,
    webhooks,
)

FORM = "periodic"
BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        home,
        language,
        use_cases,
        ai_systems,
        incidents,
        measures,
        nil_reports,
        assessments,
        referrals,
        agendas,
        notices,
        notice_answers,
        questions,
        rounds,
        round_plans,
        round_reminders,
        reminders,
        calendars,
        stops,
        inbox,
        reviews,
        acceptances,
        submissions,
        items,
        uploads,
        reports,
        figures,
        round_prints,
        editions,
        disclosures,
        built_tables,
        trends,
        snapshot_asks,
        snapshot_checks,
        snapshots,
        jobs,
        deliveries,
        webhooks,
        chores,
        audit,
        health,
        guide,
    )
)
COMMANDS = (
    db_commands.group,
    rounds_commands.group,
    reports_commands.group,
    audit_commands.group,
    sentinel_commands.group,
    seed_commands.command,
    jobs_commands.group,
    outbox_commands.group,
    reminders_commands.group,
    snapshots_commands.group,
)
MAX_REQUEST = 6 * 1024 * 1024
MAX_FORM_MEMORY = 500_000


def create_app(settings: Settings, clock: Clock | None = None, **config: Any) -> Flask:
    """Return the application for ``settings``; ``config`` overrides Flask's own settings (tests use it)."""
    app = Flask(
        "register",
        template_folder=str(settings.templates_dir),
        static_folder="static",
        root_path=str(settings.templates_dir.parent / "register"),
    )
    app.config.update(
        # Without a key of the installation, sessions live as long as this process: enough for commands.
        SECRET_KEY=settings.secret_key.get_secret_value() if settings.secret_key else secrets.token_hex(32),
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY,
        MAX_FORM_PARTS=1000,
        TRUSTED_HOSTS=settings.trusted_hosts or None,
        WTF_CSRF_TIME_LIMIT=None,
        # Every sentence beside a field is ours; the extension would read its own catalogue anew for every form.
        WTF_I18N_ENABLED=False,
        **config,
    )
    run = _runtime(settings, clock or SystemClock())
    app.extensions["register"] = run
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    _edges(app, run)
    guard.refuse_undeclared(app)
    return app


def _runtime(settings: Settings, clock: Clock) -> Runtime:
    _check_mail(settings)
    database = Database(settings.database_url, clock)
    data = settings.config_dir
    files, forms = FileStore(settings.files_url), load_library(data, FORM)
    terms = (load_risk(data), load_sheets(data), load_limits(data), load_retention(data), load_reminders(data))
    if settings.demo:
        demo_ca.make(settings.signing_demo_folder, clock.now())
    signing = signing_config(settings)
    return Runtime(settings, database, clock, files, forms, *terms, signing, trust_of(signing))


def _check_mail(settings: Settings) -> None:
    """Raise ``Unusable`` where mail or webhooks cannot be sent: that must be seen at the start, not at a deadline."""
    if settings.mail_url and server_of(settings.mail_url.get_secret_value()):
        try:
            envelope_sender(settings.mail_from)
        except ValueError:
            raise Unusable("REGISTER_MAIL_FROM is no sender: write NAME <ADDRESS@HOST> or ADDRESS@HOST") from None
        if not settings.public_url:
            raise Unusable("REGISTER_PUBLIC_URL is missing: mail leads back to the register")
    admitted_of(settings.webhook_hosts, settings.webhook_networks)
    if settings.webhook_hosts and not settings.public_url:
        raise Unusable("REGISTER_PUBLIC_URL is missing: webhooks lead back to the register")


def _edges(app: Flask, run: Runtime) -> None:
    app.before_request(_name_request)
    app.before_request(guard.refuse_unreadable)
    app.teardown_appcontext(session.close_sessions)
    app.url_map.converters["round_code"] = converters.RoundCode
    app.url_map.converters["day"] = converters.Day
    # A mail program that stops a mail for its reader has no form of ours: the address itself is the permission.
    CSRFProtect(app).exempt(stops.blueprint)
    identity.init_app(app, run)
    ui.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)


def _name_request() -> None:
    # What a person reads to us from an error page, and what the audit and the logs call the request.
    g.request_id = secrets.token_hex(8)
