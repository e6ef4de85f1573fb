"""Referrals on both databases: who takes which step when, a package that is frozen as sent, a record never changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import rfc8785
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from register import audit, authz
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, Referral, ReferralCondition, ReferralEvent, ReferralPackage
from register.queries import agendas
from register.queries import referrals as queries
from register.services import referrals
from register.services.referral_words import LONGEST_TEXT, Words
from register.states import REFERRAL, REFERRAL_OPEN, referral_steps
from register.vocab import Lifecycle, Publicity, ReferralDeed, ReferralState
from tests.support.data import STAFF
from tests.support.referrals import MEETING, MEETING_NAME, PACKAGE, TODAY, Table
from tests.support.running_round import Office

DAY = dt.timedelta(days=1)
STEPS = list(dict.fromkeys(step.deed for step in REFERRAL if step.deed is not ReferralDeed.EDIT))


@pytest.fixture
def table(session: Session) -> Iterator[Table]:
    """The people at their tables; what they did must be told in the log in the end."""
    yield Table(session)
    session.commit()
    assert audit.verify(session).finding is None


def lines(session: Session, referral: Referral) -> list[tuple[str, str, str]]:
    """Return the record of a referral: each deed, where it led and its words."""
    rows = select(ReferralEvent).where(ReferralEvent.referral_id == referral.id).order_by(ReferralEvent.id)
    return [(row.deed.value, row.to_state.value, row.body) for row in session.scalars(rows)]


def sent(session: Session, referral: Referral) -> list[ReferralPackage]:
    """Return what was sent of a referral, oldest first."""
    session.flush()
    return list(queries.packages_of(session, referral))


def test_a_draft_may_be_saved_with_nothing_in_it(table: Table) -> None:
    case = Office(table.session).case()
    made = referrals.draft(table.session, case, {}, by=table.people["reporter"])
    assert (made.referral_no, made.state, made.publicity) == ("a-AB2025-001", ReferralState.DRAFT, None)
    assert table.draft(who="other").referral_no == "b-AB2025-001"
    assert table.draft().referral_no == "a-AB2025-002"


@pytest.mark.parametrize("state", ReferralState)
def test_a_case_has_one_open_referral_at_most(session: Session, state: ReferralState) -> None:
    table, case = Table(session), Office(session).case()
    table.at(state, case)
    if state not in REFERRAL_OPEN:
        assert table.draft(case).referral_no == "a-AB2025-002"
        session.flush()
        return
    with pytest.raises(NotNow, match="a-AB2025-001"):
        table.draft(case)


def test_the_database_itself_keeps_a_second_open_one_out(session: Session) -> None:
    table = Table(session)
    first, second = table.draft(), table.draft()
    second.use_case_id = first.use_case_id
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_case_that_has_ended_is_not_referred(session: Session) -> None:
    case = Office(session).case(to=Lifecycle.RETIRED)
    with pytest.raises(NotNow, match="利用を終えた"):
        Table(session).draft(case)


@pytest.mark.parametrize("state", ReferralState)
def test_who_takes_which_step_when(session: Session, state: ReferralState) -> None:
    table = Table(session)
    number = table.at(state).id
    session.commit()
    for day, name, deed in product((TODAY, MEETING), STAFF, STEPS):
        table.on(day)
        made, by = session.get_one(Referral, number, populate_existing=True), table.people[name]
        step = next((one for one in referral_steps(state) if one.deed is deed), None)
        met = made.meeting_on is not None and day >= made.meeting_on
        early = step and ((step.before and met) or (step.after and not met))
        if not authz.can(by, authz.REFERRAL_DEEDS[deed], made):
            with pytest.raises(Forbidden):
                table.move(made, deed.value, who=name)
        elif step is None or early:
            assert deed not in {one.deed for one in queries.steps_for(made, by, day)}
            with pytest.raises(NotNow):
                table.move(made, deed.value, who=name)
        else:
            assert step in queries.steps_for(made, by, day)
            table.move(made, deed.value, who=name)
            session.flush()
            assert made.state is step.target, (name, deed)
            assert lines(session, made)[-1][:2] == (deed.value, made.state.value)
        session.rollback()


def test_who_edits_when(session: Session) -> None:
    for state in ReferralState:
        table = Table(session)
        made = table.at(state)
        if state in (ReferralState.DRAFT, ReferralState.RETURNED):
            table.edit(made, who="reporter", details="新しい概要")
            table.edit(made, who="approver", purpose="新しい目的")
            assert (made.details, made.purpose) == ("新しい概要", "新しい目的")
        else:
            with pytest.raises(NotNow):
                table.edit(made, details="新しい概要")
        session.rollback()


@pytest.mark.parametrize("name", list(PACKAGE))
def test_nothing_is_sent_with_a_blank_in_it(session: Session, name: str) -> None:
    table = Table(session)
    made = table.draft(**{name: "　"})
    with pytest.raises(Invalid, match=str(queries.PACKAGE[name])):
        table.move(made, "send", who="approver")


@pytest.mark.parametrize(
    ("values", "field"), [({"details": "字" * (LONGEST_TEXT + 1)}, "details"), ({"publicity": "x"}, "publicity")]
)
def test_what_cannot_be_stored_is_said_beside_its_field(session: Session, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Table(session).draft(**values)
    assert list(refused.value.fields) == [field]


def test_what_was_sent_is_frozen_with_its_digest(table: Table) -> None:
    made = table.at(ReferralState.SENT)
    (package,) = sent(table.session, made)
    content = {"referral": "a-AB2025-001", "case": made.use_case.case_no, **PACKAGE}
    assert package.sha256 == hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    assert (package.sent_by, package.sent_at) == ("approver", made.sent_at)


def test_a_second_sending_stands_beside_the_first(table: Table) -> None:
    made = table.at(ReferralState.RETURNED)
    table.edit(made, details="補った概要")
    table.move(made, "send", who="approver")
    first, second = sent(table.session, made)
    assert (first.details, second.details) == (PACKAGE["details"], "補った概要")
    assert first.sha256 != second.sha256
    assert (first.number, second.number) == (1, 2)


def test_what_the_ministry_writes_after_a_return_is_its_own_until_it_is_sent(table: Table) -> None:
    made = table.at(ReferralState.RETURNED)
    table.edit(made, details="まだ送らない概要")
    table.session.flush()
    for name, text in {
        "reporter": "まだ送らない概要",
        "secretariat": PACKAGE["details"],
        "auditor": PACKAGE["details"],
    }.items():
        page = queries.referral_page(table.session, made, table.people[name], TODAY)
        assert page.package.details == text, name
        assert page.working is (name == "reporter")
        assert ("edit" in {event.deed.value for event in page.events}) is (name == "reporter")


def test_sight_begins_with_the_sending_and_stays(session: Session) -> None:
    table = Table(session)
    for state in ReferralState:
        made = table.at(state)
        session.flush()
        for name in ("secretariat", "auditor"):
            seen = session.scalars(authz.visible(select(Referral.id), Referral, table.people[name])).all()
            assert (made.id in seen) is (state is not ReferralState.DRAFT), (state, name)
            assert authz.can(table.people[name], authz.Permission.REFERRAL_READ, made) is (made.id in seen)
        for name in ("other", "other-approver", "admin"):
            assert not authz.can(table.people[name], authz.Permission.REFERRAL_READ, made)
            assert not session.scalars(authz.visible(select(Referral.id), Referral, table.people[name])).all()
        session.rollback()


def test_a_draft_that_was_withdrawn_stays_in_the_ministry(table: Table) -> None:
    made = table.draft()
    table.move(made, "withdraw", who="approver")
    table.session.flush()
    assert made.sent_at is None
    assert not authz.can(table.people["secretariat"], authz.Permission.REFERRAL_READ, made)
    assert authz.can(table.people["reporter"], authz.Permission.REFERRAL_READ, made)


@pytest.mark.parametrize(
    ("state", "deed", "who"),
    [
        (ReferralState.SENT, "return", "secretariat"),
        (ReferralState.SENT, "withdraw", "approver"),
        (ReferralState.SENT, "schedule", "secretariat"),
        (ReferralState.SCHEDULED, "advise", "secretariat"),
        (ReferralState.ADVISED, "respond", "approver"),
        (ReferralState.RESPONDED, "return", "secretariat"),
        (ReferralState.RESPONDED, "close", "secretariat"),
    ],
)
def test_a_step_that_wants_words_is_not_taken_without(
    session: Session, state: ReferralState, deed: str, who: str
) -> None:
    table = Table(session)
    made = table.at(state)
    if deed == "advise":
        table.on(MEETING)
    with pytest.raises(Invalid) as refused:
        table.move(made, deed, who=who, word="　")
    assert list(refused.value.fields) == ["word"]


def test_a_meeting_is_on_a_day_after_the_sending_and_may_be_put_off(table: Table) -> None:
    made = table.at(ReferralState.SENT)
    for day in (None, TODAY - DAY):
        with pytest.raises(Invalid) as refused:
            table.move(made, "schedule", who="secretariat", on=day)
        assert list(refused.value.fields) == ["on"]
    table.move(made, "schedule", who="secretariat")
    table.on(MEETING)
    with pytest.raises(NotNow, match="会議の日"):
        table.move(made, "withdraw", who="approver")
    table.move(made, "schedule", who="secretariat", on=MEETING + DAY)
    table.move(made, "withdraw", who="approver")
    table.session.flush()
    events = table.session.scalars(select(ReferralEvent).order_by(ReferralEvent.id)).all()
    assert [event.on for event in events if event.deed is ReferralDeed.SCHEDULE] == [MEETING, MEETING + DAY]


def test_a_return_takes_the_meeting_away(table: Table) -> None:
    made = table.at(ReferralState.SCHEDULED)
    table.move(made, "return", who="secretariat", word="表が足りない")
    assert (made.state, made.meeting_on, made.meeting_name) == (ReferralState.RETURNED, None, "")
    table.session.flush()
    assert agendas.meetings(table.session, table.people["secretariat"]) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"on": None}, "on"),
        ({"on": MEETING - DAY}, "on"),
        ({"on": MEETING + DAY}, "on"),
        ({"publicity": ""}, "publicity"),
        ({"publicity": "secret"}, "publicity"),
        ({"conditions": "\n".join("条" * 31)}, "conditions"),
        ({"conditions": "条" * 1001}, "conditions"),
    ],
)
def test_an_opinion_says_when_and_what_of_it_is_public(session: Session, changes: dict[str, Any], field: str) -> None:
    table = Table(session)
    made = table.at(ReferralState.SCHEDULED)
    table.on(MEETING)
    with pytest.raises(Invalid) as refused:
        table.move(made, "advise", who="secretariat", **changes)
    assert list(refused.value.fields) == [field]


def test_an_opinion_with_its_conditions_and_the_response_to_each(table: Table) -> None:
    made = table.at(ReferralState.ADVISED)
    assert (made.opinion, made.opinion_on, made.publicity) == ("進めてよい。", MEETING, Publicity.PARTLY)
    with pytest.raises(Invalid) as refused:
        table.move(made, "respond", who="approver", responses={1: "5月に報告する。"})
    assert list(refused.value.fields) == ["condition_2"]
    table.move(made, "respond", who="approver")
    table.session.flush()
    told = [(one.body, one.response) for one in queries.conditions_of(table.session, made)]
    assert told == [("半年後に報告する", "5月に報告する。"), ("苦情の窓口を置く", "4月に置く。")]
    assert lines(table.session, made)[-1] == (
        "respond",
        "responded",
        "そのように進める。\n(1) 5月に報告する。\n(2) 4月に置く。",
    )


def test_an_opinion_without_conditions_is_answered_in_one_text(table: Table) -> None:
    made = table.at(ReferralState.SCHEDULED)
    table.on(MEETING)
    table.move(made, "advise", who="secretariat", conditions="")
    table.move(made, "respond", who="approver", responses={})
    table.session.flush()
    assert not table.session.scalars(select(ReferralCondition)).all()


def test_an_opinion_that_was_taken_down_wrong_is_put_right_and_the_record_keeps_both(table: Table) -> None:
    made = table.at(ReferralState.RESPONDED)
    table.move(made, "return", who="secretariat", word="条件2への対応が足りない")
    assert (made.state, made.responded_at) == (ReferralState.ADVISED, None)
    table.move(
        made, "advise", who="secretariat", word="進めてよい", conditions="半年後に報告する\n窓口を置く\n公表する"
    )
    table.session.flush()
    told = [(one.body, one.response) for one in queries.conditions_of(table.session, made)]
    assert told == [("半年後に報告する", "5月に報告する。"), ("窓口を置く", ""), ("公表する", "")]
    table.move(made, "advise", who="secretariat", word="進めてよい", conditions="半年後に報告する")
    table.session.flush()
    assert len(queries.conditions_of(table.session, made)) == 1
    opinions = [body for deed, _, body in lines(table.session, made) if deed == "advise"]
    assert opinions[0] == "進めてよい。\n(1) 半年後に報告する\n(2) 苦情の窓口を置く"
    assert len(opinions) == 3


def test_an_edit_in_sight_of_an_older_version_is_refused_with_what_is_stored(table: Table) -> None:
    made = table.draft()
    table.session.flush()
    seen = made.version
    table.edit(made, details="先の概要")
    table.session.flush()
    by = table.people["approver"]
    with pytest.raises(Stale) as stale:
        referrals.edit(table.session, made, PACKAGE | {"details": "後の概要"}, version=seen, by=by)
    assert (stale.value.theirs["details"], set(stale.value.theirs)) == ("先の概要", {*PACKAGE, "publicity"})
    with pytest.raises(Stale):
        referrals.move(table.session, made, ReferralDeed.SEND, Words(), version=seen, by=by)


def test_an_edit_that_changes_nothing_leaves_no_line(table: Table) -> None:
    made = table.draft()
    table.session.flush()
    before = made.version
    table.edit(made)
    table.session.flush()
    assert (made.version, lines(table.session, made)) == (before, [])


def test_the_log_tells_every_deed_and_no_words(table: Table) -> None:
    made = table.at(ReferralState.CLOSED, details="秘密の概要")
    table.session.commit()
    entries = table.session.scalars(select(AuditEntry).where(AuditEntry.subject_label == made.referral_no)).all()
    assert [entry.event for entry in entries] == ["referral.drafted", *["referral.moved"] * 5]
    assert not any(
        text in entry.body for entry in entries for text in ("秘密の概要", "進めてよい", "理由", MEETING_NAME)
    )
