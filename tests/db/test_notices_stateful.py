"""Random deeds of several people on notices and the answers to them: what holds, and the log, agree."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.models import (
    AuditEntry,
    Incident,
    Notice,
    NoticeAnswer,
    NoticeEvent,
    NoticeRecipient,
    UseCase,
)
from register.queries.notice_replies import digest as answers_digest
from register.queries.notice_replies import standing
from register.services.notice_values import digest
from register.vocab import NoticeDeed, NoticeState, Reply, ReplyState
from tests.support.data import NOW, STAFF, staffed
from tests.support.databases import KINDS, Databases
from tests.support.notices import Bureau
from tests.support.running_round import Office
from tests.support.stateful import Deeds, walk

people, places = st.sampled_from(list(STAFF)), st.integers(0, 5)
STEPS = ("ask", "clear", "refuse", "issue", "extend", "close", "withdraw")
audiences = st.sampled_from([("all", ""), ("usage_type", "G1"), ("usage_type", "S1"), ("model", "商用LLM-A")])
replies = st.sampled_from([None, *(reply.value for reply in Reply)])
SAID = {
    "notice.written": (None, NoticeDeed.EDIT),
    "notice.moved": (NoticeDeed.ASK, NoticeDeed.CLEAR, NoticeDeed.REFUSE, NoticeDeed.ISSUE, NoticeDeed.EXTEND,
                     NoticeDeed.CLOSE, NoticeDeed.WITHDRAW),
    "notice.answered": (NoticeDeed.ANSWER, NoticeDeed.REOPEN),
    "notice.confirmed": (NoticeDeed.CONFIRM,),
}  # fmt: skip
REACHED = (NoticeState.ISSUED, NoticeState.CLOSED)


def begun(url: str) -> None:
    """Build the staff's database with cases of two ministries and an incident that the secretariat was told of."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        for who in ("reporter", "reporter", "other"):
            Office(session).case(who=who, usage_type="G1", model_usage="商用LLM-A")
        Bureau(session).known()
    database.engine.dispose()


