"""Every line of docs/rounds.md, tried as every role in every state of the round and of the return."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor
from register.errors import Forbidden, NotNow
from register.models import Edition, Remark, Round, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.queries.receipts import digest
from register.queries.returns import possible
from register.services import items, remarks, rounds, submissions
from register.services.answers import Typed
from register.vocab import EditionState, RemarkKind, Role, RoundDeed, RoundState, SubmissionDeed, SubmissionState
from tests.support.data import STAFF
from tests.support.databases import Build
from tests.support.round_matrix import ANY, EDITION, GRANTED, NOW, STAYS, Line, read
from tests.support.running_round import LIBRARY, TODAY, Office, busy
from tests.support.sources import ROOT

MATRIX = {(line.deed, line.state): line for line in read((ROOT / "docs" / "rounds.md").read_text())}
GOES, NOT_NOW, FORBIDDEN = "goes through", "not now", "forbidden"


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@dataclass(frozen=True)
class Desk:
    """A round with one return, and what the deeds need of it."""

    office: Office
    round: Round
    submission: Submission
    item: SubmissionItem
    remark: Remark

    @property
    def session(self) -> Session:
        return self.office.session

    def stand(self, of_round: RoundState, state: SubmissionState, *, granted: bool) -> None:
        """Let the round and the return stand in these states, with the content sent and approved as it is."""
        self.round.state, self.submission.state, self.submission.granted = of_round, state, granted
        content = digest(self.session, self.submission)
        self.submission.sent_sha256 = self.submission.approved_sha256 = content
        self.session.flush()

    def publish(self) -> None:
        """Let an edition of the round's report be out."""
        now = self.office.clock.now()
        out = Edition(round=self.round, number=1, state=EditionState.PUBLISHED, threshold=0, author="secretariat")
        out.created_at = out.updated_at = now
        self.session.add(out)

    def traces(self) -> tuple[object, ...]:
        """Return everything that a deed would change."""
        self.session.flush()
        models = (Round, Submission, SubmissionItem, UseCase)
        versions = [sorted(map(tuple, self.session.execute(select(one.id, one.version)))) for one in models]
        counts = [len(self.session.scalars(select(one.id)).all()) for one in (SubmissionEvent, Remark)]
        return self.round.state, self.submission.state, versions, counts


@pytest.fixture
def desk(session: Session) -> Desk:
    """A round of one ministry with one confirmed case that somebody asked about; the other ministry's waits."""
    office = Office(session)
    case = office.case()
    office.case(who="other")
    submission = office.submission(office.opened())
    item = office.item(submission, case)
    office.confirm(submission)
    of_return = {"submission_id": submission.id, "ministry_id": submission.ministry_id, "item_id": item.id}
    remark = Remark(
        kind=RemarkKind.QUESTION, body="質問", author_name="secretariat", at=office.clock.now(), **of_return
    )
    session.add(remark)
    # Who confirmed it is nobody of those who try: four eyes are another test's matter.
    for event in session.scalars(select(SubmissionEvent)):
        event.actor_id = 0
    session.flush()
    return Desk(office, submission.round, submission, item, remark)


def fill(desk: Desk, by: Actor) -> None:
    """Save a section."""
    seen, typed = desk.office.seen(desk.item, "risk"), Typed({"risk_case_count": "1"})
    items.save_section(
        desk.session, desk.submission, desk.item.id, "risk", typed, seen=seen, spec=LIBRARY.newest, by=by
    )


def extend(desk: Desk, by: Actor) -> None:
    """Give a later day."""
    day = dt.date(2025, 12, 26)
    submissions.extend(desk.session, desk.submission, due_on=day, reason="理由", by=by)


def send_back(desk: Desk, by: Actor) -> None:
    """Return the submission with a finding."""
    findings = [submissions.Finding(desk.item.id, "title", "指摘")]
    submissions.send_back(desk.session, desk.submission, reason="理由", findings=findings, by=by)


DEEDS: dict[SubmissionDeed, Callable[[Desk, Actor], object]] = {
    SubmissionDeed.FILL: fill,
    SubmissionDeed.DECLARE_NIL: lambda desk, by: submissions.declare_nil(desk.session, desk.submission, by=by),
    SubmissionDeed.SEND: lambda desk, by: submissions.send(desk.session, desk.submission, spec=LIBRARY.newest, by=by),
    SubmissionDeed.DECLINE: lambda desk, by: submissions.decline(desk.session, desk.submission, reason="理由", by=by),
    SubmissionDeed.APPROVE: lambda desk, by: submissions.approve(
        desk.session, desk.submission, seen=desk.submission.sent_sha256, by=by
    ),
    SubmissionDeed.ASK: lambda desk, by: remarks.ask(
        desk.session, desk.submission, desk.item.id, "title", "質問", by=by
    ),
    SubmissionDeed.REPLY: lambda desk, by: remarks.reply(desk.session, desk.submission, desk.remark.id, "返事", by=by),
    SubmissionDeed.EXTEND: extend,
    SubmissionDeed.RETURN: send_back,
    SubmissionDeed.ACCEPT: lambda desk, by: submissions.accept(
        desk.session, desk.submission, spec=LIBRARY.newest, by=by
    ),
    SubmissionDeed.CORRECT: lambda desk, _: desk.office.correct(desk.item, title="正しい題"),
}


