"""A ministry's answer to a notice: who fills and confirms it when, what a confirmation holds, what opens it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, NoticeAnswer, NoticeEvent, NoticeRecipient
from register.queries import notice_replies, notice_tasks
from register.queries import notices as queries
from register.services import notice_answers
from register.services.notice_answers import Told
from register.vocab import NoticeDeed, NoticeState, Reply, ReplyState
from tests.support.data import STAFF
from tests.support.incidents import TODAY
from tests.support.notices import Bureau
from tests.support.running_round import Office

G1 = {"audience_kind": "usage_type", "audience_value": "G1"}


@pytest.fixture
def bureau(session: Session) -> Iterator[Bureau]:
    """The people at their desks; what they did must be told in the log in the end."""
    yield Bureau(session)
    session.commit()
    assert audit.verify(session).finding is None


def answers(session: Session, recipient: NoticeRecipient) -> dict[int | None, tuple[str, str, str]]:
    """Return what is stored: case to reply, comment and who said so."""
    own = select(NoticeAnswer).where(NoticeAnswer.recipient_id == recipient.id)
    return {one.use_case_id: (one.reply.value, one.comment, one.author_name) for one in session.scalars(own)}


@pytest.mark.parametrize("state", ReplyState)
def test_who_answers_and_who_confirms_when(session: Session, state: ReplyState) -> None:
    bureau = Bureau(session)
    Office(session).case(usage_type="G1")
    number = bureau.replied(bureau.issued(**G1), state).id
    case = next(iter(notice_replies.standing(session, session.get_one(NoticeRecipient, number)).fitting))
    session.commit()
    for name, deed in product(STAFF, ("answer", "confirm")):
        recipient = session.get_one(NoticeRecipient, number, populate_existing=True)
        may = {"answer": {"reporter", "approver"}, "confirm": {"approver"}}[deed]

        def act(who: str = name, what: str = deed, row: NoticeRecipient = recipient) -> None:
            if what == "answer":
                bureau.answer(row, {case: "done"}, who=who)
            else:
                bureau.confirm(row, who=who)

        if name not in may:
            with pytest.raises(Forbidden):
                act()
        elif deed == "confirm" and state is ReplyState.OPEN:
            with pytest.raises(Invalid, match="まだ回答していないものが1件"):
                act()
        elif deed == "confirm" and state is ReplyState.CONFIRMED:
            with pytest.raises(NotNow):
                act()
        else:
            act()
            wanted = ReplyState.DRAFTED if deed == "answer" else ReplyState.CONFIRMED
            assert recipient.state is wanted, (name, deed)
        session.rollback()


@pytest.mark.parametrize("state", [NoticeState.CLOSED, NoticeState.WITHDRAWN])
def test_what_is_over_is_not_answered(session: Session, state: NoticeState) -> None:
    bureau = Bureau(session)
    recipient = bureau.recipient(bureau.noticed(state))
    with pytest.raises(NotNow, match=f"「{state.ja}」のため、回答できません"):
        bureau.answer(recipient, {None: "done"})
    with pytest.raises(NotNow):
        bureau.confirm(recipient)


def test_every_case_is_answered_by_itself(bureau: Bureau) -> None:
    office = Office(bureau.session)
    one, two, three = (office.case(usage_type="G1") for _ in range(3))
    recipient = bureau.recipient(bureau.issued(**G1))
    assert bureau.answer(recipient, {one.id: "in_progress", two.id: ""}, comment="点検中") == 1
    assert recipient.state is ReplyState.DRAFTED
    assert answers(bureau.session, recipient) == {one.id: ("in_progress", "点検中", "reporter")}
    with pytest.raises(Invalid, match="2件"):
        bureau.confirm(recipient)
    assert bureau.answer(recipient, {two.id: "done"}, who="approver", rest=True) == 2
    assert {case: said[0] for case, said in answers(bureau.session, recipient).items()} == {
        one.id: "in_progress",
        two.id: "done",
        three.id: "not_concerned",
    }
    assert bureau.answer(recipient, {two.id: "done"}) == 0, "nothing was said that was not known"
    bureau.confirm(recipient)
    page = notice_replies.reply_page(bureau.session, recipient, bureau.people["secretariat"])
    assert page.counts == {Reply.IN_PROGRESS: 1, Reply.DONE: 1, Reply.NOT_CONCERNED: 1}
    assert (page.resembling, page.unanswered, len(page.lines)) == (3, 0, 3)


def test_a_ministry_without_such_a_case_answers_for_itself(bureau: Bureau) -> None:
    recipient = bureau.recipient(bureau.issued())
    page = notice_replies.reply_page(bureau.session, recipient, bureau.people["reporter"])
    assert [(line.use_case, line.key) for line in page.lines] == [(None, "ministry")]
    bureau.answer(recipient, {None: "not_concerned"})
    bureau.confirm(recipient)
    assert answers(bureau.session, recipient) == {None: ("not_concerned", "", "reporter")}
    # A case that resembles later is asked about, and what the ministry said of itself stays.
    case = Office(bureau.session).case()
    later = notice_replies.reply_page(bureau.session, recipient, bureau.people["reporter"])
    assert [line.case_id for line in later.lines] == [None, case.id]
    assert later.unanswered == 1


def test_a_confirmation_holds_what_was_said_and_a_change_opens_it_again(bureau: Bureau) -> None:
    case = Office(bureau.session).case(usage_type="G1")
    recipient = bureau.recipient(bureau.issued(**G1))
    bureau.answer(recipient, {case.id: "in_progress"}, comment="点検中")
    bureau.confirm(recipient)
    held = recipient.confirmed_sha256
    assert held == recipient.sha256
    assert (recipient.confirmed_by, recipient.late) == ("approver", False)
    assert bureau.answer(recipient, {case.id: "in_progress"}, comment="点検中") == 0
    assert recipient.state is ReplyState.CONFIRMED
    bureau.answer(recipient, {case.id: "done"}, comment="点検した")
    assert (recipient.state, recipient.confirmed_sha256) == (ReplyState.DRAFTED, held)
    assert recipient.sha256 != held
    bureau.confirm(recipient)
    assert recipient.confirmed_sha256 == recipient.sha256
    page = notice_replies.reply_page(bureau.session, recipient, bureau.people["reporter"])
    assert [event.deed.value for event in page.record] == ["answer", "confirm", "reopen", "confirm"]
    events = select(AuditEntry.event).where(AuditEntry.subject_table == "notice_recipient").order_by(AuditEntry.seq)
    bureau.session.commit()
    assert list(bureau.session.scalars(events)) == ["notice.answered", "notice.confirmed"] * 2


def test_who_confirms_has_seen_the_newest_answers(session: Session) -> None:
    bureau = Bureau(session)
    recipient = bureau.recipient(bureau.issued())
    bureau.answer(recipient, {None: "done"})
    read = recipient.version
    bureau.answer(recipient, {None: "in_progress"}, comment="まだ")
    for act in (
        lambda: notice_answers.confirm(session, recipient, version=read, by=bureau.people["approver"]),
        lambda: notice_answers.save(session, recipient, {}, version=read, by=bureau.people["approver"]),
    ):
        with pytest.raises(Stale) as refused:
            act()
        assert [(key, row.comment) for key, row in refused.value.theirs.items()] == [("ministry", "まだ")]


def test_a_late_answer_stays_late(bureau: Bureau) -> None:
    recipient = bureau.recipient(bureau.issued())
    bureau.answer(recipient, {None: "in_progress"})
    bureau.on(dt.date(2025, 11, 27))
    bureau.confirm(recipient)
    assert recipient.late is True
    bureau.on(TODAY)
    bureau.answer(recipient, {None: "done"})
    bureau.confirm(recipient)
    assert recipient.late is True


def test_a_comment_wants_an_answer_and_an_end(session: Session) -> None:
    bureau = Bureau(session)
    case = Office(session).case(usage_type="G1")
    recipient = bureau.recipient(bureau.issued(**G1))
    for told in ({case.id: Told(None, "説明")}, {case.id: Told(Reply.DONE, "長" * 1001)}):
        with pytest.raises(Invalid) as refused:
            notice_answers.save(session, recipient, told, version=recipient.version, by=bureau.people["reporter"])
        assert list(refused.value.fields) == [str(case.id)]


def test_the_cases_of_others_are_no_cases(bureau: Bureau) -> None:
    office = Office(bureau.session)
    own, foreign = office.case(usage_type="G1"), office.case(usage_type="G1", who="other")
    recipient = bureau.recipient(bureau.issued(**G1))
    assert bureau.answer(recipient, {foreign.id: "done", None: "done"}) == 0
    assert bureau.answer(recipient, rest=True) == 1
    assert set(answers(bureau.session, recipient)) == {own.id}


def test_those_who_oversee_read_what_was_confirmed(bureau: Bureau) -> None:
    case = Office(bureau.session).case(usage_type="G1")
    made = bureau.issued(**G1)
    recipient = bureau.recipient(made)
    for deed, shown in (("answer", False), ("confirm", True), ("reopen", False)):
        if deed == "confirm":
            bureau.confirm(recipient)
        else:
            bureau.answer(recipient, {case.id: "done" if deed == "answer" else "in_progress"})
        for name in ("secretariat", "auditor"):
            by = bureau.people[name]
            page = notice_replies.reply_page(bureau.session, recipient, by)
            assert (page.shown, bool(page.lines), bool(page.counts)) == (shown, shown, shown)
            board = queries.board(bureau.session, made, by, TODAY)
            assert dict(board.counts) == ({Reply.DONE: 1} if shown else {})
        assert notice_replies.reply_page(bureau.session, recipient, bureau.people["reporter"]).shown


def test_the_board_counts_states_answers_and_who_is_late(bureau: Bureau) -> None:
    office = Office(bureau.session)
    office.case(usage_type="G1")
    office.case(usage_type="G1", who="other")
    made = bureau.issued(**G1)
    bureau.replied(made, ReplyState.CONFIRMED)
    late = dt.date(2025, 11, 27)
    board = queries.board(bureau.session, made, bureau.people["auditor"], late)
    assert [(row.ministry.key, row.resembling, row.overdue, dict(row.counts)) for row in board.rows] == [
        ("a", 1, False, {Reply.NOT_CONCERNED: 1}),
        ("b", 1, True, {}),
    ]
    assert dict(board.states) == {ReplyState.CONFIRMED: 1, ReplyState.OPEN: 1}
    assert board.overdue == 1
    assert queries.board(bureau.session, made, bureau.people["auditor"], TODAY).overdue == 0


def test_a_case_that_resembles_no_more_keeps_its_answer(bureau: Bureau) -> None:
    office = Office(bureau.session)
    case = office.case(usage_type="G1")
    recipient = bureau.recipient(bureau.issued(**G1))
    bureau.answer(recipient, {case.id: "done"})
    office.move(case, case.lifecycle.RETIRED)
    page = notice_replies.reply_page(bureau.session, recipient, bureau.people["reporter"])
    assert [(line.case_id, line.fits) for line in page.lines] == [(case.id, False)]
    assert (page.resembling, page.unanswered) == (0, 0)
    bureau.confirm(recipient)


def test_what_is_at_work_is_on_the_worklist_until_it_is_done(bureau: Bureau) -> None:
    recipient = bureau.recipient(bureau.issued())
    bureau.answer(recipient, {None: "in_progress"})
    bureau.confirm(recipient)
    told = [str(task.text) for task in notice_tasks.tasks(bureau.session, bureau.people["reporter"], TODAY)]
    assert told == ["対応中と回答した注意喚起の対応を終える"]
    bureau.answer(recipient, {None: "done"})
    bureau.confirm(recipient)
    assert notice_tasks.tasks(bureau.session, bureau.people["reporter"], TODAY) == []


def test_many_cases_are_answered_page_by_page(bureau: Bureau) -> None:
    office = Office(bureau.session)
    for _ in range(51):
        office.case(usage_type="G1")
    recipient = bureau.recipient(bureau.issued(**G1))
    by = bureau.people["reporter"]
    first, last = (notice_replies.reply_page(bureau.session, recipient, by, page) for page in (1, 9))
    assert (len(first.lines), len(last.lines), last.page, last.pages) == (50, 1, 2, 2)
    numbers = [line.use_case.case_no for line in (*first.lines, *last.lines) if line.use_case]
    assert numbers == sorted(numbers)
    assert bureau.answer(recipient, rest=True) == 51


def test_the_record_is_the_ministrys_own(bureau: Bureau) -> None:
    made = bureau.issued()
    bureau.replied(made, ReplyState.CONFIRMED)
    own = bureau.people["reporter"].ministry_id
    lines = bureau.session.scalars(select(NoticeEvent).where(NoticeEvent.deed != NoticeDeed.ISSUE))
    assert {line.ministry_id for line in lines} == {own}
    other = notice_replies.reply_page(bureau.session, bureau.recipient(made, "b"), bureau.people["other"])
    assert list(other.record) == []
    assert not authz.can(bureau.people["other"], authz.Permission.NOTICE_READ, bureau.recipient(made))
