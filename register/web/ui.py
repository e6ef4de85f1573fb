"""What every page needs: language, navigation, filters and the addresses of its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, current_app, g, request, url_for
from flask_babel import Babel, gettext, lazy_gettext
from flask_security import current_user
from sqlalchemy.exc import DBAPIError

from register.authz import Permission, can
from register.queries.reminder_pages import unread
from register.runtime import runtime_of
from register.web import filters
from register.web.forms.base import control_attrs
from register.web.session import current_actor, reading_session

LANGUAGES = {"ja": "日本語", "en": "English"}
# Parsed once: Babel would do it anew for every request.
LOCALES = {language: Locale.parse(language) for language in LANGUAGES}
COOKIE = "language"


@dataclass(frozen=True)
class NavItem:
    """One entry of the main navigation, who sees it, and the other parts of the site that lie under it."""

    endpoint: str
    label: Any
    permission: Permission
    parts: tuple[str, ...] = ()

    def holds(self, part: str) -> bool:
        """Tell whether a page of ``part`` (the name of its blueprint) lies under this entry."""
        return part in (self.endpoint.partition(".")[0], *self.parts)


NAVIGATION = (
    NavItem("home.index", lazy_gettext("ホーム"), Permission.HOME),
    NavItem("use_cases.index", lazy_gettext("案件"), Permission.USE_CASE_READ, ("disclosures",)),
    NavItem("incidents.index", lazy_gettext("リスクケース"), Permission.INCIDENT_READ, ("measures", "nil_reports")),
    NavItem("assessments.index", lazy_gettext("高リスク判定"), Permission.ASSESSMENT_READ),
    NavItem("referrals.index", lazy_gettext("アドバイザリーボード"), Permission.REFERRAL_READ, ("agendas",)),
    NavItem("notices.index", lazy_gettext("注意喚起"), Permission.NOTICE_READ, ("notice_answers",)),
    NavItem("questions.index", lazy_gettext("確認の質問"), Permission.QUESTION_READ),
    NavItem("ai_systems.index", lazy_gettext("AIシステム"), Permission.AI_SYSTEM_READ),
    NavItem(
        "rounds.index",
        lazy_gettext("定期報告"),
        Permission.ROUND_READ,
        (
            "round_plans",
            "round_reminders",
            "reviews",
            "acceptances",
            "reports",
            "figures",
            "round_prints",
            "editions",
            "built_tables",
            "trends",
            "submissions",
            "items",
            "uploads",
        ),
    ),
    NavItem(
        "snapshots.index",
        lazy_gettext("台帳写し"),
        Permission.SNAPSHOT_READ,
        ("jobs", "snapshot_asks", "snapshot_checks"),
    ),
    NavItem("deliveries.index", lazy_gettext("メールの配信"), Permission.DELIVERY_READ),
    NavItem("webhooks.index", lazy_gettext("ウェブフック"), Permission.WEBHOOK_READ),
    NavItem("chores.index", lazy_gettext("処理の状況"), Permission.JOB_RUN_READ),
    NavItem("reminders.index", lazy_gettext("お知らせの予定"), Permission.REMINDER_READ),
    NavItem("audit.index", lazy_gettext("監査記録"), Permission.AUDIT_READ),
)


def init_app(app: Flask) -> None:
    """Give ``app`` its language, filters and what the layout asks for."""
    translations = str(runtime_of(app).settings.translations_dir)
    Babel(app, locale_selector=lambda: LOCALES[chosen_language()], default_translation_directories=translations)
    app.jinja_env.filters.update(filters.FILTERS)
    app.jinja_env.tests.update(filters.TESTS)
    app.jinja_env.globals.update(percent=filters.percent, asset=asset, navigation=navigation, LANGUAGES=LANGUAGES)
    app.jinja_env.globals.update(control_attrs=control_attrs)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_page)


def chosen_language() -> str:
    """Return the language that the person chose; Japanese until they choose."""
    choice = g.get("language") or request.cookies.get(COOKIE, "")
    return choice if choice in LANGUAGES else "ja"


def navigation() -> list[dict[str, Any]]:
    """Return the entries that the person may open, with the one that they are in marked."""
    if not current_user.is_authenticated:
        return []
    actor = current_actor()
    here = (request.endpoint or "").partition(".")[0]
    return [
        {"url": url_for(item.endpoint), "label": item.label, "current": item.holds(here)}
        for item in NAVIGATION
        if can(actor, item.permission)
    ]


def asset(name: str) -> str:
    """Return the address of a file of ours; it changes with the file, so that it may be cached for ever."""
    return url_for("static", filename=name, v=_digest(Path(current_app.static_folder or ""), name))


@lru_cache
def _digest(folder: Path, name: str) -> str:
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]


def _unread() -> int:
    """Return how many reminders the person has not read; none is told of where the database is away."""
    actor = current_actor()
    if actor.user_id is None or not can(actor, Permission.INBOX):
        return 0
    try:
        return unread(reading_session(), actor.user_id)
    except DBAPIError:
        return 0


def _page() -> dict[str, Any]:
    signed_in = current_user if current_user and current_user.is_authenticated else None
    return {
        "language": filters.language(),
        "person": signed_in,
        "may": lambda permission, row=None: signed_in is not None and can(current_actor(), permission, row),
        "Permission": Permission,
        "service": gettext("AI案件台帳"),
        "unread": _unread,
    }
