"""The way of a return: sent, approved by another person, taken or sent back; what an approval is bound to."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.db import Database
from register.errors import Forbidden, Invalid, NotFound, NotNow
from register.models import AuditEntry, Remark, Round, Submission, SubmissionEvent, User
from register.queries import receipts
from register.queries.receipts import digest
from register.services import submissions
from register.services.submissions import Finding
from register.vocab import Confirmation, Lifecycle, RemarkKind, Role, RoundDeed, SubmissionDeed, SubmissionState
from tests.support.databases import Build
from tests.support.round_files import FIRST, PLAIN, file_of, load
from tests.support.running_round import COLLEAGUE, DUE, Office, busy

DAY = dt.timedelta(days=1)
V1 = {name: PLAIN[name] for name in PLAIN if name not in ("ministry", "case_no")}


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


class TestSend:
    """A return is sent when every case is confirmed and every new one filled in."""

    def test_a_case_that_nobody_confirmed_stands_against_it(self, office: Office) -> None:
        for _ in range(3):
            office.case()
        submission = office.submission(office.opened())
        office.confirm(submission, office.items(submission)[0])
        with pytest.raises(NotNow, match="まだ確認していない案件があります：2件"):
            office.send(submission)
        office.confirm(submission)
        office.send(submission)
        assert submission.state is SubmissionState.IN_REVIEW
        assert (submission.sent_by, submission.sent_at) == ("reporter", office.clock.now())
        assert submission.sent_sha256 == digest(office.session, submission)

    def test_a_new_case_that_is_not_filled_in_stands_against_it(self, office: Office) -> None:
        submission = office.submission(office.opened())
        item = office.add(submission)
        office.save(item, "use", {"usage_type": "G1"})
        office.send(submission)
        office.save(item, "goals", {"goal_kind": "", "goal_text": "", "output_type": "", "model_usage": ""})
        office.save(item, "use", {"usage_type": "S1"})
        with pytest.raises(NotNow, match="新しい案件 a-2025-0001 の入力が終わっていません。"):
            office.send(submission)

    def test_a_return_without_a_case_is_declared_nil(self, office: Office) -> None:
        submission = office.submission(office.opened())
        submission.state = SubmissionState.IN_PROGRESS
        with pytest.raises(NotNow, match="報告する案件がない場合は「該当なし」を報告してください"):
            office.send(submission)

    def test_what_was_not_begun_is_not_sent(self, office: Office) -> None:
        with pytest.raises(NotNow, match="提出が「未着手」のため"):
            office.send(office.submission(office.opened()))


class TestNil:
    """該当なし is a deed of its own, and never the same as no answer."""

    def test_a_ministry_without_a_case_says_so(self, office: Office) -> None:
        submission = office.nil(office.submission(office.opened()))
        assert (submission.nil, submission.state) == (True, SubmissionState.IN_REVIEW)
        office.approve(submission)
        assert office.accept(submission).created == 0
        assert (submission.nil, submission.state) == (True, SubmissionState.ACCEPTED)

    def test_cases_stand_against_it_until_they_are_reported_as_ended(self, office: Office) -> None:
        office.case()
        submission = office.submission(office.opened())
        with pytest.raises(NotNow, match="この回には案件が1件あります"):
            office.nil(submission)
        office.end(office.items(submission)[0])
        assert office.nil(submission).nil

    @pytest.mark.parametrize("undone", ["decline", "fill", "send"])
    def test_it_is_said_no_longer_once_it_was_declined_filled_in_or_sent_otherwise(
        self, office: Office, undone: str
    ) -> None:
        office.case()
        submission = office.submission(office.opened())
        [item] = office.items(submission)
        office.end(item)
        office.nil(submission)
        if undone == "fill":
            office.reopen(item)
        else:
            submissions.decline(office.session, submission, reason="一件あります", by=office.people["approver"])
        if undone == "send":
            office.send(submission)
        assert not submission.nil


class TestFourEyes:
    """Who entered or sent it does not approve it, whatever their role is today."""

    def test_the_approver_of_the_same_ministry_approves(self, office: Office) -> None:
        submission = office.approve(office.sent())
        assert submission.state is SubmissionState.SUBMITTED
        assert (submission.approved_by, submission.approved_sha256) == ("approver", submission.sent_sha256)
        assert submission.submitted_at == office.clock.now()

    @pytest.mark.parametrize("who", ["reporter", COLLEAGUE])
    def test_a_person_whose_role_changed_does_not_approve_what_they_entered(self, office: Office, who: str) -> None:
        submission = office.ready()
        # The colleague enters something while the return is already being filled in.
        office.save(office.items(submission)[0], "risk", {"risk_case_count": "0"}, who=COLLEAGUE)
        office.send(submission)
        person = office.session.scalars(select(User).where(User.name == who)).one()
        person.role = Role.APPROVER
        with pytest.raises(Forbidden, match="自分が入力または送信した内容は承認できません"):
            submissions.approve(office.session, submission, seen=submission.sent_sha256, by=Actor.of(person))
        assert submission.state is SubmissionState.IN_REVIEW

    def test_nor_do_they_after_the_return_came_back_and_another_sent_it(self, office: Office) -> None:
        submission = office.approve(office.sent())
        office.give_back(submission)
        office.save(office.items(submission)[0], "use", {"purpose": "別"}, who=COLLEAGUE)
        office.send(submission, who=COLLEAGUE)
        person = office.session.scalars(select(User).where(User.name == "reporter")).one()
        person.role = Role.APPROVER
        with pytest.raises(Forbidden):
            submissions.approve(office.session, submission, seen=submission.sent_sha256, by=Actor.of(person))

    def test_a_nil_return_is_not_approved_by_who_declared_it(self, office: Office) -> None:
        submission = office.nil(office.submission(office.opened()))
        person = office.session.scalars(select(User).where(User.name == "reporter")).one()
        person.role = Role.APPROVER
        with pytest.raises(Forbidden):
            submissions.approve(office.session, submission, seen=submission.sent_sha256, by=Actor.of(person))


class TestBound:
    """An approval is bound to the content as it was seen; any later change voids it, visibly."""

    def test_a_change_voids_the_request_that_runs(self, office: Office) -> None:
        submission = office.sent()
        seen = submission.sent_sha256
        office.save(office.items(submission)[0], "use", {"purpose": "別の用途"})
        assert submission.state is SubmissionState.IN_PROGRESS
        with pytest.raises(NotNow, match="提出が「入力中」のため"):
            office.approve(submission)
        office.send(submission)
        assert submission.sent_sha256 != seen
        with pytest.raises(NotNow, match="確認を依頼された後に内容が変わりました"):
            submissions.approve(office.session, submission, seen=seen, by=office.people["approver"])
        office.approve(submission)

    def test_content_that_changed_behind_the_deeds_is_not_approved_and_not_accepted(self, office: Office) -> None:
        submission = office.sent()
        [item] = office.items(submission)
        item.answers = item.answers | {"title": "すり替えた題"}
        with pytest.raises(NotNow, match="確認を依頼された後に内容が変わりました"):
            office.approve(submission)
        item.answers = item.answers | {"title": item.carried["title"]}
        office.approve(submission)
        item.answers = item.answers | {"title": "すり替えた題"}
        with pytest.raises(NotNow, match="承認された内容と今の内容が違います"):
            office.accept(submission)

    @pytest.mark.parametrize(
        "change",
        [
            {"answers": {"title": "別"}},
            {"states": {"title": "declined"}},
            {"notes": {"title": "秘密"}},
            {"confirmation": Confirmation.UNCHANGED},
            {"ended_on": dt.date(2025, 9, 1)},
            {"ended_reason": "理由"},
            {"mapping": {"usage_type": {"by": "ministry", "kind": "narrowed", "cause": "actual"}}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_everything_that_a_ministry_says_is_in_the_digest(self, office: Office, change: dict[str, object]) -> None:
        submission = office.sent()
        for name, value in change.items():
            setattr(office.items(submission)[0], name, value)
        assert digest(office.session, submission) != submission.sent_sha256

    def test_why_an_answer_differs_is_part_of_the_content(self, office: Office) -> None:
        load(office.session, file_of(V1 | {"usage_type": "G2"}, version="v1"), number=1, version="v1", as_of=FIRST)
        submission = office.submission(office.opened())
        [item] = office.items(submission)
        office.save(item, "use", {"usage_type": "G1"}, causes={"usage_type": "definition"})
        before = digest(office.session, submission)
        assert submissions_cases(office, submission)[0]["causes"] == {"usage_type": "definition"}
        office.save(item, "use", {"usage_type": "G1"}, causes={"usage_type": "actual"})
        assert digest(office.session, submission) != before

    def test_the_digest_is_the_same_in_any_order_of_a_database(self, office: Office) -> None:
        submission = office.submission(office.opened())
        for _ in range(3):
            office.add(submission)
        for item, number in zip(office.items(submission), ("a-2025-B", "a-2025-a", "A-2025-c"), strict=True):
            item.case_no = number
        assert [case["case_no"] for case in submissions_cases(office, submission)] == [
            "A-2025-c",
            "a-2025-B",
            "a-2025-a",
        ]

    def test_the_deeds_of_the_secretariat_do_not_change_it(self, office: Office) -> None:
        submission = office.approve(office.sent())
        office.ask(office.items(submission)[0], "title", "確認です")
        office.accept(submission)
        assert digest(office.session, submission) == submission.approved_sha256


def submissions_cases(office: Office, submission: Submission) -> list[dict[str, object]]:
    """Return what the content says of each case."""
    found: list[dict[str, object]] = receipts.content(office.session, submission)["cases"]
    return found


class TestBackAndForth:
    """The secretariat returns with findings, the ministry hands in again; after the closing too."""

    def test_a_return_comes_back_with_its_findings_and_is_handed_in_again(self, office: Office) -> None:
        submission = office.approve(office.sent())
        [item] = office.items(submission)
        findings = [
            Finding(item.id, "purpose", "誰が使うのか書いてください。"),
            Finding(item.id, "", "全体に短すぎます。"),
        ]
        office.give_back(submission, findings)
        assert submission.state is SubmissionState.RETURNED
        remarks = office.session.scalars(select(Remark).order_by(Remark.id)).all()
        assert [(one.kind, one.field_id, one.body, one.author_name) for one in remarks] == [
            (RemarkKind.FINDING, "purpose", "誰が使うのか書いてください。", "secretariat"),
            (RemarkKind.FINDING, "", "全体に短すぎます。", "secretariat"),
        ]
        before = submission.approved_sha256
        office.save(item, "use", {"purpose": "相談員が使う。"})
        office.send(submission)
        office.approve(submission)
        assert submission.state is SubmissionState.SUBMITTED
        assert submission.approved_sha256 != before
        office.session.flush()
        steps = select(SubmissionEvent).order_by(SubmissionEvent.id)
        assert [step.deed.value for step in office.session.scalars(steps)] == [
            "fill", "send", "approve", "return", "fill", "send", "approve",
        ]  # fmt: skip

    def test_after_the_closing_a_returned_one_may_still_be_handed_in(self, office: Office) -> None:
        submission = office.approve(office.sent())
        office.go(office.session.get_one(Round, submission.round_id), RoundDeed.CLOSE)
        office.give_back(submission)
        office.on(DUE + 60 * DAY)
        office.save(office.items(submission)[0], "use", {"purpose": "直した用途"})
        office.send(submission)
        office.approve(submission)
        assert (submission.state, submission.late) == (SubmissionState.SUBMITTED, False)

    def test_a_finding_without_words_or_on_a_case_of_another_return_returns_nothing(self, office: Office) -> None:
        submission = office.approve(office.sent())
        [item] = office.items(submission)
        current = office.session.get_one(Round, submission.round_id)
        theirs = office.add(office.submission(current, "b"), who="other")
        for finding, refusal in (
            (Finding(item.id, "title", " "), Invalid),
            (Finding(theirs.id, "title", "誤"), NotFound),
        ):
            savepoint = office.session.begin_nested()
            with pytest.raises(refusal):
                office.give_back(submission, [finding])
            savepoint.rollback()
        assert submission.state is SubmissionState.SUBMITTED

    @pytest.mark.parametrize("deed", ["return", "decline"])
    def test_it_wants_a_reason(self, office: Office, deed: str) -> None:
        submission = office.sent() if deed == "decline" else office.approve(office.sent())
        approver, secretariat = office.people["approver"], office.people["secretariat"]
        deeds = {
            "decline": lambda: submissions.decline(office.session, submission, reason=" ", by=approver),
            "return": lambda: submissions.send_back(office.session, submission, reason="", findings=[], by=secretariat),
        }
        with pytest.raises(Invalid, match="理由を入力してください。"):
            deeds[deed]()

    def test_a_declined_return_is_filled_in_again(self, office: Office) -> None:
        submission = office.sent()
        submissions.decline(office.session, submission, reason="一件足りません", by=office.people["approver"])
        assert submission.state is SubmissionState.IN_PROGRESS
        office.session.flush()
        last = office.session.scalars(select(SubmissionEvent).order_by(SubmissionEvent.id.desc()).limit(1)).one()
        assert (last.deed, last.reason, last.actor_name) == (SubmissionDeed.DECLINE, "一件足りません", "approver")
        office.send(submission)

    def test_an_accepted_return_may_come_back(self, office: Office) -> None:
        submission = office.approve(office.sent())
        office.accept(submission)
        office.give_back(submission)
        assert submission.state is SubmissionState.RETURNED


def test_the_whole_way_is_named_in_the_log_and_reasons_are_kept_apart(database: Database) -> None:
    with database.writing() as session:
        office = Office(session)
        submission = office.sent()
    steps = ("decline", "send", "approve", "return", "send", "approve", "accept")
    for step in steps:
        with database.writing() as session:
            office = Office(session)
            submission = session.get_one(Submission, submission.id)
            match step:
                case "decline":
                    submissions.decline(session, submission, reason="秘密の理由", by=office.people["approver"])
                case "send":
                    office.send(submission)
                case "approve":
                    office.approve(submission)
                case "return":
                    item = office.items(submission)[0]
                    office.give_back(submission, [Finding(item.id, "title", "秘密の指摘")])
                case "accept":
                    office.accept(submission)
    with database.reading() as session:
        own = select(AuditEntry).where(AuditEntry.event.like("submission.%")).order_by(AuditEntry.seq)
        entries = session.scalars(own).all()
        assert [entry.event for entry in entries] == [
            "submission.filled", "submission.filled", "submission.sent", "submission.declined", "submission.sent", "submission.approved",
            "submission.returned", "submission.sent", "submission.approved", "submission.accepted",
        ]  # fmt: skip
        assert not any("秘密" in entry.body for entry in entries)
        assert audit.verify(session).finding is None


def test_the_state_of_a_suspended_case_is_not_moved_by_its_confirmation(office: Office) -> None:
    case = office.case(Lifecycle.SUSPENDED)
    submission = office.submission(office.opened())
    office.handed_in(submission)
    office.accept(submission)
    assert case.lifecycle is Lifecycle.SUSPENDED
