"""Months without risk cases, on both databases: said once, never against what is known, never the same as silence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.errors import NotNow
from register.models import NilReport
from register.queries import nil_reports as queries
from register.queries import worklist
from register.services import nil_reports
from register.vocab import IncidentState
from tests.support.assessments import SHEETS
from tests.support.incidents import RISK, TODAY, Desk

OCTOBER, NOVEMBER = dt.date(2025, 10, 1), dt.date(2025, 11, 1)


def cells(desk: Desk, who: str) -> dict[str, list[tuple[int, bool, bool]]]:
    """Return what the page shows to somebody: a line for each ministry."""
    desk.session.flush()
    page = queries.nil_page(desk.session, desk.people[who], RISK, TODAY)
    return {row[0].key: [(cell.count, cell.nil is not None, cell.late) for cell in row[1]] for row in page.rows}


def test_it_is_said_once(session: Session) -> None:
    desk = Desk(session)
    one = nil_reports.declare(session, OCTOBER, by=desk.people["reporter"])
    again = nil_reports.declare(session, OCTOBER.replace(day=20), by=desk.people["approver"])
    assert one is again
    nil_reports.declare(session, OCTOBER, by=desk.people["other"])
    session.commit()
    assert session.scalar(select(func.count()).select_from(NilReport)) == 2


def test_a_month_that_runs_is_not_over(session: Session) -> None:
    with pytest.raises(NotNow, match="月が終わってから"):
        nil_reports.declare(session, NOVEMBER, by=Desk(session).people["reporter"])


@pytest.mark.parametrize(
    ("state", "changes", "refused"),
    [
        (IncidentState.REPORTED, {}, True),
        (IncidentState.CLOSED, {}, True),
        (IncidentState.DRAFT, {}, False),
        (IncidentState.DISMISSED, {}, False),
        (IncidentState.WITHDRAWN, {}, False),
        (IncidentState.REPORTED, {"kind": "near_miss"}, False),
        (IncidentState.REPORTED, {"detected_on": dt.date(2025, 11, 1)}, False),
        (IncidentState.REPORTED, {"detected_on": dt.date(2025, 9, 30)}, False),
    ],
)
def test_it_is_not_said_against_a_risk_case_of_that_month(
    session: Session, state: IncidentState, changes: dict[str, Any], refused: bool
) -> None:
    desk = Desk(session)
    desk.at(state, **({"detected_on": dt.date(2025, 10, 31)} | changes))
    if refused:
        with pytest.raises(NotNow, match="該当なしとは報告できません"):
            nil_reports.declare(session, OCTOBER, by=desk.people["reporter"])
        return
    assert nil_reports.declare(session, OCTOBER, by=desk.people["reporter"]).month == OCTOBER


def test_a_risk_case_found_later_leaves_the_word_standing(session: Session) -> None:
    desk = Desk(session)
    nil_reports.declare(session, OCTOBER, by=desk.people["reporter"])
    desk.enter(detected_on=dt.date(2025, 10, 5))
    assert cells(desk, "reporter")["a"][0] == (1, True, False)


def test_everybody_sees_the_months_of_those_whose_incidents_they_see(session: Session) -> None:
    desk = Desk(session)
    desk.enter(detected_on=dt.date(2025, 10, 5))
    nil_reports.declare(session, OCTOBER, by=desk.people["other"])
    assert set(cells(desk, "reporter")) == {"a"}
    assert cells(desk, "reporter")["a"][0] == (1, False, False)
    seen = cells(desk, "secretariat")
    # The secretariat was not told of the first: to it the ministry has said nothing, and it says so, not how much.
    assert (seen["a"][0], seen["b"][0]) == ((0, False, False), (0, True, False))
    assert seen["a"][1] == (0, False, True)


def test_the_worklist_asks_for_every_silent_month(session: Session) -> None:
    desk = Desk(session)
    silent = queries.unsaid(session, desk.people["reporter"], RISK, TODAY)
    assert [month for month, _ in silent] == [dt.date(2025, month, 1) for month in range(5, 11)]
    lines = {str(one.text): one for one in worklist.tasks(session, desk.people["reporter"], RISK, SHEETS, TODAY)}
    task = lines["リスクケースの有無を月ごとに報告する"]
    assert (task.count, task.late) == (6, True)
    for month in range(5, 11):
        nil_reports.declare(session, dt.date(2025, month, 1), by=desk.people["reporter"])
    session.flush()
    assert worklist.tasks(session, desk.people["reporter"], RISK, SHEETS, TODAY) == []
    assert worklist.tasks(session, desk.people["admin"], RISK, SHEETS, TODAY) == []
