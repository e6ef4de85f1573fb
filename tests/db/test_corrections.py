"""Correcting what is frozen: the earlier version stays, the figures and the register follow, and nothing else moves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.errors import Invalid, NotNow
from register.formspec.schema import FormSpec
from register.models import AuditEntry, ItemVersion, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.reports import counts
from register.reports.dimensions import among
from register.services import use_cases
from register.vocab import Confirmation, Lifecycle, RoundDeed, RoundState, SubmissionDeed
from tests.support.audit_log import changes
from tests.support.databases import Build
from tests.support.editions import begun, held, published
from tests.support.round_files import FIRST, PLAIN, SECOND, file_of, load
from tests.support.running_round import FACTS, FULL, LIBRARY, Office, busy

V1 = {name: PLAIN[name] for name in PLAIN if name not in ("ministry", "case_no")}


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def frozen(office: Office, submission: Submission) -> Submission:
    """Hand the return in, have it accepted, and freeze its round without the other ministry."""
    office.handed_in(submission)
    office.accept(submission)
    office.go(submission.round, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="府省庁Bは除く")
    return submission


def frozen_item(office: Office, *, rehearsal: bool = False, **values: Any) -> SubmissionItem:
    """Return a frozen case that was reported as the full one, with some of it changed in the register before."""
    office.case(**values)
    submission = office.submission(office.opened(rehearsal=rehearsal))
    [item] = office.items(submission)
    office.save(item, "risk", {"risk_case_count": "0"})
    frozen(office, submission)
    return item


def versions(office: Office, item: SubmissionItem) -> list[ItemVersion]:
    """Return the earlier versions of an item, oldest first."""
    own = select(ItemVersion).where(ItemVersion.item_id == item.id).order_by(ItemVersion.number)
    office.session.flush()
    return list(office.session.scalars(own))


def case_of(office: Office, item: SubmissionItem) -> UseCase:
    """Return the case in the register."""
    return office.session.get_one(UseCase, item.use_case_id)


def test_each_correction_keeps_the_version_before(office: Office) -> None:
    item = frozen_item(office)
    first = (dict(item.answers), dict(item.states))
    office.correct(item, " 府省庁からの\r\n申し出のため ", usage_type="S1")
    second = (dict(item.answers), dict(item.states))
    office.correct(item, "桁の誤り", risk_case_count="2", usage_type="S1")
    kept = versions(office, item)
    assert [(one.number, one.reason, one.replaced_by) for one in kept] == [
        (1, "府省庁からの\n申し出のため", "secretariat"),
        (2, "桁の誤り", "secretariat"),
    ]
    assert [(one.answers, one.states) for one in kept] == [first, second]
    assert item.answers == first[0] | {"usage_type": "S1", "risk_case_count": 2}
    steps = select(SubmissionEvent).where(SubmissionEvent.deed == SubmissionDeed.CORRECT)
    assert [step.reason for step in office.session.scalars(steps)] == ["府省庁からの\n申し出のため", "桁の誤り"]


def test_the_figures_follow_and_the_state_does_not_move(office: Office) -> None:
    item = frozen_item(office)
    place = (among("usage_type", {"S1"}),)
    assert counts.count(office.session, item.round_id).count(place) == 0
    state, confirmation = office.submission_of(item).state, item.confirmation
    office.correct(item, usage_type="S1", risk_case_count="3")
    office.session.flush()
    found = counts.count(office.session, item.round_id)
    assert (found.count(place), found.count(()), found.risk_cases) == (1, 1, 3)
    assert (office.submission_of(item).state, item.confirmation) == (state, confirmation)


def test_the_register_follows_what_was_corrected_and_nothing_else(office: Office) -> None:
    item = frozen_item(office)
    case = case_of(office, item)
    values = {name: getattr(case, name) for name in FACTS} | {"planned_stage": case.planned_stage}
    hand = values | {"title": "その後に改めた題"}
    use_cases.edit(
        office.session, case, form=LIBRARY.newest, values=hand, version=case.version, by=office.people["reporter"]
    )
    office.move(case, Lifecycle.VERIFICATION, dt.date(2025, 9, 1))
    office.correct(item, output_type="3")
    assert (case.output_type, case.title, case.lifecycle) == ("3", "その後に改めた題", Lifecycle.VERIFICATION)
    office.correct(item, stage="V", title="正しい題")
    assert case.title == "正しい題"


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        ({"stage": "V"}, Lifecycle.VERIFICATION),
        ({"start_timing": "4"}, Lifecycle.PLANNED),
        ({"start_timing": "", "stage": ""}, Lifecycle.PLANNED),
        ({"stage": ""}, Lifecycle.PRODUCTION),
        ({"usage_type": "S2"}, Lifecycle.PRODUCTION),
    ],
)
def test_a_corrected_start_moves_the_case_by_the_table_of_the_domain(
    office: Office, texts: dict[str, str], state: Lifecycle
) -> None:
    item = frozen_item(office)
    office.correct(item, **texts)
    case = case_of(office, item)
    assert case.lifecycle is state
    assert case.lifecycle_since == (SECOND if state is not Lifecycle.PRODUCTION else dt.date(2025, 4, 1))


def test_a_newer_round_has_the_last_word_in_the_register(office: Office) -> None:
    item = frozen_item(office)
    later = office.submission(office.opened(number=4, as_of=office.clock.today()))
    [newer] = office.items(later)
    office.save(newer, "use", {"purpose": "新しい用途"})
    office.rest(newer)
    office.send(later)
    office.approve(later)
    office.accept(later)
    office.correct(item, purpose="古い回の訂正")
    assert item.answers["purpose"] == "古い回の訂正"
    assert case_of(office, item).purpose == "新しい用途"


def test_a_rehearsal_is_corrected_without_a_trace_in_the_register(office: Office) -> None:
    item = frozen_item(office, rehearsal=True)
    case = case_of(office, item)
    before = (case.version, case.output_type, case.as_of)
    office.correct(item, output_type="6")
    assert (case.version, case.output_type, case.as_of) == before


@pytest.mark.parametrize("reason", ["", " \r\n　"])
def test_a_correction_wants_a_reason(office: Office, reason: str) -> None:
    item = frozen_item(office)
    with pytest.raises(Invalid, match="理由を入力してください。"):
        office.correct(item, reason, usage_type="S1")
    assert (item.answers["usage_type"], versions(office, item)) == ("G2", [])


def test_a_correction_changes_something_and_only_to_what_the_form_takes(office: Office) -> None:
    item = frozen_item(office)
    with pytest.raises(NotNow, match="変わった回答がありません。"):
        office.correct(item, usage_type="汎用型2", title=FULL["title"])
    with pytest.raises(Invalid) as refused:
        office.correct(item, usage_type="G3", title="")
    assert set(refused.value.fields) == {"usage_type", "title"}
    assert versions(office, item) == []


def test_what_a_correction_makes_necessary_is_missing_and_never_guessed(office: Office) -> None:
    empty = {"usage_type": "G1", "goal_kind": None, "goal_text": "", "output_type": None, "model_usage": ""}
    item = frozen_item(office, **empty)
    assert item.states["goal_kind"] == "not_applicable"
    office.correct(item, usage_type="S1")
    blanks = {name: item.states[name] for name in ("goal_kind", "output_type", "model_usage", "goal_text")}
    assert blanks == {
        "goal_kind": "missing",
        "output_type": "missing",
        "model_usage": "missing",
        "goal_text": "not_applicable",
    }
    spec: FormSpec = LIBRARY.newest
    assert {q.id for q in spec.questions} == item.answers.keys() | item.states.keys()


def test_an_ended_case_has_nothing_to_correct(office: Office) -> None:
    office.case()
    submission = office.submission(office.opened())
    [item] = office.items(submission)
    office.end(item)
    office.send(submission)
    office.approve(submission)
    office.accept(submission)
    office.go(submission.round, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="府省庁Bは除く")
    with pytest.raises(NotNow, match="訂正できる回答がありません"):
        office.correct(item, title="題")
    assert item.confirmation is Confirmation.ENDED


def test_who_carried_a_corrected_answer_over_is_the_secretariat(office: Office) -> None:
    load(office.session, file_of(V1 | {"usage_type": "G2"}, version="v1"), number=1, version="v1", as_of=FIRST)
    submission = office.submission(office.opened())
    [item] = office.items(submission)
    office.save(item, "use", {"usage_type": "G1"}, causes={"usage_type": "definition"})
    office.save(item, "operation", {"user_scope": "1", "confidentiality": "1"})
    office.rest(item)
    frozen(office, submission)
    # No cause is asked of the secretariat: its reason stands beside the version that it replaced.
    office.correct(item, "府省庁に確認したため", usage_type="S1", purpose=PLAIN["purpose"], title="直した題")
    assert item.mapping["usage_type"] == {"by": "secretariat", "kind": "narrowed"}
    assert (item.mapping["title"], item.mapping["purpose"]) == ({"by": "secretariat"}, {"by": "automatic"})
    assert item.mapping["user_scope"] == {"by": "ministry", "kind": "split"}
    assert "確認したため" not in str(item.mapping)


def test_published_figures_are_corrected_too_and_running_ones_are_not(office: Office) -> None:
    item = frozen_item(office)
    published(office.session, held(office.session, begun(office.session, item.round)))
    assert office.correct(item, usage_type="S1").answers["usage_type"] == "S1"
    item.round.state = RoundState.CLOSED
    with pytest.raises(NotNow, match="この回は「受付終了」のため、「確定後に訂正する」ことはできません。"):
        office.correct(item, usage_type="S2")


def test_a_correction_is_named_in_the_log_with_its_reason_kept_apart(database: Database) -> None:
    with database.writing() as session:
        item = frozen_item(Office(session))
    with database.writing() as session:
        office = Office(session)
        office.correct(session.get_one(SubmissionItem, item.id), "秘密の理由", purpose="秘密の用途", stage="V")
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event == audit.Event.ITEM_CORRECTED)).one()
        assert (entry.actor_name, entry.subject_label) == ("secretariat", "a-2025-0001")
        assert "秘密" not in entry.body
        assert {"submission_item", "item_version", "use_case", "lifecycle_event", "submission_event"} == {
            change["table"] for change in changes(entry)
        }
        assert audit.verify(session).finding is None
