"""Every page, in both languages: nothing for axe to find, nothing wider than a telephone, nothing refused by the policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask, url_for
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select

from register.db import Database
from register.formats.tokens import sealed
from register.models import (
    AISystem,
    Assessment,
    AuditEntry,
    BuiltTable,
    Disclosure,
    Edition,
    Incident,
    Measure,
    Ministry,
    Notice,
    NoticeRecipient,
    Question,
    Referral,
    Round,
    Submission,
    SubmissionItem,
    UseCase,
    User,
    Webhook,
)
from register.services.reminders import STOP_LINK
from register.vocab import (
    AssessmentState,
    DisclosureState,
    EditionState,
    IncidentState,
    Lifecycle,
    NoticeState,
    QuestionState,
    ReferralState,
    ReplyState,
    RoundState,
)
from tests.support.data import NOW

ADMIN = "admin@demo.example"
SECRETARIAT, APPROVER, REPORTER = "secretariat@demo.example", "approver.k@demo.example", "reporter.k@demo.example"
WINDOW, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
# What a person opens and what a program fetches; pages of a job and a snapshot are looked at in the story.
NOT_PAGES = {
    "static",
    "security.static",
    "health.check",
    "reports.export",
    "built_tables.export",
    "trends.export",
    "use_cases.export",
    "snapshots.download",
    "submissions.receipt_file",
    "rounds.board",
    "uploads.workbook",
    "uploads.reasons",
    "incidents.export",
    "notices.export",
    "measures.download",
    "assessments.export",
    "agendas.file",
    "editions.public_file",
    "editions.closed_file",
    "calendars.feed",
    "inbox.follow",
}
IN_THE_STORY = {
    "jobs.show",
    "snapshots.show",
    "snapshot_checks.show",
    "snapshot_checks.by_id",
    "uploads.show",
    "reviews.ask",
    "reviews.reply",
    "reviews.send_back",
    "acceptances.accept",
    "acceptances.accept_several",
    "acceptances.result",
}


@dataclass(frozen=True)
class Address:
    """A page: who looks at it, and what its URL names."""

    person: str | None
    find: Callable[[Database], dict[str, object]] = lambda _database: {}


def one(model: type, **equal: object) -> Callable[[Database], object]:
    """Return a finder of the first row with these values."""

    def find(database: Database) -> object:
        with database.reading() as session:
            return session.scalars(select(model).filter_by(**equal).order_by(*model.__table__.primary_key)).first()

    return find


def of(
    name: str, found: Callable[[Database], object], key: str = "public_id", **more: object
) -> Callable[[Database], dict[str, object]]:
    """Return what a URL names with a row: its ``key`` under ``name``, and fixed values beside it."""
    return lambda database: {name: getattr(found(database), key), **more}


def in_round(model: type, **equal: object) -> Callable[[Database], object]:
    """Return a finder of the first row of ministry K in the round that is open."""

    def find(database: Database) -> object:
        with database.reading() as session:
            own = select(model).join(Round, Round.id == model.round_id).join(Ministry, Ministry.id == model.ministry_id)
            own = own.where(Round.state == RoundState.OPEN, Ministry.key == "K").filter_by(**equal)
            return session.scalars(own.order_by(model.id)).first()

    return find


def stop_token(database: Database) -> str:
    """Return what a mail to the first person names, to stop its reminders."""
    with database.reading() as session:
        person = session.scalars(select(User).order_by(User.id)).first()
        return sealed("0" * 64, STOP_LINK, {"user": str(person.public_id), "events": ["round_opened"]})


NEWEST, RUNNING = one(Round, number=2), one(Round, state=RoundState.OPEN)
REPORTED = one(SubmissionItem, case_no="K-2025-0001")
OWN, CASE = in_round(Submission), in_round(SubmissionItem)
KNOWN = one(Incident, state=IncidentState.IN_RESPONSE)
JUDGED, ASKED, BEGUN = (
    one(Assessment, state=state) for state in (AssessmentState.DECIDED, AssessmentState.PROPOSED, AssessmentState.DRAFT)
)
SENT, ADVISED, RETURNED = (one(Referral, state=ReferralState(name)) for name in ("sent", "advised", "returned"))
UNCLEARED, ISSUED = one(Notice, state=NoticeState.ASKED), one(Notice, state=NoticeState.ISSUED)
DRAFTED = one(NoticeRecipient, state=ReplyState.DRAFTED)
PLANNED = one(UseCase, case_no="K-2025-0004")
OUT, CORRECTION = one(Edition, state=EditionState.PUBLISHED), one(Edition, state=EditionState.DRAFT)
DISCLOSED = one(UseCase, case_no="K-2025-0010")
TABLE = one(BuiltTable, shared=True)
BUILT = {"rows": "user_scope", "rows_inner": "stage", "columns": "usage_type_group", "columns_inner": "started"}
BUILT |= {"measure": "share_of_row", "population": "staff", "only_usage_type": ["G1", "S1", "blank"]}
PAGES = {
    "security.login": Address(None),
    "home.index": Address(SECRETARIAT),
    "guide.index": Address(REPORTER),
    "use_cases.index": Address(SECRETARIAT, lambda _: {"q": "業務", "usage_type": "G1", "round": "2025-2", "page": 2}),
    "use_cases.show": Address(SECRETARIAT, of("use_case", one(UseCase, lifecycle=Lifecycle.RETIRED))),
    "use_cases.new": Address(APPROVER),
    "use_cases.edit": Address(APPROVER, of("use_case", PLANNED)),
    "use_cases.move": Address(APPROVER, of("use_case", PLANNED, to="retired")),
    "ai_systems.index": Address(SECRETARIAT),
    "ai_systems.show": Address(SECRETARIAT, of("system", one(AISystem))),
    "ai_systems.new": Address(APPROVER),
    "ai_systems.edit": Address(APPROVER, of("system", one(AISystem))),
    "rounds.index": Address(SECRETARIAT),
    "rounds.show": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "rounds.move": Address(SECRETARIAT, of("round", RUNNING, "code", to="close")),
    "rounds.extend": Address(SECRETARIAT, of("round", RUNNING, "code", ministry="K")),
    "rounds.form": Address(REPORTER, of("round", NEWEST, "code")),
    "rounds.form_version": Address(SECRETARIAT, lambda _: {"version": "v1"}),
    "round_plans.new": Address(SECRETARIAT),
    "round_plans.revise": Address(SECRETARIAT, of("round", RUNNING, "code")),
    "reviews.show": Address(SECRETARIAT, of("submission", one(Submission))),
    "reviews.item": Address(SECRETARIAT, of("item", REPORTED)),
    "reviews.correct": Address(SECRETARIAT, of("item", REPORTED)),
    "submissions.show": Address(SECRETARIAT, of("submission", one(Submission))),
    "submissions.item": Address(SECRETARIAT, of("item", one(SubmissionItem))),
    "submissions.confirm": Address(REPORTER, of("submission", OWN)),
    "submissions.nil": Address(REPORTER, of("submission", OWN)),
    "submissions.check": Address(REPORTER, of("submission", OWN)),
    "submissions.approval": Address(APPROVER, of("submission", OWN)),
    "submissions.decline": Address(APPROVER, of("submission", OWN)),
    "submissions.receipt": Address(APPROVER, of("submission", OWN)),
    "uploads.new": Address(REPORTER, of("submission", OWN)),
    "items.new": Address(REPORTER, of("submission", OWN)),
    "items.section": Address(REPORTER, of("item", CASE, section="use")),
    "items.end": Address(REPORTER, of("item", CASE)),
    "items.reopen": Address(REPORTER, of("item", CASE)),
    "items.remove": Address(REPORTER, of("item", CASE)),
    "reports.show": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "figures.cases": Address(
        SECRETARIAT, of("round", NEWEST, "code", table="user_scope_by_usage_type", row="1", column="G1/started")
    ),
    "figures.compared": Address(
        SECRETARIAT,
        of("round", NEWEST, "code", first="populations:staff_with_timing:total", second="populations:staff:total"),
    ),
    "trends.show": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "round_prints.show": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "round_prints.enter": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "editions.index": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "editions.show": Address(REPORTER, of("edition", OUT)),
    "editions.edit": Address(SECRETARIAT, of("edition", CORRECTION)),
    "editions.check": Address(SECRETARIAT, of("edition", CORRECTION)),
    "editions.step": Address(SECRETARIAT, of("edition", CORRECTION, turn="discard")),
    "editions.public": Address(REPORTER, of("edition", OUT)),
    "editions.closed": Address(SECRETARIAT, of("edition", OUT)),
    "deliveries.index": Address(SECRETARIAT),
    "disclosures.index": Address(SECRETARIAT),
    "disclosures.show": Address(APPROVER, of("use_case", DISCLOSED)),
    "disclosures.propose": Address(APPROVER, of("use_case", DISCLOSED, part="title")),
    "disclosures.decide": Address(SECRETARIAT, of("disclosure", one(Disclosure, state=DisclosureState.PROPOSED))),
    "built_tables.index": Address(SECRETARIAT, of("round", NEWEST, "code")),
    "built_tables.new": Address(SECRETARIAT, of("round", NEWEST, "code", **BUILT)),
    "built_tables.draft_cases": Address(
        SECRETARIAT, of("round", NEWEST, "code", **BUILT, row="1/R", column="general/started")
    ),
    "built_tables.show": Address(REPORTER, of("table", TABLE, round="2025-2", version=1)),
    "built_tables.cases": Address(REPORTER, of("table", TABLE, round="2025-2", row="total", column="total")),
    "built_tables.revise": Address(SECRETARIAT, of("table", TABLE, round="2025-2")),
    "snapshots.index": Address(SECRETARIAT),
    "snapshot_asks.register": Address(SECRETARIAT, lambda _: {"lifecycle": "production"}),
    "snapshot_asks.case": Address(APPROVER, of("use_case", PLANNED)),
    "snapshot_asks.incident": Address(SECRETARIAT, of("incident", KNOWN)),
    "snapshot_asks.receipt": Address(APPROVER, of("submission", OWN)),
    "snapshot_asks.of_round": Address(SECRETARIAT, of("round", NEWEST, "code", thing="report")),
    "snapshot_asks.edition": Address(SECRETARIAT, of("edition", OUT, variant="public")),
    "snapshot_asks.agenda": Address(SECRETARIAT, of("day", ADVISED, "meeting_on")),
    "snapshot_checks.upload": Address(REPORTER),
    "incidents.index": Address(SECRETARIAT, lambda _: {"state": "open", "q": "判例"}),
    "incidents.new": Address(REPORTER, lambda _: {"case": "K-2025-0001"}),
    "incidents.show": Address("approver.b@demo.example", of("incident", KNOWN)),
    "incidents.edit": Address("approver.b@demo.example", of("incident", KNOWN)),
    "incidents.step": Address(SECRETARIAT, of("incident", KNOWN, deed="comment")),
    "measures.new": Address("reporter.b@demo.example", of("incident", KNOWN)),
    "measures.edit": Address("reporter.b@demo.example", of("measure", one(Measure))),
    "measures.done": Address("reporter.b@demo.example", of("measure", one(Measure))),
    "measures.settle": Address("reporter.b@demo.example", of("measure", one(Measure), word="verify")),
    "measures.refer": Address(SECRETARIAT, of("incident", KNOWN)),
    "measures.attach": Address(SECRETARIAT, of("incident", KNOWN)),
    "nil_reports.index": Address(REPORTER),
    "assessments.index": Address(SECRETARIAT, lambda _: {"state": "decided"}),
    "assessments.due": Address(REPORTER),
    "assessments.sheet": Address(SECRETARIAT, lambda _: {"version": "v2"}),
    "assessments.new": Address(REPORTER, of("use_case", PLANNED)),
    "assessments.show": Address(SECRETARIAT, of("assessment", JUDGED)),
    "assessments.edit": Address(REPORTER, of("assessment", BEGUN)),
    "assessments.decide": Address(APPROVER, of("assessment", ASKED)),
    "assessments.step": Address(APPROVER, of("assessment", ASKED, deed="send_back")),
    "referrals.index": Address(SECRETARIAT, lambda _: {"state": "open"}),
    "referrals.new": Address(REPORTER, of("use_case", PLANNED)),
    "referrals.show": Address(SECRETARIAT, of("referral", ADVISED)),
    "referrals.edit": Address(REPORTER, of("referral", RETURNED)),
    "referrals.step": Address(APPROVER, of("referral", ADVISED, act="respond")),
    "agendas.index": Address(SECRETARIAT),
    "notices.index": Address(SECRETARIAT),
    "notices.new": Address(SECRETARIAT),
    "notices.from_incident": Address(SECRETARIAT, of("incident", KNOWN)),
    "notices.show": Address(SECRETARIAT, of("notice", UNCLEARED)),
    "notices.edit": Address(SECRETARIAT, of("notice", UNCLEARED)),
    "notices.consent": Address("approver.b@demo.example", of("notice", UNCLEARED)),
    "notices.issue": Address(SECRETARIAT, of("notice", one(Notice, state=NoticeState.DRAFT))),
    "notices.extend": Address(SECRETARIAT, of("notice", ISSUED)),
    "notices.step": Address(SECRETARIAT, of("notice", ISSUED, move="close")),
    "notices.board": Address(SECRETARIAT, of("notice", ISSUED)),
    "notice_answers.show": Address(SECRETARIAT, of("recipient", one(NoticeRecipient, state=ReplyState.CONFIRMED))),
    "notice_answers.edit": Address(REPORTER, of("recipient", DRAFTED)),
    "notice_answers.confirm": Address(APPROVER, of("recipient", DRAFTED)),
    "questions.index": Address(SECRETARIAT, lambda _: {"state": "unsettled", "rule": "C02"}),
    "questions.rules": Address(REPORTER),
    "questions.show": Address(SECRETARIAT, of("question", one(Question, state=QuestionState.ACCEPTED))),
    "questions.step": Address(
        SECRETARIAT, of("question", one(Question, state=QuestionState.EXPLAINED), answer="accept")
    ),
    "chores.index": Address(SECRETARIAT),
    "reminders.index": Address(SECRETARIAT),
    "reminders.on_day": Address(SECRETARIAT, lambda _: {"day": NOW.date()}),
    "reminders.told": Address(SECRETARIAT),
    "round_reminders.edit": Address(SECRETARIAT, of("round", RUNNING, "code")),
    "inbox.index": Address(REPORTER),
    "inbox.choice": Address(REPORTER),
    "calendars.index": Address(REPORTER),
    "webhooks.index": Address(ADMIN),
    "webhooks.key": Address(ADMIN, of("webhook", one(Webhook))),
    "stops.stop": Address(None, lambda database: {"token": stop_token(database)}),
    "audit.index": Address(SECRETARIAT),
    "audit.show": Address(SECRETARIAT, of("entry", one(AuditEntry, event="use_case.edited"), "hash")),
}


def too_wide(page: Page) -> int:
    """Return how many pixels of the page stand out at the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def speak(context: BrowserContext, base_url: str, language: str) -> None:
    """Choose the language as the switch does."""
    context.add_cookies([{"name": "language", "value": language, "url": base_url}])