class Notices(Deeds):
    """A reporter and an approver of two ministries, the secretariat, an auditor and an administrator."""

    desk = Bureau

    def __init__(self, databases: Databases, kind: str) -> None:
        super().__init__(databases, kind, begun)
        self.issued: dict[int, tuple[Any, ...]] = {}
        self.late: dict[int, bool] = {}

    @initialize()
    def warn(self) -> None:
        """Have one notice out from the first step on: most of what may go wrong comes after."""
        self.tried(lambda session, bureau: bureau.issued())
        self.settle(0, 0, None)

    @rule(who=people, audience=audiences, known=st.booleans())
    def write(self, who: str, audience: tuple[str, str], known: bool) -> None:
        def deed(session: Session, bureau: Bureau) -> None:
            kind, value = audience
            incident = self.row(session, Incident, 0) if known else None
            bureau.write(who=who, incident=incident, audience_kind=kind, audience_value=value)

        self.tried(deed)

    @rule(place=places, who=people, text=st.sampled_from(["要約に誤りがあった。", "翻訳に誤りがあった。"]))
    def rewrite(self, place: int, who: str, text: str) -> None:
        def deed(session: Session, bureau: Bureau) -> None:
            if notice := self.row(session, Notice, place):
                bureau.rewrite(notice, who=who, text=text)

        self.tried(deed)

    @rule(place=places, who=people, step=st.sampled_from(STEPS))
    def move(self, place: int, who: str, step: str) -> None:
        def deed(session: Session, bureau: Bureau) -> None:
            if notice := self.row(session, Notice, place):
                bureau.take(notice, step, who=who)

        self.tried(deed)

    @rule(place=places, far=st.integers(0, 4))
    def go_on(self, place: int, far: int) -> None:
        """Take the steps to a close as those who may, as far as it goes."""
        way = (("secretariat", "ask"), ("approver", "clear"), ("secretariat", "issue"), ("secretariat", "close"))
        for who, step in way[:far]:

            def deed(session: Session, bureau: Bureau, who: str = who, step: str = step) -> None:
                if notice := self.row(session, Notice, place):
                    bureau.take(notice, step, who=who)

            self.tried(deed)

    @rule(place=places, who=people, case=places, reply=replies, rest=st.booleans())
    def answer(self, place: int, who: str, case: int, reply: str | None, rest: bool) -> None:
        def deed(session: Session, bureau: Bureau) -> None:
            if recipient := self.row(session, NoticeRecipient, place):
                one = self.row(session, UseCase, case)
                bureau.answer(recipient, {one.id: reply}, who=who, rest=rest)

        self.tried(deed)

    @rule(place=places, who=people)
    def confirm(self, place: int, who: str) -> None:
        def deed(session: Session, bureau: Bureau) -> None:
            if recipient := self.row(session, NoticeRecipient, place):
                bureau.confirm(recipient, who=who)

        self.tried(deed)

    @rule(place=places, case=places, reply=replies)
    def settle(self, place: int, case: int, reply: str | None) -> None:
        """Answer all there is and confirm it, as those who may."""

        def deed(session: Session, bureau: Bureau) -> None:
            if recipient := self.row(session, NoticeRecipient, place):
                one = self.row(session, UseCase, case)
                others = recipient.ministry_id == bureau.people["other"].ministry_id
                bureau.answer(recipient, {one.id: reply}, who="other" if others else "reporter", rest=True)
                bureau.confirm(recipient, who="other-approver" if others else "approver")

        self.tried(deed)

    @rule(who=st.sampled_from(["reporter", "other"]), usage=st.sampled_from(["G1", "S1"]))
    def start_another_use(self, who: str, usage: str) -> None:
        self.tried(lambda session, _: Office(session).case(who=who, usage_type=usage, model_usage="商用LLM-A"))

    @rule(count=st.sampled_from([1, 30]))
    def time_goes_by(self, count: int) -> None:
        self.clock.moment += dt.timedelta(days=count)

    @invariant()
    def what_was_issued_stays(self) -> None:
        with self.database.reading() as session:
            numbers = list(session.scalars(select(Notice.notice_no).where(Notice.notice_no.is_not(None))))
            assert len(numbers) == len(set(numbers))
            for one in session.scalars(select(Notice).where(Notice.issued_at.is_not(None))):
                first = (recipient for recipient in one.recipients if recipient.due_on is None)
                reached = tuple(sorted(recipient.ministry_id for recipient in first))
                now = (one.notice_no, one.due_on, one.issued_at, digest(one), reached)
                assert reached
                assert self.issued.setdefault(one.id, now) == now
            unissued = select(NoticeRecipient).join(Notice).where(Notice.issued_at.is_(None))
            assert session.scalars(unissued).all() == []

    @invariant()
    def nothing_leaves_a_ministry_but_the_text_that_it_cleared(self) -> None:
        with self.database.reading() as session:
            bound = (NoticeState.CLEARED, *REACHED)
            own = select(Notice).where(Notice.origin_ministry_id.is_not(None), Notice.state.in_(bound))
            for one in session.scalars(own):
                assert one.cleared_sha256 == digest(one)

    @invariant()
    def only_the_ministry_answers_and_only_its_approver_confirms(self) -> None:
        with self.database.reading() as session:
            lines = session.scalars(select(NoticeEvent)).all()
            of = {STAFF[name][1]: set[str]() for name in STAFF}
            for name, (_, key) in STAFF.items():
                of[key].add(name)
            for one in lines:
                assert one.actor_name in (of[None] if one.ministry_id is None else of["a"] | of["b"])
                if one.deed in (NoticeDeed.CLEAR, NoticeDeed.REFUSE, NoticeDeed.CONFIRM):
                    assert one.actor_name.endswith("approver")
            for answer in session.scalars(select(NoticeAnswer)):
                assert answer.ministry_id == answer.recipient.ministry_id
                assert answer.use_case is None or answer.use_case.ministry_id == answer.ministry_id

    @invariant()
    def a_confirmation_is_of_the_answers_as_they_stand(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(NoticeRecipient)):
                answers = standing(session, one).answers
                assert one.sha256 == (answers_digest(answers) if answers else "")
                assert (one.state is ReplyState.OPEN) == (not answers)
                if one.state is ReplyState.CONFIRMED:
                    assert one.confirmed_sha256 == one.sha256
                    assert one.confirmed_by in ("approver", "other-approver")

    @invariant()
    def late_is_said_once(self) -> None:
        with self.database.reading() as session:
            for one in session.scalars(select(NoticeRecipient)):
                assert (one.late is None) == (one.confirmed_at is None)
                if one.late is not None:
                    assert self.late.setdefault(one.id, one.late) is one.late

    @invariant()
    def the_log_tells_of_every_line_of_the_record(self) -> None:
        with self.database.reading() as session:
            told = dict(session.execute(select(AuditEntry.event, func.count()).group_by(AuditEntry.event)).all())
            done = dict(session.execute(select(NoticeEvent.deed, func.count()).group_by(NoticeEvent.deed)).all())
            done[None] = session.scalar(select(func.count()).select_from(Notice))
            for event, deeds in SAID.items():
                assert told.get(event, 0) == sum(done.get(deed, 0) for deed in deeds)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_apart(databases: Databases, kind: str) -> None:
    walk(lambda: Notices(databases, kind), times=20)
