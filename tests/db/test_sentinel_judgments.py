"""What the consistency check asks about high-risk judgments, on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.models import AuditEntry, Question
from register.queries.audit import entry_page
from register.vocab import IncidentState, QuestionState, RiskResult
from tests.support.assessments import LOW, Panel
from tests.support.incidents import TODAY, Desk
from tests.support.questions import check, one
from tests.support.running_round import Office


def rules(session: Session) -> set[str]:
    """Check the register; return the rules about judgments whose questions are open."""
    check(session)
    open_ones = select(Question.rule).where(Question.state == QuestionState.OPEN, Question.rule.startswith("A"))
    return set(session.scalars(open_ones))


def test_what_handles_sensitive_information_in_earnest_is_judged(session: Session) -> None:
    case = Office(session).case(confidentiality="2")
    assert rules(session) == {"A01"}
    panel = Panel(session)
    draft = panel.start(case, LOW | {"C": "C2"})
    assert rules(session) == {"A01"}
    panel.move(draft, "propose", who="reporter")
    panel.decide(draft)
    assert rules(session) == set()
    assert one(session, "A01").state is QuestionState.FIXED


@pytest.mark.parametrize(
    ("case", "answers", "found"),
    [
        ({"user_scope": "7"}, LOW, {"A03"}),
        ({"user_scope": "7"}, LOW | {"A": "A3"}, {"A03"}),
        ({"user_scope": "6"}, LOW | {"A": "A3"}, set()),
        ({"user_scope": "1"}, LOW, set()),
        ({"usage_type": "S2", "confidentiality": "4"}, LOW | {"C": "C2"}, {"A04"}),
        ({"usage_type": "S2", "confidentiality": "4"}, LOW | {"C": "C3"}, set()),
    ],
)
def test_a_viewpoint_is_held_against_what_the_case_says(
    session: Session, case: dict[str, str], answers: dict[str, str], found: set[str]
) -> None:
    panel = Panel(session)
    panel.decided(Office(session).case(**case), answers)
    assert rules(session) == found


def test_a_review_that_is_overdue_is_asked_about_until_it_is_begun(session: Session) -> None:
    panel, case = Panel(session), Office(session).case()
    held = panel.decided(case)
    assert held.review_due is not None
    Desk(session).on(held.review_due)
    assert rules(session) == set()
    Desk(session).on(held.review_due + dt.timedelta(days=1))
    assert rules(session) == {"A05"}
    panel.start(case)
    assert rules(session) == set()


def test_a_grave_incident_after_a_low_judgment_is_asked_about(session: Session) -> None:
    panel, desk, case = Panel(session), Desk(session), Office(session).case()
    panel.decided(case)
    desk.on(TODAY + dt.timedelta(days=1))
    desk.enter(cases=case.case_no, grade="L3", detected_on=TODAY + dt.timedelta(days=1))
    assert rules(session) == {"A06"}
    day = TODAY + dt.timedelta(days=2)
    desk.on(day)
    panel.decided(case, result=RiskResult.POSSIBLE_HIGH, reason="重大な事案があったため", on=day)
    assert rules(session) == set()


def test_the_log_of_a_check_keeps_what_only_the_ministry_knows(session: Session) -> None:
    desk, office = Desk(session), Office(session)
    untold, told = office.case(), office.case(usage_type="S2", confidentiality="2")
    desk.at(IncidentState.RECEIVED, cases=untold.case_no, grade="L3")
    check(session)
    session.commit()  # the log is written at the end of a deed
    inside, outside = one(session, "I01"), one(session, "C05")
    assert (inside.internal, outside.internal, outside.use_case_id) == (True, False, told.id)
    checked = select(AuditEntry).where(AuditEntry.event == audit.Event.QUESTION_CHECKED)
    entry = session.scalars(checked.where(AuditEntry.ministry_id == untold.ministry_id)).one()
    for name, hidden in (("approver", False), ("secretariat", True), ("auditor", True)):
        page = entry_page(session, entry, desk.people[name])
        withheld = {
            change.pk: any(field.withheld for field in change.fields)
            for change in page.changes
            if change.table == "question"
        }
        assert withheld[str(inside.id)] is hidden, name
        assert not withheld[str(outside.id)], name
