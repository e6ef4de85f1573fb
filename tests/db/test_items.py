"""The deeds on the cases of a return: confirm, end, add, take away; and two people in one return lose nothing."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.errors import Invalid, NotFound, NotNow, Stale
from register.models import AnswerDraft, AuditEntry, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.services import items, remarks
from register.services.answers import Typed
from register.vocab import Confirmation, Lifecycle, RoundDeed, SubmissionDeed, SubmissionState
from tests.support.databases import Build
from tests.support.round_files import FIRST, SECOND, file_of, load
from tests.support.running_round import COLLEAGUE, FULL, LIBRARY, TODAY, Office, busy

DAY = dt.timedelta(days=1)
LATER = (
    "基準日（2025-09-30）より後に利用を終えた案件は、基準日の状況を回答してください。"
    "利用終了は、台帳の案件のページで登録します。"
)


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def laid(office: Office, to: Lifecycle | None = Lifecycle.PRODUCTION, **values: Any) -> SubmissionItem:
    """Return a case that was laid before its ministry."""
    case = office.case(to, **values)
    return office.item(office.submission(office.opened()), case)


def events(office: Office, submission: Submission) -> list[tuple[SubmissionDeed, str]]:
    """Return the steps of a return and who did them."""
    own = select(SubmissionEvent).where(SubmissionEvent.submission_id == submission.id).order_by(SubmissionEvent.id)
    office.session.flush()
    return [(event.deed, event.actor_name) for event in office.session.scalars(own)]


class TestConfirm:
    """Many unchanged cases in one deed, all or none."""

    def test_cases_are_confirmed_as_they_were_carried_over(self, office: Office) -> None:
        rows = [{"case_no": f"a-2025-000{number}", "model_usage": ""} for number in (1, 2, 3)]
        load(office.session, file_of(*rows), as_of=FIRST)
        submission = office.submission(office.opened())
        first, second, third = office.items(submission)
        assert office.confirm(submission, first, second, first) == [first, second]
        assert [item.confirmation for item in (first, second, third)] == [
            Confirmation.UNCHANGED,
            Confirmation.UNCHANGED,
            Confirmation.UNCONFIRMED,
        ]
        assert first.answers == first.carried
        # What nobody knows stays 未回答, and says so.
        assert first.states == {"model_usage": "missing", "goal_text": "not_applicable"}
        assert submission.state is SubmissionState.IN_PROGRESS
        assert submission.active_at == office.clock.now()

    def test_a_case_that_nobody_reported_before_is_opened_first(self, office: Office) -> None:
        item = laid(office)
        submission = office.submission_of(item)
        confirm = partial(items.confirm, office.session, submission, [item.id], forms=LIBRARY)
        spec, by = office.spec(submission), office.people["reporter"]
        with pytest.raises(NotNow, match="まだ報告したことのない案件です"):
            confirm(spec=spec, by=by)
        office.save(item, "risk", {"risk_case_count": "0"})
        confirm(spec=spec, by=by)
        assert item.confirmation is Confirmation.CHANGED

    def test_one_that_cannot_be_confirmed_is_named(self, office: Office) -> None:
        first, second = office.case(), office.case()
        submission = office.submission(office.opened())
        office.end(office.item(submission, second))
        with pytest.raises(NotNow) as refused:
            office.confirm(submission, office.item(submission, first), office.item(submission, second))
        assert str(refused.value) == (f"案件 {second.case_no}：新規または利用終了の案件は、まとめて確認できません。")

    def test_nothing_chosen_is_no_deed(self, office: Office) -> None:
        submission = office.submission(office.opened())
        with pytest.raises(Invalid, match="確認する案件を選んでください。"):
            items.confirm(
                office.session, submission, [], spec=LIBRARY.newest, forms=LIBRARY, by=office.people["reporter"]
            )

    def test_a_case_of_another_return_is_not_found(self, office: Office) -> None:
        item = laid(office)
        theirs = office.submission(office.session.get_one(type(item.round), item.round_id), "b")
        with pytest.raises(NotFound):
            office.confirm(theirs, item, who="other")
        with pytest.raises(NotFound):
            items.end(office.session, theirs, item.id, on=SECOND, reason="理由", by=office.people["other"])


class TestEnd:
    """A use that ended is reported with its day and a reason; the register follows on acceptance."""

    def test_an_ended_case_holds_no_answers(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "risk", {"risk_case_count": "0"})
        office.end(item, SECOND - DAY, " 契約を更新しないため ")
        assert (item.confirmation, item.answers, item.states) == (Confirmation.ENDED, {}, {})
        assert (item.ended_on, item.ended_reason) == (SECOND - DAY, "契約を更新しないため")
        with pytest.raises(NotNow, match="利用終了として報告した案件です"):
            office.save(item, "risk", {"risk_case_count": "0"})
        with pytest.raises(NotNow, match="利用終了として報告した案件です"):
            office.rest(item)
        office.reopen(item)
        assert (item.confirmation, item.ended_on, item.ended_reason) == (Confirmation.UNCONFIRMED, None, "")
        assert office.session.get_one(UseCase, item.use_case_id).lifecycle is Lifecycle.PRODUCTION

    @pytest.mark.parametrize(
        ("on", "said"),
        [
            (None, "利用を終えた日を入力してください。"),
            (TODAY + DAY, "移行日は今日以前の日付にしてください。"),
            (dt.date(2025, 3, 31), "移行日は前回の移行日以降の日付にしてください。"),
            (dt.date(2025, 4, 1), None),
            (SECOND, None),
            (SECOND + DAY, LATER),
            (TODAY, LATER),
        ],
    )
    def test_the_day_lies_between_the_last_step_and_the_rounds_day(
        self, office: Office, on: dt.date | None, said: str | None
    ) -> None:
        item = laid(office)
        if said is None:
            assert office.end(item, on).ended_on == on
            return
        with pytest.raises(Invalid) as refused:
            office.end(item, on)
        assert {name: str(sentence) for name, sentence in refused.value.fields.items()} == {"on": said}

    def test_the_day_and_the_reason_are_asked_at_once(self, office: Office) -> None:
        with pytest.raises(Invalid) as refused:
            office.end(laid(office), None, " ")
        assert set(refused.value.fields) == {"on", "reason"}

    def test_a_case_that_was_retired_by_hand_since_may_have_ended_before(self, office: Office) -> None:
        case = office.case()
        office.move(case, Lifecycle.RETIRED, SECOND + DAY)
        item = office.item(office.submission(office.opened()), case)
        for day, said in ((TODAY + DAY, "移行日は今日以前の日付にしてください。"), (SECOND + DAY, LATER)):
            with pytest.raises(Invalid) as refused:
                office.end(item, day)
            assert str(refused.value.fields["on"]) == said
        assert office.end(item, SECOND).confirmation is Confirmation.ENDED


class TestNew:
    """A case that the register does not know gets a number at once, and that number is never given again."""

    def test_a_new_case_has_a_number_and_waits_for_its_answers(self, office: Office) -> None:
        office.case()
        submission = office.submission(office.opened())
        item = items.add(
            office.session,
            submission,
            Typed({"title": "新しい案件", "unit": "局", "usage_type": "S1"}),
            section="identity",
            spec=LIBRARY.newest,
            by=office.people["reporter"],
        )
        assert (item.case_no, item.use_case_id) == ("a-2025-0002", None)
        assert (item.confirmation, item.answers) == (Confirmation.NEW, {"title": "新しい案件", "unit": "局"})
        assert office.left(item)[0] == "purpose"

    @pytest.mark.parametrize("texts", [{"unit": "局"}, {"title": " "}, {}])
    def test_a_new_case_has_a_title_at_least(self, office: Office, texts: dict[str, str]) -> None:
        submission = office.submission(office.opened())
        with pytest.raises(Invalid) as refused:
            items.add(office.session, submission, Typed(texts), spec=LIBRARY.newest, by=office.people["reporter"])
        assert list(refused.value.fields) == ["title"]

    def test_a_new_case_is_neither_confirmed_nor_ended_nor_taken_back(self, office: Office) -> None:
        item = office.add(office.submission(office.opened()))
        with pytest.raises(NotNow, match="まとめて確認できません"):
            office.confirm(office.submission_of(item), item)
        with pytest.raises(NotNow, match="すべての項目を入力してください"):
            office.rest(item)
        with pytest.raises(NotNow, match="「取り除く」を使ってください"):
            office.end(item)
        with pytest.raises(NotNow, match="未確認に戻せません"):
            office.reopen(item)

    def test_a_number_that_was_taken_out_is_not_used_again(self, office: Office) -> None:
        submission = office.submission(office.opened())
        first, second = office.add(submission), office.add(submission)
        office.keep_draft(second, "use", {"purpose": "途中"})
        assert office.remove(second) == second.case_no == "a-2025-0002"
        assert office.items(submission) == [first]
        assert office.add(submission).case_no == "a-2025-0003"
        assert office.case().case_no == "a-2025-0004"

    def test_a_case_of_the_register_is_not_taken_out(self, office: Office) -> None:
        item = laid(office)
        with pytest.raises(NotNow, match="台帳にある案件は取り除けません"):
            office.remove(item)

    def test_a_case_that_was_asked_about_is_not_taken_out(self, office: Office) -> None:
        submission = office.submission(office.opened(rehearsal=True))
        item = office.add(submission)
        office.send(submission)
        office.approve(submission)
        remarks.ask(office.session, submission, item.id, "title", "確認です", by=office.people["secretariat"])
        office.give_back(submission)
        with pytest.raises(NotNow, match="事務局の質問や指摘がある案件は取り除けません"):
            office.remove(item)

    def test_a_new_case_that_was_accepted_and_then_ended_keeps_what_is_known_of_it(self, office: Office) -> None:
        submission = office.submission(office.opened())
        item = office.add(submission)
        office.send(submission)
        office.approve(submission)
        office.accept(submission)
        office.give_back(submission)
        office.end(item)
        office.reopen(item)
        assert item.carried == {**FULL, "risk_case_count": 0}
        office.confirm(submission, item)
        assert (item.confirmation, item.answers) == (Confirmation.UNCHANGED, item.carried)


class TestTwoPeople:
    """Two people in one case: the second of the same section sees both texts; other sections are no conflict."""

    def test_a_section_that_another_saved_since_is_not_overwritten(self, office: Office) -> None:
        item = laid(office)
        seen = office.seen(item, "identity")
        office.save(item, "identity", {"title": "先に保存した題", "unit": "局"})
        with pytest.raises(Stale) as stale:
            office.save(item, "identity", {"title": "後の題", "unit": "課"}, who=COLLEAGUE, seen=seen)
        assert stale.value.theirs == {"unit": "局", "title": "先に保存した題"}
        assert item.answers["title"] == "先に保存した題"
        # Having seen both, the second decides.
        office.save(item, "identity", {"title": "後の題", "unit": "局"}, who=COLLEAGUE)
        assert item.answers["title"] == "後の題"

    def test_a_case_that_another_confirmed_since_is_not_overwritten(self, office: Office) -> None:
        item = laid(office)
        seen = office.seen(item, "use")
        office.confirm(office.submission_of(item), item)
        with pytest.raises(Stale):
            office.save(item, "use", {"purpose": "別"}, who=COLLEAGUE, seen=seen)

    @pytest.mark.parametrize("values", [{}, {"goal_kind": "NO", "goal_text": ""}, {"usage_type": "G1"}])
    def test_another_section_is_no_conflict(self, office: Office, values: dict[str, str]) -> None:
        item = laid(office, **values)
        seen = {section.id: office.seen(item, section.id) for section in LIBRARY.newest.sections}
        office.save(item, "use", {"purpose": "一人目", "usage_type": "S2"}, seen=seen["use"])
        office.save(item, "goals", {"goal_kind": "NO"}, who=COLLEAGUE, seen=seen["goals"])
        office.save(item, "risk", {"risk_case_count": "1"}, seen=seen["risk"])
        office.save(item, "operation", {"user_scope": "2"}, who=COLLEAGUE, seen=seen["operation"])
        office.save(item, "identity", {"title": "題"}, seen=seen["identity"])
        assert item.answers == {
            "purpose": "一人目",
            "usage_type": "S2",
            "goal_kind": "NO",
            "risk_case_count": 1,
            "user_scope": "2",
            "title": "題",
        }

    def test_a_reason_for_declining_is_seen_too(self, office: Office) -> None:
        item = laid(office, model_usage="")
        seen = office.seen(item, "goals")
        office.save(item, "goals", {"model_usage": ""}, declined={"model_usage": "秘密"})
        with pytest.raises(Stale):
            office.save(item, "goals", {"model_usage": "商用LLM-A"}, who=COLLEAGUE, seen=seen)

    def test_everybody_who_enters_something_is_noted_once(self, office: Office) -> None:
        item = laid(office)
        office.save(item, "risk", {"risk_case_count": "0"})
        office.save(item, "risk", {"risk_case_count": "1"})
        office.save(item, "risk", {"risk_case_count": "0"}, who=COLLEAGUE)
        office.save(item, "use", {"purpose": "別"})
        assert events(office, office.submission_of(item)) == [
            (SubmissionDeed.FILL, "reporter"),
            (SubmissionDeed.FILL, COLLEAGUE),
        ]

    def test_what_is_typed_and_not_saved_is_each_persons_own_and_no_answer(self, office: Office) -> None:
        item = laid(office)
        office.keep_draft(item, "use", {"purpose": "途中"})
        office.keep_draft(item, "use", {"purpose": "途中まで"})
        office.keep_draft(item, "use", {"purpose": "同僚"}, who=COLLEAGUE)
        drafts = select(AnswerDraft).order_by(AnswerDraft.id)
        assert [draft.values for draft in office.session.scalars(drafts)] == [
            {"purpose": "途中まで"},
            {"purpose": "同僚"},
        ]
        assert (item.answers, office.submission_of(item).state) == ({}, SubmissionState.NOT_STARTED)
        office.save(item, "use", {"purpose": "保存"})
        assert [draft.values for draft in office.session.scalars(drafts)] == [{"purpose": "同僚"}]


@pytest.mark.parametrize("deed", ["save", "confirm", "rest", "end", "reopen", "add", "remove", "lay_out_new", "draft"])
def test_after_the_closing_nothing_is_filled_in(office: Office, deed: str) -> None:
    item = laid(office)
    submission = office.submission_of(item)
    new = office.add(submission)
    office.go(office.session.get_one(type(item.round), item.round_id), RoundDeed.CLOSE)
    deeds = {
        "save": lambda: office.save(item, "risk", {"risk_case_count": "0"}),
        "confirm": lambda: office.confirm(submission, item),
        "rest": lambda: office.rest(item),
        "end": lambda: office.end(item),
        "reopen": lambda: office.reopen(item),
        "add": lambda: office.add(submission),
        "remove": lambda: office.remove(new),
        "lay_out_new": lambda: office.lay_out_new(submission),
        "draft": lambda: office.keep_draft(item, "use", {"purpose": "途中"}),
    }
    with pytest.raises(NotNow, match="受付は終わりました"):
        deeds[deed]()


def test_every_deed_on_a_case_is_named_in_the_log(database: Database) -> None:
    with database.writing() as session:
        office = Office(session)
        office.case()
        ended = office.case()
        submission = office.submission(office.opened())
    deeds = ("save", "confirm", "end", "reopen", "add", "remove", "rest")
    for deed in deeds:
        with database.writing() as session:
            office = Office(session)
            submission = session.get_one(Submission, submission.id)
            first, last = office.items(submission)[0], office.item(submission, ended)
            match deed:
                case "save":
                    office.save(first, "use", {"purpose": "秘密の用途"})
                case "confirm":
                    office.confirm(submission, first, last)
                case "end":
                    office.end(last, reason="秘密の理由")
                case "reopen":
                    office.reopen(last)
                case "add":
                    office.add(submission, title="秘密の案件")
                case "remove":
                    office.remove(office.items(submission)[-1])
                case "rest":
                    office.rest(last)
    with database.reading() as session:
        own = select(AuditEntry).where(AuditEntry.event == audit.Event.SUBMISSION_FILLED).order_by(AuditEntry.seq)
        entries = session.scalars(own).all()
        # Of a case that was never reported the rest is answered first: of two, and again of the one that was reopened.
        assert [entry.actor_name for entry in entries] == ["reporter"] * (len(deeds) + 3)
        assert not any("秘密" in entry.body for entry in entries)
        assert audit.verify(session).finding is None
