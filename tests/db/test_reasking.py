"""Which cases have to be judged anew, and why: computed from what is stored, on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from register import audit
from register.errors import Invalid
from register.models import UseCase
from register.queries import assessments as queries
from register.queries import reasking
from register.queries.worklist import tasks
from register.services import ai_systems, use_cases
from register.vocab import Lifecycle, ReaskCause, Stage
from tests.support.assessments import HIGH, SHEETS, Panel
from tests.support.incidents import RISK, TODAY, Desk
from tests.support.round_files import FORMS
from tests.support.running_round import Office

DAY = dt.timedelta(days=1)


@pytest.fixture
def panel(session: Session) -> Panel:
    """The people at work."""
    return Panel(session)


@pytest.fixture
def case(session: Session) -> UseCase:
    """A case of ministry A that runs."""
    return Office(session).case()


def causes(panel: Panel, case: UseCase, day: dt.date = TODAY) -> list[str]:
    """Return why ``case`` has to be judged."""
    panel.session.flush()
    return [cause.value for cause in reasking.causes_of(panel.session, case, panel.library, day)]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"user_scope": "7"}, "user_scope"),
        ({"confidentiality": "4"}, "confidentiality"),
        ({"usage_type": "S1"}, "usage_type"),
        ({"usage_type": None}, "usage_type"),
        ({"model_usage": "別のモデル"}, "model"),
        ({"lifecycle": Lifecycle.VERIFICATION}, "stage"),
        ({"lifecycle": Lifecycle.PLANNED, "planned_stage": None}, "stage"),
    ],
)
def test_a_change_of_the_case_asks_for_a_new_judgment(
    session: Session, case: UseCase, changes: dict[str, Any], cause: str
) -> None:
    panel = Panel(session)
    panel.decided(case)
    assert causes(panel, case) == []
    before = {name: getattr(case, name) for name in changes}
    for name, value in changes.items():
        setattr(case, name, value)
    assert causes(panel, case) == [cause]
    for name, value in before.items():
        setattr(case, name, value)
    assert causes(panel, case) == []


@pytest.mark.parametrize("changes", [{"title": "別の題"}, {"purpose": "別の用途"}, {"lifecycle": Lifecycle.SUSPENDED}])
def test_what_changes_no_risk_asks_for_nothing(session: Session, case: UseCase, changes: dict[str, Any]) -> None:
    panel = Panel(session)
    panel.decided(case)
    for name, value in changes.items():
        setattr(case, name, value)
    assert causes(panel, case) == []


def test_a_retired_case_is_asked_for_no_more(session: Session, case: UseCase) -> None:
    panel = Panel(session)
    panel.decided(case)
    case.usage_type, case.lifecycle = "S2", Lifecycle.RETIRED
    assert causes(panel, case) == []


def test_another_model_of_the_system_asks_for_a_new_judgment(panel: Panel, case: UseCase) -> None:
    by = panel.people["reporter"]
    system = ai_systems.create(panel.session, values={"name": "共通基盤", "model_usage": "モデル甲"}, by=by)
    panel.session.flush()
    values = {name: getattr(case, name) for name in use_cases.EDITABLE} | {"ai_system_id": system.id}
    panel.decided(case)
    use_cases.edit(panel.session, case, form=FORMS["v2"], values=values, version=case.version, by=by)
    assert causes(panel, case) == ["model"]
    panel.decided(case)
    assert causes(panel, case) == []
    told = {"name": "共通基盤", "model_usage": "モデル乙"}
    ai_systems.edit(panel.session, system, values=told, version=system.version, by=by)
    assert causes(panel, case) == ["model"]


def test_a_grave_incident_asks_for_a_new_judgment_and_a_light_one_does_not(panel: Panel, case: UseCase) -> None:
    desk = Desk(panel.session)
    panel.decided(case)
    light = desk.enter(cases=case.case_no, grade="L1")
    desk.enter(cases=case.case_no, grade="L3", kind="near_miss")
    desk.enter(cases=case.case_no, grade="L3", draft=True)
    assert causes(panel, case) == []
    desk.edit(light, cases=case.case_no, grade="L3")
    assert causes(panel, case) == ["incident"]
    panel.decided(case)
    assert causes(panel, case) == []


def test_the_reason_tells_nobody_of_an_incident_that_they_do_not_know_of(panel: Panel, case: UseCase) -> None:
    desk, one = Desk(panel.session), panel.decided(case)
    incident = desk.enter(cases=case.case_no, grade="L3")
    panel.session.flush()

    def told(who: str) -> tuple[ReaskCause, ...]:
        by = panel.people[who]
        return queries.assessment_page(panel.session, one, by, panel.library, TODAY).causes

    assert (told("reporter"), told("secretariat"), told("auditor")) == ((ReaskCause.INCIDENT,), (), ())
    for deed in ("receive", "notify"):
        desk.move(incident, deed)
    panel.session.flush()
    assert told("secretariat") == told("auditor") == (ReaskCause.INCIDENT,)


def test_nor_does_the_reason_why_a_judgment_was_begun(panel: Panel, case: UseCase) -> None:
    desk = Desk(panel.session)
    panel.decided(case)
    incident = desk.enter(cases=case.case_no, grade="L3")
    panel.session.flush()
    again = panel.decided(case)
    assert again.causes == ["incident"]

    def told(who: str) -> tuple[ReaskCause, ...]:
        by = panel.people[who]
        return queries.assessment_page(panel.session, again, by, panel.library, TODAY).begun_for

    assert (told("reporter"), told("secretariat"), told("auditor")) == ((ReaskCause.INCIDENT,), (), ())
    for deed in ("receive", "notify"):
        desk.move(incident, deed)
    panel.session.flush()
    assert told("secretariat") == told("auditor") == (ReaskCause.INCIDENT,)


def test_a_judgment_is_reviewed_once_a_year(panel: Panel, case: UseCase) -> None:
    one = panel.decided(case)
    assert one.review_due is not None
    assert causes(panel, case, one.review_due - DAY) == []
    assert causes(panel, case, one.review_due) == ["review"]


def test_a_first_judgment_is_asked_for_from_the_day_on_that_is_set(session: Session, case: UseCase) -> None:
    since = case.lifecycle_since
    assert causes(Panel(session), case) == []
    assert causes(Panel(session, replace(SHEETS, since=since)), case) == ["first"]
    assert causes(Panel(session, replace(SHEETS, since=since + DAY)), case) == []


def test_the_list_of_what_is_due_is_what_each_case_says(session: Session) -> None:
    panel = Panel(session, replace(SHEETS, since=dt.date(2000, 1, 1)))
    office = Office(session)
    cases = [office.case() for _ in range(4)]
    office.case(who="other")
    panel.decided(cases[0])
    panel.decided(cases[1])
    cases[1].usage_type = "S2"
    panel.start(cases[2])
    session.flush()
    by = panel.people["reporter"]
    asked = (session, by, panel.library, TODAY)
    found = reasking.due_cases(*asked, limit=50, offset=0)
    assert {one.use_case.id: one.causes for one in found} == {
        case.id: reasking.causes_of(session, case, panel.library, TODAY)
        for case in cases
        if reasking.causes_of(session, case, panel.library, TODAY)
    }
    assert [one.causes for one in found] == [(ReaskCause.USAGE_TYPE,), (ReaskCause.FIRST,), (ReaskCause.FIRST,)]
    assert [one.open is not None for one in found] == [False, True, False]
    assert reasking.count_due(*asked) == 3
    assert reasking.count_due(*asked, idle=True) == 2
    assert [one.use_case for one in reasking.due_cases(*asked, limit=1, offset=1)] == [found[1].use_case]


def test_why_a_judgment_was_begun_stays_with_it(panel: Panel, case: UseCase) -> None:
    panel.decided(case)
    case.user_scope, case.planned_stage = "7", Stage.PRODUCTION
    panel.session.flush()
    audit.record(panel.session, audit.Event.USE_CASE_EDITED, case, by=panel.people["reporter"])
    again = panel.start(case, HIGH)
    assert again.causes == ["user_scope"]
    assert again.fact_user_scope == "7"


def test_the_worklist_names_what_waits_for_whom(panel: Panel, case: UseCase) -> None:
    def lines_of(name: str, since: dt.date = SHEETS.since) -> dict[str, int]:
        panel.session.flush()
        sheets = replace(SHEETS, since=since)
        found = tasks(panel.session, panel.people[name], RISK, sheets, TODAY)
        return {
            str(one.text): one.count for one in found if "リスク判定" in str(one.text) or "高リスク" in str(one.text)
        }

    assert lines_of("reporter") == {}
    assert lines_of("reporter", case.lifecycle_since) == {"高リスク判定が必要な案件を判定する": 1}
    assert lines_of("other", case.lifecycle_since) == {}
    one = panel.start(case)
    assert lines_of("reporter", case.lifecycle_since) == {"下書きの高リスク判定を仕上げる": 1}
    panel.move(one, "propose", who="reporter")
    assert lines_of("reporter") == {}
    assert lines_of("approver") == {"高リスクかどうかを判定する": 1}
    assert lines_of("other-approver") == lines_of("secretariat") == lines_of("auditor") == lines_of("admin") == {}
    panel.move(one, "send_back")
    panel.edit(one, HIGH, who="approver", propose=True)
    assert lines_of("approver") == {}


@pytest.mark.parametrize(("start", "blocked"), [("allow", False), ("warn", False), ("block", True)])
def test_a_start_waits_for_the_judgment_where_the_installation_says_so(
    session: Session, start: str, blocked: bool
) -> None:
    case = Office(session).case(Lifecycle.PLANNED)
    library = replace(SHEETS, start=start, since=TODAY)
    move: dict[str, Any] = {"form": FORMS["v2"], "to": Lifecycle.VERIFICATION, "on": TODAY, "reason": ""}
    move |= {"version": case.version, "by": Panel(session).people["reporter"], "sheets": library}
    assert reasking.unjudged(session, case, library, TODAY) is (start != "allow")
    assert not reasking.unjudged(session, case, library, TODAY - DAY)
    if blocked:
        with pytest.raises(Invalid, match="高リスク判定が必要です"):
            use_cases.move(session, case, **move)
        Panel(session).decided(case)
        session.flush()
    use_cases.move(session, case, **move | {"version": case.version})
    assert case.lifecycle is Lifecycle.VERIFICATION
