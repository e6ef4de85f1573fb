"""Lists of referrals on both databases: what waits for whom, the agenda of a day, the filtered list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from register import audit
from register.queries import agendas, referral_tasks
from register.queries import assessments as judgments
from register.queries import referrals as queries
from register.vocab import Lifecycle, ReferralState
from tests.support.assessments import HIGH, SHEETS, Panel
from tests.support.data import STAFF
from tests.support.referrals import MEETING, TODAY, Table
from tests.support.running_round import Office

DAY = dt.timedelta(days=1)


@pytest.fixture
def table(session: Session) -> Iterator[Table]:
    """The people at their tables; what they did must be told in the log in the end."""
    yield Table(session)
    session.commit()
    assert audit.verify(session).finding is None


def test_everybody_finds_what_waits_for_them(session: Session) -> None:
    table = Table(session)
    waiting = {
        ReferralState.DRAFT: {"approver"},
        ReferralState.SENT: {"secretariat"},
        ReferralState.RETURNED: {"reporter", "approver"},
        ReferralState.SCHEDULED: {"secretariat"},
        ReferralState.ADVISED: {"approver"},
        ReferralState.RESPONDED: {"secretariat"},
        ReferralState.CLOSED: set(),
        ReferralState.WITHDRAWN: set(),
    }
    for state, people in waiting.items():
        table.at(state)
        session.flush()
        found = {name: referral_tasks.tasks(session, table.people[name], TODAY) for name in STAFF}
        assert {name for name, tasks in found.items() if tasks} == people, state
        for tasks in filter(None, found.values()):
            assert [(task.count, task.args["state"]) for task in tasks] == [(1, state.value)]
            assert tasks[0].due == (MEETING if state is ReferralState.SCHEDULED else None)
        session.rollback()
        table.on(TODAY)


def test_a_flag_is_asked_about_until_a_referral_answers_it(table: Table) -> None:
    session, panel = table.session, Panel(table.session)
    case = Office(session).case()
    text, state = (
        "高リスクの可能性がある案件をアドバイザリーボードに報告・相談する",
        judgments.ListState({"unreferred": ("1",)}),
    )

    def asked(name: str = "reporter") -> bool:
        session.flush()
        tasks = referral_tasks.tasks(session, table.people[name], TODAY)
        return any(str(task.text) == text for task in tasks)

    def listed(name: str) -> int:
        return judgments.list_page(session, table.people[name], state).total

    early = table.at(ReferralState.CLOSED, case)
    table.on(MEETING + DAY)
    assert not asked()
    held = panel.decided(case, HIGH, on=MEETING + DAY)
    assert asked()
    assert (asked("approver"), asked("other"), asked("secretariat")) == (True, False, False)
    assert [listed(name) for name in ("approver", "other", "secretariat", "auditor")] == [1, 0, 1, 1]
    page = judgments.assessment_page(session, held, table.people["reporter"], SHEETS, MEETING + DAY)
    assert (page.refers, list(page.referrals)) == (True, [])
    begun = table.draft(case)
    assert not asked()
    assert [listed(name) for name in ("approver", "secretariat")] == [0, 1], "a draft is the ministry's own"
    table.move(begun, "send", who="approver")
    assert listed("secretariat") == 0
    again = panel.decided(case, HIGH, on=MEETING + DAY)
    assert not asked(), "the flag is the same, and it was referred"
    page = judgments.assessment_page(session, held, table.people["auditor"], SHEETS, MEETING + DAY)
    assert (page.refers, list(page.referrals)) == (False, [begun])
    (sent,) = queries.packages_of(session, begun)
    assert sent.assessment == held
    assert queries.content(begun, sent)["judgment"] == held.assessment_no
    assert sent.sha256 == queries.digest(begun, sent)
    (before,) = queries.packages_of(session, early)
    assert before.assessment is None
    assert "judgment" not in queries.content(early, before)
    table.move(begun, "withdraw", who="approver")
    assert asked()
    shown = queries.referral_page(session, table.draft(case), table.people["reporter"], MEETING + DAY)
    assert shown.judgment == again, "what is not sent yet rests on what holds now"


def test_each_flag_is_asked_about_by_its_own_decision(table: Table) -> None:
    session, panel, office = table.session, Panel(table.session), Office(table.session)
    first, second = office.case(), office.case()
    panel.decided(first, HIGH)
    session.flush()
    table.at(ReferralState.CLOSED, first)
    table.at(ReferralState.CLOSED, second)
    table.on(MEETING + DAY)
    panel.decided(second, HIGH, on=MEETING + DAY)
    session.flush()
    tasks = referral_tasks.tasks(session, table.people["approver"], TODAY)
    assert [task.count for task in tasks if "unreferred" in task.args] == [1]
    state = judgments.ListState({"unreferred": ("1",)})
    assert judgments.list_page(session, table.people["approver"], state).total == 1


def test_a_case_that_has_ended_is_not_to_be_referred(table: Table) -> None:
    session, office = table.session, Office(table.session)
    case = office.case()
    Panel(session).decided(case, HIGH)
    session.flush()
    assert (
        judgments.list_page(session, table.people["approver"], judgments.ListState({"unreferred": ("1",)})).total == 1
    )
    office.move(case, Lifecycle.RETIRED)
    session.flush()
    assert (
        judgments.list_page(session, table.people["approver"], judgments.ListState({"unreferred": ("1",)})).total == 0
    )
    assert referral_tasks.tasks(session, table.people["approver"], TODAY) == []


def test_a_meeting_that_has_passed_is_late(session: Session) -> None:
    table = Table(session)
    table.at(ReferralState.SCHEDULED)
    session.flush()
    for day, late in ((MEETING, False), (MEETING + DAY, True)):
        (task,) = referral_tasks.tasks(session, table.people["secretariat"], day)
        assert (task.due, task.late) == (MEETING, late)


def test_the_agenda_of_a_day_holds_what_is_planned_for_it_by_ministry(table: Table) -> None:
    foreign = table.draft(who="other")
    own = table.at(ReferralState.SCHEDULED)
    table.move(foreign, "send", who="other-approver")
    table.move(foreign, "schedule", who="secretariat")
    other_day, gone, draft = table.at(ReferralState.SENT), table.at(ReferralState.SCHEDULED), table.draft()
    table.move(other_day, "schedule", who="secretariat", on=MEETING + DAY)
    table.move(gone, "withdraw", who="approver")
    table.session.flush()
    secretariat = table.people["secretariat"]
    found = agendas.agenda(table.session, secretariat, MEETING, TODAY)
    assert found is not None
    assert [item.page.referral.id for item in found.items] == [own.id, foreign.id]
    assert draft.id not in {item.page.referral.id for item in found.items}
    assert [(one.on, one.count) for one in agendas.meetings(table.session, secretariat)] == [
        (MEETING + DAY, 1),
        (MEETING, 2),
    ]
    assert agendas.agenda(table.session, secretariat, TODAY, TODAY) is None
    theirs = agendas.agenda(table.session, table.people["other"], MEETING, TODAY)
    assert theirs is not None
    assert [item.page.referral.id for item in theirs.items] == [foreign.id]


def test_the_list_is_narrowed_by_state_and_ministry(table: Table) -> None:
    first, second = table.at(ReferralState.SENT), table.at(ReferralState.WITHDRAWN)
    table.draft(who="other")
    table.session.flush()

    def numbers(who: str, **chosen: tuple[str, ...]) -> set[str]:
        page = queries.list_page(table.session, table.people[who], queries.ListState(chosen))
        assert page.total == len(page.rows)
        return {row.referral_no for row in page.rows}

    assert numbers("secretariat") == numbers("approver") == {first.referral_no, second.referral_no}
    assert numbers("approver", state=("open",)) == {first.referral_no}
    assert numbers("approver", state=("withdrawn", "nonsense")) == {second.referral_no}
    assert numbers("secretariat", ministry=("b",)) == set()
    assert numbers("other") == {"b-AB2025-001"}
