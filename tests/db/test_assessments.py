"""High-risk judgments on both databases: who takes which step when, four eyes, one that holds, asked anew by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from register import audit, authz
from register.errors import Forbidden, Invalid, NotNow, RegisterError, Stale
from register.formspec.sheets import sheet_of
from register.models import Assessment, AssessmentEvent, FormVersion, HighRiskFlag, UseCase
from register.queries import assessments as queries
from register.services import assessments
from register.states import ASSESSMENT, assessment_steps
from register.vocab import AssessmentDeed, AssessmentState, Lifecycle, RiskResult
from tests.support.assessments import HIGH, LOW, SHEETS, Panel, filled
from tests.support.data import STAFF
from tests.support.incidents import TODAY, Desk
from tests.support.running_round import Office

DAY = dt.timedelta(days=1)
STEPS = [step.deed for step in ASSESSMENT if step.deed not in (AssessmentDeed.EDIT, AssessmentDeed.SUPERSEDE)]


@pytest.fixture
def panel(session: Session) -> Iterator[Panel]:
    """The people at work; what they did must be told in the log in the end."""
    yield Panel(session)
    session.commit()
    assert audit.verify(session).finding is None


@pytest.fixture
def case(session: Session) -> UseCase:
    """A case of ministry A that runs."""
    return Office(session).case()


def lines(session: Session, one: Assessment) -> list[tuple[str, str]]:
    """Return the record of a judgment: each deed and where it led."""
    rows = select(AssessmentEvent).where(AssessmentEvent.assessment_id == one.id).order_by(AssessmentEvent.id)
    return [(row.deed.value, row.to_state.value) for row in session.scalars(rows)]


def take(panel: Panel, one: Assessment, deed: AssessmentDeed, who: str) -> None:
    """Take any step."""
    if deed is AssessmentDeed.DECIDE:
        panel.decide(one, who=who)
    else:
        panel.move(one, deed.value, who=who)
    panel.session.flush()


def test_a_judgment_goes_from_the_sheet_to_the_decision(panel: Panel, case: UseCase) -> None:
    one = panel.start(case)
    assert (one.assessment_no, one.state, one.suggested) == (f"{case.case_no}-HR1", "draft", "not_high")
    assert one.form_version.version == "v1"
    panel.move(one, "propose", who="reporter")
    panel.decide(one)
    assert (one.decision, one.decided_by, one.decided_on) == (RiskResult.NOT_HIGH, "approver", TODAY)
    assert one.review_due == dt.date(2026, 11, 10)
    assert lines(panel.session, one) == [("edit", "draft"), ("propose", "proposed"), ("decide", "decided")]


@pytest.mark.parametrize("state", AssessmentState)
def test_who_takes_which_step_when(session: Session, case: UseCase, state: AssessmentState) -> None:
    panel = Panel(session)
    number = panel.at(state, case).id
    session.commit()
    for name, deed in product(STAFF, STEPS):
        one, by = session.get_one(Assessment, number, populate_existing=True), panel.people[name]
        step = next((step for step in assessment_steps(state) if step.deed is deed), None)
        if not authz.can(by, authz.ASSESSMENT_DEEDS[deed], one):
            with pytest.raises(Forbidden):
                take(panel, one, deed, name)
        elif step is None:
            with pytest.raises(NotNow):
                take(panel, one, deed, name)
        else:
            assert step in queries.steps_for(session, one, by)
            take(panel, one, deed, name)
            assert one.state is step.target, (name, deed)
            assert lines(session, one)[-1] == (deed.value, one.state.value)
        session.rollback()


@pytest.mark.parametrize("state", [state for state in AssessmentState if state is not AssessmentState.DRAFT])
def test_only_a_draft_is_edited(session: Session, case: UseCase, state: AssessmentState) -> None:
    panel = Panel(session)
    one = panel.at(state, case)
    with pytest.raises(NotNow):
        panel.edit(one, HIGH)


def test_whoever_filled_in_may_not_decide_and_nobody_else_is_kept_from_it(panel: Panel, case: UseCase) -> None:
    own = panel.start(case, who="approver", propose=True)
    with pytest.raises(Forbidden, match="シートに入力した人"):
        panel.decide(own)
    panel.move(own, "send_back", word="直してください")
    panel.edit(own, LOW | {"B": "B2"}, who="reporter", propose=True)
    with pytest.raises(Forbidden):
        panel.decide(own)
    panel.move(own, "withdraw", who="reporter")
    other = panel.start(case, who="reporter", propose=True)
    assert panel.decide(other).state is AssessmentState.DECIDED


def test_a_step_back_of_the_approver_is_no_filling_in(panel: Panel, case: UseCase) -> None:
    one = panel.start(case, propose=True)
    panel.move(one, "send_back")
    panel.move(one, "propose", who="reporter")
    assert panel.decide(one).state is AssessmentState.DECIDED


def test_another_decision_than_the_suggested_one_needs_a_reason(panel: Panel, case: UseCase) -> None:
    one = panel.start(case, propose=True)
    with pytest.raises(Invalid) as refused:
        panel.decide(one, RiskResult.POSSIBLE_HIGH, reason="　")
    assert list(refused.value.fields) == ["reason"]
    panel.decide(one, RiskResult.POSSIBLE_HIGH, reason="報道の関心が高いため")
    assert (one.suggested, one.decision) == (RiskResult.NOT_HIGH, RiskResult.POSSIBLE_HIGH)


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        (assessments.Decision(None, TODAY), "result"),
        (assessments.Decision(RiskResult.UNDETERMINED, TODAY), "result"),
        (assessments.Decision(RiskResult.NOT_HIGH, None), "on"),
        (assessments.Decision(RiskResult.NOT_HIGH, TODAY + DAY), "on"),
        (assessments.Decision(RiskResult.NOT_HIGH, TODAY, "理" * 4001), "reason"),
        (assessments.Decision(RiskResult.NOT_HIGH, TODAY, "", "文" * 201), "document_no"),
    ],
)
def test_a_decision_that_cannot_stand_is_said_beside_its_field(
    session: Session, case: UseCase, decision: assessments.Decision, field: str
) -> None:
    panel = Panel(session)
    one = panel.start(case, propose=True)
    own: dict[str, Any] = {"library": SHEETS, "version": one.version, "by": panel.people["approver"]}
    with pytest.raises(Invalid) as refused:
        assessments.decide(session, one, decision, **own)
    assert list(refused.value.fields) == [field]
    assert one.state is AssessmentState.PROPOSED


def test_a_decision_is_not_older_than_the_one_it_replaces(panel: Panel, case: UseCase) -> None:
    panel.decided(case)
    one = panel.start(case, propose=True)
    with pytest.raises(Invalid, match="前の判定の日"):
        panel.decide(one, on=TODAY - DAY)


@pytest.mark.parametrize("missing", ["A", "D"])
def test_a_decision_is_asked_for_on_a_whole_sheet_only(session: Session, case: UseCase, missing: str) -> None:
    panel = Panel(session)
    part = {key: code for key, code in LOW.items() if key != missing}
    one = panel.start(case, part)
    assert one.suggested is RiskResult.UNDETERMINED
    for ask in (
        lambda: panel.move(one, "propose", who="reporter"),
        lambda: panel.edit(one, part, propose=True),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert set(refused.value.fields) == {f"answer_{missing}", f"reason_{missing}"}
    assert one.state is AssessmentState.DRAFT


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (assessments.Filled({"A": "A9"}), "answer_A"),
        (assessments.Filled({}, {"B": "理" * 4001}), "reason_B"),
        (assessments.Filled({}, {}, {"C": "根" * 4001}), "evidence_C"),
    ],
)
def test_what_cannot_stand_on_the_sheet_is_said_beside_its_field(
    session: Session, case: UseCase, told: assessments.Filled, field: str
) -> None:
    by = Panel(session).people["reporter"]
    with pytest.raises(Invalid) as refused:
        assessments.start(session, case, told, library=SHEETS, by=by)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("state", ["draft", "proposed"])
def test_a_case_has_one_judgment_under_way(session: Session, case: UseCase, state: str) -> None:
    panel = Panel(session)
    panel.at(AssessmentState(state), case)
    with pytest.raises(NotNow, match="すでに始まっています"):
        panel.start(case)


def test_the_database_itself_lets_one_judgment_hold(session: Session, case: UseCase) -> None:
    panel = Panel(session)
    first = panel.decided(case)
    panel.decided(case)
    session.flush()
    assert (first.state, first.number) == (AssessmentState.SUPERSEDED, 1)
    session.commit()
    with pytest.raises(IntegrityError):
        session.execute(update(Assessment).values(state=AssessmentState.DECIDED))


def test_a_retired_case_is_not_judged(session: Session, case: UseCase) -> None:
    case.lifecycle = Lifecycle.RETIRED
    with pytest.raises(NotNow):
        Panel(session).start(case)


def test_two_who_fill_in_at_once_see_both(panel: Panel, case: UseCase) -> None:
    one = panel.start(case)
    panel.session.flush()
    with pytest.raises(Stale) as stale:
        panel.edit(one, HIGH, version=one.version - 1)
    assert stale.value.theirs["answer_A"] == "A1"
    assert stale.value.theirs["reason_B"] == "仕様書のとおり"
    assert set(stale.value.theirs) == {f"{part}_{one}" for part in ("answer", "reason", "evidence") for one in "ABCD"}
    with pytest.raises(Stale):
        panel.move(one, "withdraw", who="reporter") if one.version == 0 else assessments.move(
            panel.session,
            one,
            AssessmentDeed.WITHDRAW,
            word="誤り",
            library=SHEETS,
            version=0,
            by=panel.people["reporter"],
        )


def test_an_old_judgment_is_read_under_its_own_sheet(panel: Panel, case: UseCase) -> None:
    old = panel.decided(case)
    Desk(panel.session).on(dt.date(2026, 7, 1))
    new = panel.decided(case, on=dt.date(2026, 7, 1))
    assert [one.form_version.version for one in (old, new)] == ["v1", "v2"]
    assert sheet_of(old.form_version.canonical) == SHEETS.versions["v1"]
    page = queries.assessment_page(panel.session, old, panel.people["auditor"], SHEETS, dt.date(2026, 7, 1))
    assert page.sheet.version == "v1"
    kept = panel.session.scalars(select(FormVersion.version).where(FormVersion.form == "high_risk"))
    assert sorted(kept) == ["v1", "v2"]


def test_the_flag_has_a_history(panel: Panel, case: UseCase) -> None:
    days = [TODAY + n * DAY for n in range(5)]
    for day, answers in zip(days, (HIGH, HIGH, LOW, LOW, HIGH), strict=True):
        Desk(panel.session).on(day)
        panel.decided(case, answers, on=day)
    flags = panel.session.scalars(select(HighRiskFlag).order_by(HighRiskFlag.id)).all()
    assert [(flag.since, flag.until) for flag in flags] == [(days[0], days[2]), (days[4], None)]
    judged = queries.of_case(panel.session, case, panel.people["auditor"], SHEETS, days[4])
    assert judged is not None
    assert judged.flagged == flags[1]
    assert [one.number for one in judged.assessments] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("name", list(STAFF))
def test_who_reads_which_judgments(session: Session, case: UseCase, name: str) -> None:
    panel = Panel(session)
    panel.decided(case)
    panel.start(case)
    session.flush()
    page = queries.list_page(session, panel.people[name], queries.ListState())
    seen = {"reporter": 2, "approver": 2, "secretariat": 1, "auditor": 1}.get(name, 0)
    assert (
        page.total == len(page.rows) == len(list(queries.export_rows(session, panel.people[name], page.state))) == seen
    )


def test_what_is_refused_leaves_nothing(session: Session, case: UseCase) -> None:
    panel = Panel(session)
    one = panel.start(case)
    session.commit()
    for deed in ("send_back", "decide"):
        with pytest.raises(RegisterError):
            take(panel, one, AssessmentDeed(deed), "approver")
        session.rollback()
    assert lines(session, one) == [("edit", "draft")]
    assert filled().answers == one.answers


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (dt.date(2025, 12, 31), 12, dt.date(2026, 12, 31)),
        (dt.date(2024, 2, 29), 12, dt.date(2025, 2, 28)),
        (dt.date(2025, 8, 31), 6, dt.date(2026, 2, 28)),
        (dt.date(2025, 11, 10), 1, dt.date(2025, 12, 10)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_one(day: dt.date, months: int, later: dt.date) -> None:
    assert assessments.months_after(day, months) == later
