"""What of a case is public: proposed by its ministry, decided by the secretariat, and looked at again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, Disclosure, UseCase
from register.queries import disclosures as queries
from register.services import disclosures
from register.vocab import DisclosureClass, DisclosurePart, DisclosureState, Ground
from tests.support.databases import Build
from tests.support.running_round import Office, busy

TITLE, GOAL, CASE = DisclosurePart.TITLE, DisclosurePart.GOAL, DisclosurePart.CASE
PARTLY = {"level": DisclosureClass.PARTLY, "ground": Ground.AFFAIRS, "public_text": "〇〇の要約"}


class Desk:
    """A case of ministry A, and what is proposed and decided of it."""

    def __init__(self, office: Office) -> None:
        self.office, self.session = office, office.session
        self.case: UseCase = office.case()
        self.today = self.session.info["clock"].today()

    def propose(
        self, part: DisclosurePart = TITLE, *, who: str = "approver", version: int = 0, **said: Any
    ) -> Disclosure:
        """Propose something of a part."""
        by = self.office.people[who]
        row = disclosures.propose(self.session, self.case, part, said, version=version, by=by)
        self.session.flush()
        return row

    def decide(self, row: Disclosure, *, accept: bool = True, word: str = "", who: str = "secretariat") -> Disclosure:
        """Decide on a proposal."""
        told: dict[str, Any] = {"accept": accept, "word": word, "version": row.version}
        disclosures.decide(self.session, row, by=self.office.people[who], **told)
        self.session.flush()
        return row

    @property
    def later(self) -> dt.date:
        """A day to look again."""
        return self.today + dt.timedelta(days=30)


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def desk(session: Session) -> Desk:
    """A case of ministry A."""
    return Desk(Office(session))


def test_what_is_proposed_is_not_public_before_it_is_decided(desk: Desk) -> None:
    row = desk.propose(level=DisclosureClass.PUBLIC)
    assert queries.decided(desk.session, [desk.case.id]) == {}
    desk.decide(row)
    assert queries.decided(desk.session, [desk.case.id]) == {(desk.case.id, TITLE): row}
    assert queries.said(row, desk.case.title) == desk.case.title
    assert queries.said(row, "別の題") is None


def test_a_new_proposal_takes_the_decision_back(desk: Desk) -> None:
    row = desk.decide(desk.propose(level=DisclosureClass.PUBLIC))
    again = desk.propose(version=row.version, review_on=desk.later, **PARTLY)
    assert again is row
    assert (row.state, row.decided_at, row.decided_by) == (DisclosureState.PROPOSED, None, "")
    assert queries.decided(desk.session, [desk.case.id]) == {}
    assert queries.said(desk.decide(row), desk.case.title) == "〇〇の要約"


def test_a_public_part_needs_no_ground_and_no_text(desk: Desk) -> None:
    row = desk.propose(level=DisclosureClass.PUBLIC, ground=Ground.PERSON, public_text="x")
    assert (row.ground, row.public_text, row.review_on) == (None, "", None)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, {"level"}),
        ({"level": DisclosureClass.CLOSED}, {"ground", "review_on"}),
        ({**PARTLY, "public_text": " "}, {"public_text", "review_on"}),
        ({**PARTLY, "public_text": "あ" * 2001, "review_on": dt.date(2030, 1, 1)}, {"public_text"}),
        ({**PARTLY, "review_on": dt.date(2025, 1, 1)}, {"review_on"}),
    ],
)
def test_what_is_missing_is_told(desk: Desk, said: dict[str, Any], wrong: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        desk.propose(**said)
    assert set(refused.value.fields) == wrong
    assert desk.session.scalars(select(Disclosure)).all() == []


def test_the_case_as_a_whole_has_no_text_to_show(desk: Desk) -> None:
    row = desk.propose(CASE, review_on=desk.later, **PARTLY)
    assert row.public_text == ""


def test_two_who_propose_at_once_are_told(desk: Desk) -> None:
    desk.propose(level=DisclosureClass.PUBLIC)
    with pytest.raises(Stale):
        desk.propose(level=DisclosureClass.PUBLIC)


def test_what_is_sent_back_has_a_reason_and_is_proposed_anew(desk: Desk) -> None:
    row = desk.propose(level=DisclosureClass.PUBLIC)
    with pytest.raises(Invalid):
        desk.decide(row, accept=False)
    desk.decide(row, accept=False, word="目的が分かってしまうため")
    assert (row.state, row.word) == (DisclosureState.DECLINED, "目的が分かってしまうため")
    with pytest.raises(NotNow):
        desk.decide(row)
    assert desk.propose(version=row.version, level=DisclosureClass.PUBLIC).word == ""


@pytest.mark.parametrize("who", ["reporter", "other-approver", "secretariat", "auditor"])
def test_only_the_approver_of_the_ministry_proposes(desk: Desk, who: str) -> None:
    with pytest.raises(Forbidden):
        desk.propose(who=who, level=DisclosureClass.PUBLIC)


@pytest.mark.parametrize("who", ["approver", "auditor"])
def test_only_the_secretariat_decides(desk: Desk, who: str) -> None:
    row = desk.propose(level=DisclosureClass.PUBLIC)
    with pytest.raises(Forbidden):
        desk.decide(row, who=who)


def waits(desk: Desk, who: str, today: dt.date) -> list[tuple[str, int]]:
    """Return what waits for a person."""
    actor: Actor = desk.office.people[who]
    return [(str(one.text), one.count) for one in queries.tasks(desk.session, actor, today)]


def test_everybody_is_told_what_waits_for_them(desk: Desk) -> None:
    first = desk.propose(level=DisclosureClass.PUBLIC)
    second = desk.propose(GOAL, review_on=desk.later, **PARTLY)
    assert waits(desk, "secretariat", desk.today) == [("公開の区分の提案を決定する", 2)]
    assert waits(desk, "approver", desk.today) == []
    desk.decide(first, accept=False, word="理由")
    desk.decide(second)
    assert waits(desk, "secretariat", desk.today) == []
    assert waits(desk, "approver", desk.today) == [("差し戻された公開の区分を直す", 1)]
    assert waits(desk, "approver", desk.later)[-1] == ("公開の区分を見直す", 1)
    assert waits(desk, "other-approver", desk.later) == []
    assert second.overdue(desk.later)
    listed = queries.waiting(desk.session, desk.office.people["secretariat"], desk.later)
    assert set(listed) == {first, second}
    assert queries.waiting(desk.session, desk.office.people["other-approver"], desk.later) == []


def test_every_step_stands_in_the_log(desk: Desk) -> None:
    desk.decide(desk.propose(level=DisclosureClass.PUBLIC))
    desk.session.commit()
    entries = select(AuditEntry).where(AuditEntry.event.startswith("disclosure")).order_by(AuditEntry.seq)
    found = desk.session.scalars(entries).all()
    assert [(one.event, one.ministry_id) for one in found] == [
        ("disclosure.proposed", desk.case.ministry_id), ("disclosure.decided", desk.case.ministry_id),
    ]  # fmt: skip