def expected(line: Line, role: Role, of_round: RoundState, *, own: bool, granted: bool) -> str:
    """Return what the page says of a person of ``role``."""
    if not line.names(role, own=own):
        return FORBIDDEN
    mark = line.mark(of_round)
    return GOES if mark == NOW or (mark == GRANTED and granted) else NOT_NOW


def outcome(deed: Callable[[Actor], object], person: Actor) -> str:
    """Let a person try it, and return what came of it."""
    try:
        deed(person)
    except Forbidden:
        return FORBIDDEN
    except NotNow:
        return NOT_NOW
    return GOES


def standings() -> Iterator[tuple[RoundState, SubmissionState, bool]]:
    """Yield every state of a round with every state of a return; once more where handing in was granted."""
    for of_round in RoundState:
        for state in SubmissionState:
            for granted in (False, True) if of_round is RoundState.CLOSED else (False,):
                yield of_round, state, granted


def walk(desk: Desk, line: Line, deed: Callable[[Actor], object], done: Callable[[], object], *, granted: bool) -> None:
    """Let everybody try a deed where all stand: a refusal leaves no trace, what goes through is taken back again."""
    before, goers = desk.traces(), []
    for name in STAFF:
        person = desk.office.people[name]
        assert person.role is not None
        own = person.ministry_id in (None, desk.submission.ministry_id)
        said = expected(line, person.role, desk.round.state, own=own, granted=granted)
        if said == GOES:
            goers.append(person)
        else:
            assert outcome(deed, person) == said, (line, name)
    assert desk.traces() == before
    for person in goers:
        savepoint = desk.session.begin_nested()
        assert outcome(deed, person) == GOES, (line, person.name)
        assert desk.traces() != before
        done()
        savepoint.rollback()


@pytest.mark.parametrize("deed", SubmissionDeed)
def test_a_deed_on_a_return_is_what_the_page_says(desk: Desk, deed: SubmissionDeed) -> None:
    if deed is SubmissionDeed.DECLARE_NIL:
        desk.office.end(desk.item)

    def do(person: Actor) -> None:
        authz.require(person, authz.SUBMISSION_DEEDS[deed], desk.submission)
        DEEDS[deed](desk, person)

    for of_round, state, granted in standings():
        line = MATRIX[deed.value, state.value]

        def done(to: str = state.value if line.target == STAYS else line.target) -> None:
            assert desk.submission.state.value == to

        savepoint = desk.session.begin_nested()
        desk.stand(of_round, state, granted=granted)
        walk(desk, line, do, done, granted=granted)
        savepoint.rollback()


@pytest.mark.parametrize("deed", SubmissionDeed)
def test_a_page_offers_a_deed_to_those_with_whom_it_goes_through(deed: SubmissionDeed) -> None:
    for of_round, state, granted in standings():
        line = MATRIX[deed.value, state.value]
        current, submission = Round(state=of_round), Submission(state=state, granted=granted, ministry_id=1)
        for name, (role, key) in STAFF.items():
            person = Actor(name, 1, role, {"a": 1, "b": 2}[key] if key else None)
            goes = expected(line, role, of_round, own=key != "b", granted=granted) == GOES
            assert (deed in possible(submission, current, person, TODAY)) is goes, (line, of_round, name)


@pytest.mark.parametrize("deed", RoundDeed)
def test_a_deed_on_a_round_is_what_the_page_says(desk: Desk, deed: RoundDeed) -> None:
    line = MATRIX[deed.value, ANY]

    def do(person: Actor) -> None:
        authz.require(person, authz.ROUND_DEEDS[deed], desk.round)
        rounds.move(desk.session, desk.round, deed, forms=LIBRARY, reason="理由", by=person)

    for of_round, state, granted in standings():

        def done(state: SubmissionState = state) -> None:
            frozen = deed is RoundDeed.FREEZE and state is SubmissionState.ACCEPTED
            assert desk.round.state.value == line.target
            assert desk.submission.state is (SubmissionState.FROZEN if frozen else state)

        savepoint = desk.session.begin_nested()
        desk.stand(of_round, state, granted=granted)
        if line.wants == EDITION:
            desk.publish()
        walk(desk, line, do, done, granted=granted)
        savepoint.rollback()


def test_the_page_names_every_deed_and_somebody_for_it() -> None:
    assert {deed for deed, _ in MATRIX} == {*map(str, RoundDeed), *map(str, SubmissionDeed)}
    assert set(DEEDS) == set(SubmissionDeed)
    for deed in {deed for deed, _ in MATRIX}:
        own = [line for line in MATRIX.values() if line.deed == deed]
        assert any(line.who and any(line.marks) for line in own), deed
        # Whoever is named where it goes through is named there alone: no line lets nobody do what is possible.
        assert all(line.who for line in own if any(line.marks)), deed
    assert replace(own[0], who=()).cells[2] == "nobody"