def test_no_page_is_forgotten(live_app: Flask) -> None:
    reading = {rule.endpoint for rule in live_app.url_map.iter_rules() if "GET" in rule.methods}
    assert reading - NOT_PAGES - IN_THE_STORY == set(PAGES)


@pytest.fixture
def fit(context: BrowserContext, base_url: str, axe: Callable[[Page], list[str]]) -> Callable[..., None]:
    """``fit(path)`` opens a page in both languages and looks at it: for everybody, and at a telephone's width."""

    def look(path: str, status: int = 200) -> None:
        page = context.new_page()
        for language in ("ja", "en"):
            speak(context, base_url, language)
            page.set_viewport_size(WINDOW)
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == status
            assert page.locator("html").get_attribute("lang") == language
            assert (language, axe(page)) == (language, [])
            page.set_viewport_size(PHONE)
            assert (language, too_wide(page)) == (language, 0)

    return look


@pytest.mark.parametrize("endpoint", PAGES)
def test_a_page_is_fit_for_everybody(
    live_app: Flask, sign_in: Callable[[str], None], fit: Callable[..., None], endpoint: str
) -> None:
    address = PAGES[endpoint]
    if address.person:
        sign_in(address.person)
    with live_app.test_request_context():
        path = url_for(endpoint, **address.find(live_app.extensions["register"].database))
    fit(path)


