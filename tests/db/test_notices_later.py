"""Cases that fit a notice only later: ministries that are added, and questions to those that had answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from register import audit
from register.errors import Invalid
from register.queries import notice_replies
from register.queries import notices as queries
from register.services import ai_systems, notices
from tests.support.incidents import RISK, TODAY
from tests.support.notices import Bureau
from tests.support.questions import asked, check, one
from tests.support.running_round import Office

DAY = dt.timedelta(days=1)
TEN_DAYS_ON = dt.date(2025, 11, 25)  # 24 November is a holiday


@pytest.fixture
def office(session: Session) -> Iterator[Office]:
    """The people at their desks; what they did must be told in the log in the end."""
    yield Office(session)
    session.commit()
    assert audit.verify(session).finding is None


def test_a_ministry_that_fits_later_is_added_and_answers_by_a_day_of_its_own(office: Office) -> None:
    session, bureau = office.session, Bureau(office.session)
    office.case(usage_type="S1")
    made = bureau.issued(audience_kind="usage_type", audience_value="S1")
    office.case(usage_type="S1")
    with pytest.raises(Invalid, match="加わる府省庁はありません"):
        bureau.take(made, "extend")
    late = TODAY + 30 * DAY
    bureau.on(late)
    office.case(who="other", usage_type="S1")
    secretariat, other = bureau.people["secretariat"], bureau.people["other"]
    page = queries.board(session, made, secretariat, late)
    assert [(body.id, count) for body, count in page.unaddressed] == [(other.ministry_id, 1)]
    assert not queries.board(session, made, bureau.people["auditor"], late).unaddressed
    with pytest.raises(Invalid, match="今日以降"):
        notices.extend(session, made, due_on=TODAY, terms=RISK, version=made.version, by=secretariat)
    bureau.take(made, "extend")
    session.flush()
    added, first = bureau.recipient(made, "b"), bureau.recipient(made)
    assert (first.due, added.due) == (TEN_DAYS_ON, dt.date(2025, 12, 24))
    assert (first.overdue(late), added.overdue(late)) == (True, False)
    assert not queries.board(session, made, secretariat, late).unaddressed
    assert [event.deed.value for event in queries.notice_page(session, made, secretariat, late).events] == [
        "issue",
        "extend",
    ]
    told = queries.notice_page(session, made, bureau.people["reporter"], late)
    assert [event.deed.value for event in told.events] == ["issue"], "who else was reached is nobody's to know"
    (row,) = queries.list_page(session, other, queries.ListState(), late).rows
    assert (row.replies.due, row.replies.late(late)) == (added.due, False)
    late_ones = queries.ListState({"reply": ("late",)})
    assert [queries.list_page(session, by, late_ones, late).total for by in (secretariat, other)] == [1, 0]
    bureau.answer(added, rest=True, who="other")
    bureau.confirm(added, who="other-approver")
    assert added.late is False


def test_a_case_that_fits_an_answered_notice_later_is_asked_about(office: Office) -> None:
    session, bureau = office.session, Bureau(office.session)
    first = office.case(usage_type="S1", title="先の案件")
    warned = bureau.issued(audience_kind="usage_type", audience_value="S1")
    recipient = bureau.recipient(warned)
    later = office.case(usage_type="S1", title="後の案件")
    assert check(session) == {}, "while the answer is open the worklist tells of it"
    bureau.answer(recipient, {first.id: "done", later.id: "done"})
    bureau.confirm(recipient)
    assert check(session) == {}
    newest = office.case(usage_type="S1", title="もっと後の案件")
    office.case(usage_type="G2", title="当てはまらない案件")
    office.case(who="other", usage_type="S1", title="宛先でない府省庁の案件")
    assert check(session) == {"ask": 1}
    question = one(session, "N01")
    assert (question.use_case_id, question.facts) == (newest.id, {"open_notices": warned.notice_no})
    bureau.answer(recipient, {newest.id: "not_concerned"})
    bureau.confirm(recipient)
    assert check(session) == {"settle": 1}


@pytest.mark.parametrize(
    ("kind", "value", "fitting"),
    [
        ("all", "", {}),
        ("confidentiality", "3", {"confidentiality": "3"}),
        ("model", "ＬＬＭ－ｘ", {"model_usage": "商用LLM-X"}),
        ("vendor", "(株)甲", {}),
    ],
)
def test_every_audience_is_told_alike_by_the_check_and_by_the_notice(
    office: Office, kind: str, value: str, fitting: dict[str, Any]
) -> None:
    session, bureau = office.session, Bureau(office.session)
    if kind == "vendor":
        system = ai_systems.create(session, values={"name": "基盤", "vendor": "（株）甲"}, by=office.people["reporter"])
        session.flush()
        fitting = {"ai_system_id": system.id}
    office.case(title="先の案件", **fitting)
    recipient = bureau.recipient(bureau.issued(audience_kind=kind, audience_value=value))
    bureau.answer(recipient, rest=True)
    bureau.confirm(recipient)
    office.case(title="後の案件", **fitting)
    office.case(title="当てはまらない案件")
    check(session)
    open_ids = notice_replies.standing(session, recipient).open_ids
    assert {question.use_case_id for question in asked(session, "N01")} == set(open_ids) != set()
