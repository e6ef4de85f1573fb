"""Answering a case of a running round: the five states of an answer, and which questions are put."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from register.errors import Invalid, NotNow
from register.models import SubmissionItem
from register.vocab import Confirmation
from tests.support.databases import Build
from tests.support.round_files import FIRST, PLAIN, file_of, load
from tests.support.running_round import FULL, Office, busy

GOALS = ("goal_kind", "goal_text", "output_type", "model_usage")
V1 = {name: PLAIN[name] for name in PLAIN if name not in ("ministry", "case_no")}


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def laid(office: Office, **values: Any) -> SubmissionItem:
    """Return a case that runs and was laid before its ministry, with some of the full answers changed."""
    case = office.case(**values)
    return office.item(office.submission(office.opened()), case)


def carried_from_v1(office: Office, **values: str) -> SubmissionItem:
    """Return a case that form 1 asked last, laid out on form 2."""
    load(office.session, file_of(V1 | values, version="v1"), number=1, version="v1", as_of=FIRST)
    [item] = office.items(office.submission(office.opened()))
    return item


def answer_all(office: Office, item: SubmissionItem, **texts: str) -> SubmissionItem:
    """Save every section of the case with the full answers, some of them changed."""
    answers = FULL | texts
    for section in office.spec(office.submission_of(item)).sections:
        own = [q.id for q in office.spec(office.submission_of(item)).questions if q.section == section.id]
        office.save(item, section.id, {name: answers[name] for name in own})
    return item


class TestStates:
    """Answered, missing, not applicable, declined; not asked is what the form does not know."""

    def test_an_answer_is_stored_as_its_type_is(self, office: Office) -> None:
        item = laid(office)
        office.save(
            item,
            "operation",
            {"start_timing": "１", "start_on": "令和７年４月１日", "user_scope": "単一府省庁のみ-課室単位以下"},
        )
        office.save(item, "risk", {"risk_case_count": "１２"})
        assert item.answers == {"start_timing": "1", "start_on": "2025-04-01", "user_scope": "1", "risk_case_count": 12}
        assert {name: state for name, state in item.states.items() if name in item.answers} == {}

    def test_a_required_blank_is_missing_and_an_optional_one_not_applicable(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "operation", {"start_timing": "", "start_on": "", "stage": ""})
        assert {name: item.states[name] for name in ("start_timing", "start_on", "stage")} == {
            "start_timing": "missing",
            "start_on": "not_applicable",
            "stage": "missing",
        }
        assert not {"start_timing", "start_on", "stage"} & item.answers.keys()

    def test_an_answer_is_declined_with_a_reason(self, office: Office) -> None:
        item = laid(office)
        for reason in ("", " 　\r\n"):
            with pytest.raises(Invalid) as refused:
                office.save(item, "goals", {"model_usage": ""}, declined={"model_usage": reason})
            assert str(refused.value.fields["model_usage"]) == "回答を控える理由を入力してください。"
        office.save(item, "goals", {"model_usage": ""}, declined={"model_usage": " 契約上の秘密\r\nのため "})
        assert (item.states["model_usage"], item.notes) == ("declined", {"model_usage": "契約上の秘密\nのため"})
        office.rest(item)
        assert item.confirmation is Confirmation.CHANGED
        office.save(item, "goals", {"model_usage": "商用LLM-A"})
        assert ("model_usage" in item.states, item.notes) == (False, {})

    def test_an_answer_beside_a_reason_is_an_answer(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "goals", {"model_usage": "商用LLM-B"}, declined={"model_usage": "秘密"})
        assert (item.answers["model_usage"], item.notes) == ("商用LLM-B", {})

    def test_a_reason_has_its_length(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "goals", {"model_usage": ""}, declined={"model_usage": "あ" * 1000})
        with pytest.raises(Invalid) as refused:
            office.save(item, "goals", {"model_usage": ""}, declined={"model_usage": "あ" * 1001})
        assert str(refused.value.fields["model_usage"]) == "1000文字以内で入力してください。"

    def test_a_case_is_never_without_its_title(self, office: Office) -> None:
        item = laid(office)
        for declined in ({}, {"title": "秘密"}):
            with pytest.raises(Invalid) as refused:
                office.save(item, "identity", {"title": " ", "unit": "局"}, declined=declined)
            assert {name: str(said) for name, said in refused.value.fields.items()} == {
                "title": "「案件名」を入力してください。"
            }
        assert (item.answers, item.states) == ({}, {})

    def test_every_bad_value_is_told_and_nothing_is_changed(self, office: Office) -> None:
        item = laid(office)
        with pytest.raises(Invalid) as refused:
            office.save(item, "operation", {"start_timing": "9", "start_on": "来年", "user_scope": "1"})
        assert set(refused.value.fields) == {"start_timing", "start_on"}
        assert (item.answers, item.states, item.notes) == ({}, {}, {})

    def test_text_is_kept_as_written(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "use", {"purpose": "①　ﾌﾟﾛﾝﾌﾟﾄの作成\r\n=1+1"})
        assert item.answers["purpose"] == "①　ﾌﾟﾛﾝﾌﾟﾄの作成\n=1+1"

    def test_a_section_settles_its_own_questions_and_no_others(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "risk", {"risk_case_count": "0", "title": "別の題"})
        assert item.answers == {"risk_case_count": 0}
        assert office.left(item) == [name for name in FULL if name != "risk_case_count"]


class TestWhatIsPut:
    """What the usage type makes unnecessary is not asked; what a changed answer makes necessary is asked again."""

    def test_a_general_use_is_not_asked_for_goals_and_stores_that_it_was_not_applicable(self, office: Office) -> None:
        item = laid(office, usage_type="G1", goal_kind=None, goal_text="", output_type=None, model_usage="")
        assert not set(GOALS) & set(office.left(item))
        office.save(item, "risk", {"risk_case_count": "0"})
        office.confirm(office.submission_of(item), item)
        assert {name: item.states[name] for name in GOALS} == dict.fromkeys(GOALS, "not_applicable")
        assert item.confirmation is Confirmation.CHANGED  # the count was not known before

    def test_what_is_known_of_an_unnecessary_question_is_shown_so_that_nothing_is_dropped_unseen(
        self, office: Office
    ) -> None:
        item = laid(office, usage_type="G1")
        assert {"goal_kind", "goal_text", "output_type", "model_usage"} <= set(office.left(item))
        office.save(item, "goals", {"goal_kind": "", "output_type": "1", "model_usage": ""})
        assert item.answers == {"output_type": "1"}
        assert {name: item.states[name] for name in ("goal_kind", "goal_text", "model_usage")} == dict.fromkeys(
            ("goal_kind", "goal_text", "model_usage"), "not_applicable"
        )

    def test_another_usage_type_opens_the_questions_that_it_needs(self, office: Office) -> None:
        item = laid(office, usage_type="G1", goal_kind=None, goal_text="", output_type=None, model_usage="")
        office.save(item, "risk", {"risk_case_count": "0"})
        office.confirm(office.submission_of(item), item)
        office.save(item, "use", {"usage_type": "S1"})
        assert office.left(item) == ["goal_kind", "output_type", "model_usage"]
        assert item.confirmation is Confirmation.UNCONFIRMED
        # It cannot be waved through: nobody has ever been asked.
        said = "回答を変えたために尋ねる項目があります。案件を開いて入力してください。"
        assert office.why_not(item) == said
        with pytest.raises(NotNow, match=said):
            office.confirm(office.submission_of(item), item)
        with pytest.raises(NotNow, match=said):
            office.rest(item)
        office.save(item, "goals", {"goal_kind": "QL", "output_type": "1", "model_usage": ""})
        assert office.left(item) == ["goal_text"]
        office.save(item, "goals", {"goal_text": "早くする"})
        assert item.confirmation is Confirmation.CHANGED
        assert item.states["model_usage"] == "missing"
        office.save(item, "use", {"usage_type": "G1"})
        # An answer that was given stays; what was left blank is not applicable.
        assert item.answers["goal_kind"] == "QL"
        assert item.states["model_usage"] == "not_applicable"
        assert office.left(item) == []

    def test_a_question_that_hangs_on_another_answer_goes_and_comes_with_it(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "goals", {"goal_kind": "NO", "goal_text": "書いたまま"})
        assert ("goal_text" in item.answers, item.states["goal_text"]) == (False, "not_applicable")
        office.save(item, "goals", {"goal_kind": "QN"})
        assert "goal_text" in office.left(item)
        office.save(item, "goals", {"goal_kind": "QN", "goal_text": ""})
        assert item.states["goal_text"] == "missing"

    def test_what_was_declined_is_not_applicable_once_it_is_not_asked(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "goals", {"goal_kind": "QN", "goal_text": ""}, declined={"goal_text": "秘密"})
        assert (item.states["goal_text"], item.notes) == ("declined", {"goal_text": "秘密"})
        office.save(item, "goals", {"goal_kind": "NO"})
        assert (item.states["goal_text"], item.notes) == ("not_applicable", {})


class TestDefinitions:
    """Where the form changed what an answer means, somebody looks at it again and says why it differs."""

    def test_a_narrowed_answer_is_settled_by_looking_at_it(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G2")
        assert item.recheck == {"usage_type": "narrowed", "user_scope": "split"}
        assert {"usage_type", "user_scope"} <= set(office.left(item))
        office.save(item, "use", {"usage_type": "G2"})
        assert item.recheck == {"user_scope": "split"}
        assert item.mapping["usage_type"] == {"by": "ministry", "kind": "narrowed"}

    def test_the_rest_is_not_waved_through_before(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G2")
        with pytest.raises(NotNow) as refused:
            office.rest(item)
        assert str(refused.value) == "定義が変わった項目を先に確認してください：利用類型、利用者の範囲"
        office.save(item, "use", {"usage_type": "G2"})
        office.save(item, "operation", {"user_scope": "1"})
        with pytest.raises(NotNow, match="この回で新しく尋ねる項目があります"):
            office.rest(item)
        office.save(item, "operation", {"confidentiality": "1"})
        office.save(item, "goals", {"goal_kind": "NO", "output_type": "1", "model_usage": ""})
        assert office.rest(item).confirmation is Confirmation.CHANGED

    def test_an_answer_that_differs_wants_a_cause(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G2")
        for causes in ({}, {"usage_type": ""}, {"usage_type": "other"}):
            with pytest.raises(Invalid) as refused:
                office.save(item, "use", {"usage_type": "G1"}, causes=causes)
            assert str(refused.value.fields["usage_type"]) == "前回と違う回答です。変わった理由を選んでください。"
        office.save(item, "use", {"usage_type": "G1"}, causes={"usage_type": "definition"})
        assert item.mapping["usage_type"] == {"by": "ministry", "kind": "narrowed", "cause": "definition"}
        # Saved once more as it is, the cause stays; saved otherwise, it may change.
        office.save(item, "use", {"usage_type": "G1"})
        assert item.mapping["usage_type"]["cause"] == "definition"
        office.save(item, "use", {"usage_type": "G1"}, causes={"usage_type": "actual"})
        assert item.mapping["usage_type"]["cause"] == "actual"
        office.save(item, "use", {"usage_type": "G2"})
        assert "cause" not in item.mapping["usage_type"]

    def test_a_cause_is_wanted_later_too(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G2")
        office.save(item, "use", {"usage_type": "G2"})
        for causes in ({}, {"usage_type": "other"}):
            with pytest.raises(Invalid) as refused:
                office.save(item, "use", {"usage_type": "S1"}, causes=causes)
            assert str(refused.value.fields["usage_type"]) == "前回と違う回答です。変わった理由を選んでください。"
        assert item.answers["usage_type"] == "G2"

    def test_where_nothing_was_redefined_no_cause_is_asked(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G1")
        office.save(item, "use", {"usage_type": "S2"})
        assert item.answers["usage_type"] == "S2"

    def test_a_case_of_the_same_form_is_changed_without_a_word(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "use", {"usage_type": "S2"})
        assert (item.answers["usage_type"], item.mapping) == ("S2", {})

    def test_what_the_ministry_changed_was_not_carried_over_automatically(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G1")
        office.save(item, "use", {"usage_type": "S2", "purpose": PLAIN["purpose"]})
        assert (item.mapping["usage_type"], item.mapping["purpose"]) == ({"by": "ministry"}, {"by": "automatic"})
        office.save(item, "use", {"usage_type": "G1"})
        assert item.mapping["usage_type"] == {"by": "automatic"}

    def test_taken_back_a_case_is_as_it_was_laid_out(self, office: Office) -> None:
        item = carried_from_v1(office, usage_type="G2")
        before = (item.carried, item.recheck, item.mapping, item.answers, item.states, item.notes)
        office.save(item, "use", {"usage_type": "G1", "purpose": "別"}, causes={"usage_type": "actual"})
        office.save(item, "goals", {"model_usage": ""}, declined={"model_usage": "秘密"})
        assert item.mapping != before[2]
        office.reopen(item)
        assert (item.carried, item.recheck, item.mapping, item.answers, item.states, item.notes) == before
        assert item.confirmation is Confirmation.UNCONFIRMED


def test_answers_as_last_time_make_an_unchanged_case_and_others_a_changed_one(office: Office) -> None:
    load(office.session, file_of({**FULL}), number=2)
    [item] = office.items(office.submission(office.opened(as_of=office.clock.today())))
    answer_all(office, item)
    assert item.confirmation is Confirmation.UNCHANGED
    office.save(item, "identity", {"title": "別の題"})
    assert item.confirmation is Confirmation.CHANGED
    office.save(item, "identity", {"title": FULL["title"]})
    assert item.confirmation is Confirmation.UNCHANGED