@pytest.mark.parametrize(
    ("person", "path", "status"),
    [
        (APPROVER, "/nowhere", 404),
        (APPROVER, "/agendas", 403),
        (ADMIN, "/", 200),
        (ADMIN, "/use-cases", 403),
        (SECRETARIAT, "/audit?since=x", 422),
        (SECRETARIAT, "/use-cases?q=ありません", 200),
        ("reporter.b@demo.example", "/rounds/2025-2", 200),
        ("reporter.b@demo.example", "/rounds/2025-3", 200),
        ("reporter.b@demo.example", "/", 200),
    ],
)
def test_refusals_and_empty_pages_are_fit_for_everybody(
    sign_in: Callable[[str], None], fit: Callable[..., None], person: str, path: str, status: int
) -> None:
    sign_in(person)
    fit(path, status)


@pytest.mark.parametrize(
    ("person", "model"), [(REPORTER, Submission), (REPORTER, SubmissionItem), (APPROVER, Submission)]
)
def test_the_working_pages_of_a_round_are_fit_for_everybody(
    live_app: Flask, sign_in: Callable[[str], None], fit: Callable[..., None], person: str, model: type
) -> None:
    sign_in(person)
    row = in_round(model)(live_app.extensions["register"].database)
    fit(f"{'/submissions/items' if model is SubmissionItem else '/submissions'}/{row.public_id}")
