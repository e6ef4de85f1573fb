"""The pages of a round in progress in English: what a ministry answers, and what the secretariat does with it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from register import audit
from register.authz import Actor
from register.db import Database
from register.models import Remark, Round, Submission, SubmissionItem, Upload
from register.queries.receipts import digest
from register.services import items, remarks
from register.services.answers import Typed
from register.vocab import RoundState, SubmissionState
from register.web.guard import access_of
from tests.support.data import NOW
from tests.support.english_pages import ADMIN, EVERYONE, FILES, READ
from tests.support.round_files import FORMS
from tests.web.test_language import ClientOf, browser_of, content, endpoint, english, person, read_on

__all__ = ["browser_of", "content", "english"]
CASES = ("K-2025-0002", "K-2025-0005")
# Who reads which pages; some are offered only at another time, so all are named by their address.
RUNNING = {
    "reporter.k": {
        "submissions.confirm",
        "submissions.check",
        "submissions.nil",
        "submissions.receipt",
        "snapshot_asks.receipt",
        "items.new",
        "items.section",
        "items.end",
        "items.reopen",
        "items.remove",
        "uploads.new",
        "uploads.show",
    },
    "approver.k": {"submissions.approval", "submissions.decline"},
    "secretariat": {
        "rounds.form",
        "rounds.form_version",
        "rounds.move",
        "rounds.extend",
        "round_plans.new",
        "round_plans.revise",
    },
}
REVIEW = {
    "secretariat": {
        "reviews.show",
        "reviews.item",
        "reviews.ask",
        "reviews.send_back",
        "reviews.correct",
        "acceptances.accept",
        "acceptances.accept_several",
        "acceptances.result",
    },
    "reporter.k": {"reviews.reply"},
}


@pytest.fixture
def answered(database: Database) -> list[str]:
    """The return of ministry K, and of its cases one answered, one ended, one new: where they stand."""
    with database.writing() as session:
        reporter = person(session, "reporter.k")
        by = Actor.of(reporter)
        open_ = select(Submission).join(Round, Round.id == Submission.round_id).where(Round.state == RoundState.OPEN)
        own = session.scalars(open_.where(Submission.ministry_id == reporter.ministry_id)).one()
        cases = session.scalars(select(SubmissionItem).where(SubmissionItem.submission_id == own.id)).all()
        spec = FORMS["v2"]
        ids = {case.case_no: case.id for case in cases}
        told = [
            items.confirm_rest(session, own, ids[CASES[0]], spec=spec, by=by),
            items.end(session, own, ids[CASES[1]], on=own.round.as_of, reason="契約が終わったため。", by=by),
            items.add(session, own, Typed({"title": "新しい案件"}), spec=spec, by=by),
        ]
        upload = Upload(submission_id=own.id, ministry_id=own.ministry_id, user_id=reporter.id, file_name="様式.xlsx")
        upload.path, upload.size, upload.sha256 = "none.xlsx", 1, "0" * 64
        upload.at = upload.applied_at = NOW
        session.add(upload)
        session.flush()
        return [
            f"/submissions/{own.public_id}",
            *(f"/submissions/items/{case.public_id}" for case in told),
            f"/uploads/{upload.public_id}",
        ]


@pytest.fixture
def handed_in(answered: list[str], database: Database) -> list[str]:
    """The same, as the secretariat has it, with a question on a case."""
    with database.writing() as session:
        own = session.scalars(select(Submission).where(Submission.state == SubmissionState.IN_PROGRESS)).one()
        own.state, own.submitted_at, own.sent_by, own.approved_by = SubmissionState.SUBMITTED, NOW, "担当", "承認"
        own.approved_sha256 = digest(session, own)
        audit.record(session, audit.Event.SUBMISSION_APPROVED, own, by=Actor.system("tests"))
        case = session.scalars(select(SubmissionItem).where(SubmissionItem.submission_id == own.id)).first()
        assert case is not None
        secretariat = Actor.of(person(session, "secretariat"))
        remarks.ask(session, own, case.id, "purpose", "用途を教えてください。", by=secretariat)
        return answered


@pytest.mark.parametrize("name", RUNNING)
def test_the_pages_of_a_running_round_are_english_too(
    name: str, english: ClientOf, app: Flask, answered: list[str]
) -> None:
    named = [
        f"{answered[0]}/{page}" for page in ("check", "nil", "receipt", "approval", "decline", "upload", "snapshot")
    ]
    code = "/rounds/2025-3"
    named += [
        f"{code}/plan",
        f"{code}/form",
        f"{code}/move?to=close",
        f"{code}/extensions/K",
        "/rounds/new",
        "/forms/v2",
    ]
    may = [address for address in named if endpoint(app, address) in RUNNING[name]]
    start = answered if name != "secretariat" else []
    assert RUNNING[name] <= read_on(english(name), app, [*start, *may])


@pytest.mark.parametrize("name", REVIEW)
def test_the_pages_of_a_review_are_english_too(
    name: str, english: ClientOf, app: Flask, handed_in: list[str], database: Database
) -> None:
    with database.reading() as session:
        remark = session.scalars(select(Remark)).one()
        frozen = session.scalars(select(SubmissionItem).join(Round).where(Round.number == 2)).first()
    own, case = handed_in[:2]
    named = [f"{own}/review", f"{own}/return", f"{own}/accept", f"{case}/review", f"{case}/ask"]
    named += [f"/submissions/items/{frozen.public_id}/correct", f"/remarks/{remark.public_id}/reply"]
    named += ["/rounds/2025-3/accept", "/rounds/2025-3/accepted"]
    may = [address for address in named if endpoint(app, address) in REVIEW[name]]
    assert REVIEW[name] <= read_on(english(name), app, may)


def test_no_page_is_left_unread(app: Flask) -> None:
    asked = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    guarded = {name for name in asked if (access := access_of(app, name)) is not None and access.permission is not None}
    assert guarded - FILES == EVERYONE.union(ADMIN, *READ.values(), *RUNNING.values(), *REVIEW.values())
