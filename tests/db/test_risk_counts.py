"""The register's count of risk cases beside the round's question: shown, compared, and a difference explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from register.errors import Invalid, NotNow
from register.models import SubmissionItem, UseCase
from register.queries.risk_counts import disagreements, risk_counts
from register.services import items
from register.services.answers import LONGEST_NOTE, Typed
from register.vocab import IncidentState
from tests.support.incidents import Desk
from tests.support.round_files import SECOND
from tests.support.running_round import LIBRARY, Office

DAY = dt.timedelta(days=1)


@pytest.fixture
def office(session: Session) -> Iterator[Office]:
    """People at their desks; nothing that they did is left unnamed."""
    yield Office(session)
    session.commit()


def answered(office: Office, number: str, why: str = "") -> tuple[UseCase, SubmissionItem]:
    """Return a case with one risk case in the period, and its item once the question was answered."""
    case = office.case()
    Desk(office.session).enter(cases=case.case_no, detected_on=SECOND)
    submission = office.submission(office.opened())
    item = office.item(submission, case)
    section = LIBRARY.newest.field("risk_case_count").section
    texts = items.texts(item, LIBRARY.newest, section) | {"risk_case_count": number}
    typed = Typed(texts, reasons={"risk_case_count": why})
    seen = office.seen(item, section)
    own = {"seen": seen, "spec": LIBRARY.newest, "by": office.people["reporter"]}
    items.save_section(office.session, submission, item.id, section, typed, **own)
    return case, item


def test_it_counts_risk_cases_of_the_period_that_stand(office: Office) -> None:
    desk, case, other = Desk(office.session), office.case(), office.case()
    for changes in (
        {}, {"detected_on": SECOND + DAY}, {"detected_on": dt.date(2025, 6, 30)}, {"kind": "near_miss"},
        {"cases": f"{case.case_no} {other.case_no}"},
    ):  # fmt: skip
        desk.enter(**{"cases": case.case_no, "detected_on": SECOND} | changes)
    for state in (IncidentState.DRAFT, IncidentState.DISMISSED, IncidentState.WITHDRAWN):
        desk.at(state, cases=case.case_no, detected_on=SECOND)
    office.opened(number=1, as_of=dt.date(2025, 6, 30))
    current = office.opened(number=2)
    counts = risk_counts(office.session, case.ministry_id, current)
    assert (counts.after, counts.until) == (dt.date(2025, 6, 30), SECOND)
    assert counts.by_case == {case.id: 2, other.id: 1}
    assert risk_counts(office.session, case.ministry_id + 1, current).by_case == {}


def test_the_same_number_needs_no_word(office: Office) -> None:
    _, item = answered(office, "1")
    submission = office.submission_of(item)
    office.rest(item)
    assert office.send(submission).sent_sha256


def test_another_number_is_sent_only_with_a_reason(office: Office) -> None:
    case, item = answered(office, "0")
    submission = office.submission_of(item)
    office.rest(item)
    with pytest.raises(NotNow) as refused:
        office.send(submission)
    assert str(refused.value) == (
        f"案件 {case.case_no} のリスクケース件数（0件）が台帳（1件）と違います。理由を入力してください。"
    )


def test_the_reason_stays_beside_the_answer(office: Office) -> None:
    case, item = answered(office, "0", " 基準日の後に該当せずと判断した ")
    assert item.notes["risk_case_count"] == "基準日の後に該当せずと判断した"
    office.rest(item)
    submission = office.submission_of(item)
    assert office.send(submission).sent_sha256
    counts = risk_counts(office.session, case.ministry_id, item.round)
    assert disagreements([item], counts) == []


def test_a_reason_that_is_too_long_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        answered(Office(session), "0", "長" * (LONGEST_NOTE + 1))
