"""Questions and findings beside an answer, and the replies to them."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.errors import Invalid, NotFound, NotNow
from register.models import AuditEntry, Remark, Submission, SubmissionItem
from register.services import remarks
from register.vocab import RemarkKind, RoundDeed, SubmissionState
from tests.support.databases import Build
from tests.support.running_round import Office, busy


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def office(session: Session) -> Office:
    """The people of this test."""
    return Office(session)


def handed_in(office: Office) -> SubmissionItem:
    """Return a case of a return that was handed in."""
    submission = office.approve(office.sent())
    return office.items(submission)[0]


def reply(office: Office, item: SubmissionItem, remark_id: int, body: str = "はい") -> Remark:
    """Reply as the reporter, on the return of ``item``."""
    submission = office.submission_of(item)
    return remarks.reply(office.session, submission, remark_id, body, by=office.people["reporter"])


def settle(office: Office, item: SubmissionItem, remark_id: int) -> Remark:
    """Settle a thread as the secretariat, on the return of ``item``."""
    submission = office.submission_of(item)
    return remarks.settle(office.session, submission, remark_id, by=office.people["secretariat"])


def test_a_question_is_replied_to_until_it_is_settled(office: Office) -> None:
    item = handed_in(office)
    question = office.ask(item, "purpose", " 誰が\r\n使いますか ")
    office.session.flush()
    assert (question.kind, question.body, question.field_id) == (RemarkKind.QUESTION, "誰が\n使いますか", "purpose")
    assert (question.author_name, question.at, question.settled_at) == ("secretariat", office.clock.now(), None)
    office.clock.moment += dt.timedelta(hours=1)
    first = reply(office, item, question.id, "相談員です")
    office.session.flush()
    # A reply to a reply belongs to the same thread.
    second = reply(office, item, first.id, "十名です")
    assert [(one.parent_id, one.field_id, one.item_id, one.kind) for one in (first, second)] == [
        (question.id, "purpose", item.id, RemarkKind.QUESTION)
    ] * 2
    assert office.submission_of(item).active_at == office.clock.now()
    assert settle(office, item, second.id) is question
    assert question.settled_at == office.clock.now()
    for late in (lambda: reply(office, item, first.id), lambda: settle(office, item, question.id)):
        with pytest.raises(NotNow, match="この質問は解決済みです。"):
            late()
    assert office.submission_of(item).state is SubmissionState.SUBMITTED


@pytest.mark.parametrize(
    ("body", "said"), [(" \r\n", "内容を入力してください。"), ("あ" * 2001, "2000文字以内で入力してください。")]
)
def test_a_remark_has_words_and_an_end(office: Office, body: str, said: str) -> None:
    item = handed_in(office)
    question = office.ask(item, "purpose", "あ" * 2000)
    office.session.flush()
    for refused in (lambda: office.ask(item, "purpose", body), lambda: reply(office, item, question.id, body)):
        with pytest.raises(Invalid) as invalid:
            refused()
        assert {name: str(sentence) for name, sentence in invalid.value.fields.items()} == {"body": said}


@pytest.mark.parametrize("field", ["case_no", "nothing", "additional_learning", "x" * 100])
def test_a_remark_stands_beside_a_question_of_the_form(office: Office, field: str) -> None:
    item = handed_in(office)
    assert office.ask(item, "", "案件全体についてです").field_id == ""
    with pytest.raises(NotFound):
        office.ask(item, field, "確認です")


def test_a_thread_of_another_return_is_not_found(office: Office) -> None:
    item = handed_in(office)
    question = office.ask(item, "title", "確認です")
    trial = office.submission(office.opened(rehearsal=True))
    other = office.items(trial)[0]
    office.handed_in(trial)
    for remark_id in (question.id, 999):
        for refused in (reply, settle):
            with pytest.raises(NotFound):
                refused(office, other, remark_id)
    with pytest.raises(NotFound):
        remarks.ask(office.session, trial, item.id, "title", "確認です", by=office.people["secretariat"])


def test_what_is_settled_in_a_frozen_round_is_left_alone(office: Office) -> None:
    item = handed_in(office)
    question = office.ask(item, "title", "確認です")
    office.accept(office.submission_of(item))
    office.go(item.round, RoundDeed.CLOSE, RoundDeed.FREEZE, reason="府省庁Bは除く")
    for refused in (lambda: settle(office, item, question.id), lambda: reply(office, item, question.id)):
        with pytest.raises(NotNow, match="この回は「確定」のため"):
            refused()


def test_remarks_are_named_in_the_log_without_their_words(database: Database) -> None:
    with database.writing() as session:
        item = handed_in(Office(session))
    with database.writing() as session:
        office = Office(session)
        item = session.get_one(SubmissionItem, item.id)
        question = office.ask(item, "purpose", "秘密の質問")
    for deed in (reply, settle):
        with database.writing() as session:
            deed(Office(session), session.get_one(SubmissionItem, item.id), question.id)
    with database.reading() as session:
        own = select(AuditEntry).where(AuditEntry.event.in_(("submission.asked", "submission.replied")))
        entries = session.scalars(own.order_by(AuditEntry.seq)).all()
        assert [(one.event, one.actor_name) for one in entries] == [
            (audit.Event.SUBMISSION_ASKED, "secretariat"),
            (audit.Event.SUBMISSION_REPLIED, "reporter"),
            (audit.Event.SUBMISSION_ASKED, "secretariat"),
        ]
        assert not any("秘密" in one.body for one in entries)
        assert {one.subject_id for one in entries} == {
            str(session.scalars(select(Submission.id).where(Submission.id == item.submission_id)).one())
        }
        assert audit.verify(session).finding is None
