"""Random deeds of several people on a round and its rehearsal: totals, states and the log agree after each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.clock import FixedClock
from register.db import Database
from register.errors import RegisterError
from register.models import Round, Submission, SubmissionItem, UseCase, User
from register.services import submissions
from register.states import ROUND_SETTLED, SUBMISSION
from register.vocab import Lifecycle, Role, RoundDeed, SubmissionDeed
from tests.support import round_invariants as holds
from tests.support.data import NOW, lent
from tests.support.databases import Databases
from tests.support.round_files import FIRST, PLAIN, SECOND, file_of, load
from tests.support.round_strategies import SPEC, causes, choice, corrections, sections, typed, usage_types
from tests.support.running_round import COLLEAGUE, FULL, Office, busy

# The returns that people work on: ministry A and B in the round, ministry A in its rehearsal.
A, B, TRIAL = "a", "b", "trial"
returns = st.sampled_from([A, A, B, TRIAL])
places = st.integers(0, 5)
# Not begun, filled in, sent, approved, accepted.
far = st.integers(0, 4)
people = st.integers(0, 1)
days = st.sampled_from([dt.date(2025, 9, 1), SECOND, dt.date(2025, 11, 7)])


# What may be done with a return beside filling it in and correcting it; and the usual way to its acceptance.
DEEDS: dict[SubmissionDeed, Callable[[Office, Submission, str], Any]] = {
    SubmissionDeed.SEND: lambda office, one, who: office.send(one, who),
    SubmissionDeed.DECLARE_NIL: lambda office, one, who: office.nil(one, who),
    SubmissionDeed.DECLINE: lambda office, one, who: submissions.decline(
        office.session, one, reason="一件足りません", by=office.people[who]
    ),
    SubmissionDeed.APPROVE: lambda office, one, who: office.approve(one, who),
    SubmissionDeed.RETURN: lambda office, one, who: office.give_back(
        one, [submissions.Finding(item.id, "title", "確認してください") for item in office.items(one)[:1]]
    ),
    SubmissionDeed.ACCEPT: lambda office, one, who: office.accept(one),
    SubmissionDeed.EXTEND: lambda office, one, who: office.extend(one, dt.date(2025, 12, 26)),
}
WAY = (SubmissionDeed.SEND, SubmissionDeed.APPROVE, SubmissionDeed.ACCEPT)


def running(url: str) -> None:
    """Build a round on form 2 and its rehearsal, both open, after a round on form 1; with cases of every kind."""
    busy(url)
    database = Database(url, FixedClock(NOW))
    v1 = {name: PLAIN[name] for name in PLAIN if name not in ("ministry", "case_no")}
    rows = (
        {"case_no": "a-2025-0001", "usage_type": "G1"},
        {"case_no": "a-2025-0002", "usage_type": "G2", "start_timing": "3", "start_on": "2026-03-31"},
        {"case_no": "b-2025-0001", "ministry": "府省庁B", "usage_type": "S1"},
    )
    with database.writing() as session:
        load(session, file_of(*(v1 | row for row in rows), version="v1"), number=1, version="v1", as_of=FIRST)
    with database.writing() as session:
        office = Office(session)
        office.case(Lifecycle.SUSPENDED)
        office.case(usage_type="G1", goal_kind=None, goal_text="", output_type=None, model_usage="")
        office.opened()
        office.opened(rehearsal=True)
    database.engine.dispose()


def ministry_of(which: str) -> str:
    """Return the key of the ministry that a return belongs to."""
    return B if which == B else A


class RoundInProgress(RuleBasedStateMachine):
    """Two reporters and an approver of one ministry, those of another, and the secretariat."""

    def __init__(self, databases: Databases, kind: str) -> None:
        super().__init__()
        self.stack = ExitStack()
        url = self.stack.enter_context(lent(databases, kind, running))
        self.clock = FixedClock(NOW)
        self.database = Database(url, self.clock)
        self.stack.callback(self.database.engine.dispose)
        self.log = holds.Log()
        self.late: set[int] = set()
        self.figures: dict[bool, holds.Figures] = {}
        self.corrected: set[bool] = set()
        self.pages: dict[tuple[int, str], str] = {}
        self.cases: dict[str, int] = {}
        self.entered: dict[str, set[str]] = {A: set(), B: set(), TRIAL: set()}
        # Who fills in and who approves, of each ministry; two of them change places now and then.
        self.reporters = {A: ["reporter", COLLEAGUE], B: ["other"]}
        self.approvers = {A: "approver", B: "other-approver"}

    def teardown(self) -> None:
        with self.stack, self.database.reading() as session:
            assert audit.verify(session, []).finding is None

    @initialize(
        far=st.fixed_dictionaries(dict.fromkeys((A, B, TRIAL), far)),
        frozen=st.sampled_from(("", "", A, TRIAL)),
        usage_type=usage_types,
        ended=st.booleans(),
        swapped=st.booleans(),
    )
    def begin(self, far: dict[str, int], frozen: str, usage_type: str, ended: bool, swapped: bool) -> None:
        """Let every return be somewhere on its way already, and one of the rounds be frozen perhaps."""
        with self.database.reading() as session:
            self.cases = {which: len(self.items(Office(session), which)) for which in (A, B, TRIAL)}
        assert self.cases == {A: 4, B: 1, TRIAL: 4}
        for which, count in (far | ({frozen: len(WAY) + 1} if frozen else {})).items():
            if count:
                self.fill_in(which, 0, usage_type, ended)
                self.save(which, 1, 1, ("risk", {"risk_case_count": "2"}), "actual", False)
            for deed in WAY[: max(0, count - 1)]:
                assert self.step(which, deed)
        for deed in (RoundDeed.CLOSE, RoundDeed.FREEZE) if frozen else ():
            self.move(frozen, deed, True)
        if swapped:
            self.two_people_change_places()

    def submission(self, office: Office, which: str) -> Submission:
        trial = which == TRIAL
        current = office.session.scalars(select(Round).where(Round.number == 3, Round.rehearsal.is_(trial))).one()
        return office.submission(current, ministry_of(which))

    def items(self, office: Office, which: str) -> list[SubmissionItem]:
        return office.items(self.submission(office, which))

    def item(self, office: Office, which: str, place: int) -> SubmissionItem | None:
        items = self.items(office, which)
        return items[place % len(items)] if items else None

    def do(self, which: str, deed: SubmissionDeed | None, who: str, work: Callable[[Office, Submission], Any]) -> bool:
        """Do a deed as an edge does: who first, then the service, one commit or nothing; tell whether it went through."""
        seq, traces = self.traces()
        done = False
        with suppress(RegisterError), self.database.writing() as session:
            office = Office(session)
            submission = self.submission(office, which)
            if deed is not None:
                authz.require(office.people[who], authz.SUBMISSION_DEEDS[deed], submission)
            work(office, submission)
            done = True
        now, after = self.traces()
        assert done or now == seq
        assert which != TRIAL or after == traces
        if done and deed in (SubmissionDeed.FILL, SubmissionDeed.SEND, SubmissionDeed.DECLARE_NIL):
            self.entered[which].add(who)
        assert not (done and deed is SubmissionDeed.APPROVE and who in self.entered[which])
        return done

    def traces(self) -> tuple[int, tuple[Any, ...]]:
        """Return how long the log is, and what a rehearsal must leave alone."""
        with self.database.reading() as session:
            real = session.scalars(select(Round.id).where(Round.number == 3, Round.rehearsal.is_(False))).one()
            return audit.head(session)[0], (holds.register_of(session), holds.count_by_hand(session, real))

    def reporter(self, which: str, place: int) -> str:
        reporters = self.reporters[ministry_of(which)]
        return reporters[place % len(reporters)]

    @rule(which=returns, place=places, person=people, section=typed, cause=causes, old=st.booleans())
    def save(self, which: str, place: int, person: int, section: Any, cause: str, old: bool) -> None:
        name, values = section
        who, causes_ = self.reporter(which, person), {"usage_type": cause, "user_scope": cause}
        # The register counts no risk case: another answer needs a word why, or the return is not sent.
        why = {"risk_case_count": "書面で知りました"} if cause else {}

        def work(office: Office, _: Submission) -> None:
            if item := self.item(office, which, place):
                now = office.seen(item, name)
                seen = self.pages.setdefault((item.id, name), now) if old else now
                declined = {"model_usage": "契約上の秘密"} if cause and name == "goals" else {}
                own: dict[str, Any] = {"causes": causes_, "declined": declined, "reasons": why}
                office.save(item, name, values, who=who, seen=seen, **own)
                self.pages[item.id, name] = office.seen(item, name)

        self.do(which, SubmissionDeed.FILL, who, work)

    @rule(which=returns, person=people, usage_type=usage_types, ended=st.booleans())
    def fill_in(self, which: str, person: int, usage_type: str, ended: bool) -> None:
        """Answer everything of every case that waits, as a diligent reporter does; one has ended perhaps."""
        who = self.reporter(which, person)
        answers = (
            FULL | {"usage_type": usage_type} | (dict.fromkeys(sections["goals"], "") if usage_type == "G1" else {})
        )

        def work(office: Office, _: Submission) -> None:
            waiting = [one for one in self.items(office, which) if one.confirmation in ("unconfirmed", "new")]
            for item in waiting:
                for name, own in sections.items():
                    given = {question: answers[question] for question in own}
                    office.save(item, name, given, who=who, causes={"usage_type": "actual", "user_scope": "actual"})
            if ended and waiting and waiting[0].use_case_id:
                office.end(waiting[0], who=who)

        self.do(which, SubmissionDeed.FILL, who, work)

    @rule(which=returns, chosen=st.sets(places, min_size=1), person=people)
    def confirm(self, which: str, chosen: set[int], person: int) -> None:
        who = self.reporter(which, person)

        def work(office: Office, submission: Submission) -> None:
            items = self.items(office, which)
            office.confirm(submission, *(items[place] for place in chosen if place < len(items)), who=who)

        self.do(which, SubmissionDeed.FILL, who, work)

    @rule(which=returns, place=places, what=st.sampled_from(["rest", "end", "reopen", "remove"]), day=days)
    def on_a_case(self, which: str, place: int, what: str, day: dt.date) -> None:
        who = self.reporter(which, 0)

        def work(office: Office, _: Submission) -> None:
            if item := self.item(office, which, place):
                deeds = {
                    "rest": lambda: office.rest(item, who),
                    "end": lambda: office.end(item, day, who=who),
                    "reopen": lambda: office.reopen(item, who),
                    "remove": lambda: office.remove(item, who),
                }
                deeds[what]()

        if self.cases[which]:
            self.cases[which] -= self.do(which, SubmissionDeed.FILL, who, work) and what == "remove"

    @rule(which=returns, day=days)
    def wind_up(self, which: str, day: dt.date) -> None:
        """Report that no use is left, so that there is nothing to report but that."""
        who, removed = self.reporter(which, 0), [0]

        def work(office: Office, _: Submission) -> None:
            for item in self.items(office, which):
                if item.use_case_id is None:
                    office.remove(item, who)
                    removed[0] += 1
                else:
                    office.end(item, day, who=who)

        if self.do(which, SubmissionDeed.FILL, who, work):
            self.cases[which] -= removed[0]
            self.step(which, SubmissionDeed.DECLARE_NIL)

    @rule(which=returns, to=st.sampled_from([Lifecycle.PLANNED, Lifecycle.VERIFICATION]), laid=st.booleans())
    def register_by_hand(self, which: str, to: Lifecycle, laid: bool) -> None:
        """Register a case while the round runs; lay it into the return, or leave that to another time."""
        who, added = self.reporter(which, 0), [0]
        with self.database.writing() as session:
            Office(session).case(to, who=who)

        def work(office: Office, submission: Submission) -> None:
            added[0] = office.lay_out_new(submission, who)

        if laid and self.do(which, SubmissionDeed.FILL, who, work):
            self.cases[which] += added[0]

    @rule(which=returns, usage_type=choice("usage_type"))
    def add(self, which: str, usage_type: str) -> None:
        who = self.reporter(which, 0)
        self.cases[which] += self.do(
            which, SubmissionDeed.FILL, who, lambda office, one: office.add(one, who=who, usage_type=usage_type)
        )

    @rule(which=returns, deed=st.sampled_from(list(DEEDS)))
    def any_step(self, which: str, deed: SubmissionDeed) -> None:
        """Try a deed, whether it is time for it or not."""
        self.step(which, deed)

    @rule(which=returns, place=places)
    def next_step(self, which: str, place: int) -> None:
        """Do a deed that is possible now."""
        with self.database.reading() as session:
            one = self.submission(Office(session), which)
            sources = [step for step in SUBMISSION if step.deed in DEEDS and one.round.state in step.rounds]
            open_ = [step.deed for step in sources if one.state in step.sources]
        if open_:
            self.step(which, open_[place % len(open_)])

    def step(self, which: str, deed: SubmissionDeed) -> bool:
        """Do a deed on the way of a return, as whoever does it."""
        whose = authz.SUBMISSION_DEEDS[deed]
        by_ministry = {
            Permission.SUBMISSION_SEND: self.reporter(which, 0),
            Permission.SUBMISSION_APPROVE: self.approvers[ministry_of(which)],
        }
        who = by_ministry.get(whose, "secretariat")
        work = partial(self.accept, which) if deed is SubmissionDeed.ACCEPT and which != TRIAL else DEEDS[deed]
        return self.do(which, deed, who, lambda office, one: work(office, one, who))

    def accept(self, which: str, office: Office, submission: Submission, who: str) -> None:
        """Accept a return, and hold the register against domain.md section 5."""
        cases = {one.id: (one.lifecycle, one.lifecycle_since) for one in office.session.scalars(select(UseCase))}
        items = self.items(office, which)
        before = {item.id: cases.get(item.use_case_id or 0, (None, None)) for item in items}
        office.accept(submission)
        office.session.flush()
        for item in items:
            case = office.session.get_one(UseCase, item.use_case_id)
            assert case.lifecycle is holds.life_after(item, *before[item.id], SECOND), item.case_no
            assert case.case_no == item.case_no

    @rule(which=st.sampled_from([A, TRIAL]), deed=st.sampled_from(list(RoundDeed)[3:]), reason=st.booleans())
    def move(self, which: str, deed: RoundDeed, reason: bool) -> None:
        self.do(
            which, None, "secretariat", lambda office, one: office.go(one.round, deed, reason="理由" if reason else "")
        )

    @rule(which=returns, place=places, values=corrections)
    def correct(self, which: str, place: int, values: dict[str, str]) -> None:
        def work(office: Office, _: Submission) -> None:
            if item := self.item(office, which, place):
                office.correct(item, **values)

        if self.cases[which] and self.do(which, SubmissionDeed.CORRECT, "secretariat", work):
            self.corrected.add(which == TRIAL)

    @rule(days_on=st.sampled_from([1, 20]))
    def time_goes_on(self, days_on: int) -> None:
        self.clock.moment += dt.timedelta(days=days_on)

    @rule()
    def two_people_change_places(self) -> None:
        """The colleague becomes the approver and the approver a reporter."""
        with self.database.writing() as session:
            pair = session.scalars(select(User).where(User.name.in_((COLLEAGUE, "approver")))).all()
            for person in pair:
                person.role = Role.REPORTER if person.role is Role.APPROVER else Role.APPROVER
                audit.record(session, audit.Event.USER_CREATED, person, by=Actor.system("tests"))
        self.reporters[A][1], self.approvers[A] = self.approvers[A], self.reporters[A][1]

    @invariant()
    def all_agrees(self) -> None:
        with self.database.reading() as session:
            holds.check_log(session, self.log)
            office = Office(session)
            for which in self.cases:
                self.check_return(office, which)
            for current in session.scalars(select(Round).where(Round.number == 3)):
                self.check_figures(session, current)
        self.corrected.clear()

    def check_return(self, office: Office, which: str) -> None:
        submission, items = self.submission(office, which), self.items(office, which)
        counted = holds.counts_by_confirmation(office.session, submission)
        assert sum(counted.values()) == self.cases[which]
        holds.check_return(office.session, submission, items, SPEC)
        assert submission.late or submission.id not in self.late
        if submission.late:
            self.late.add(submission.id)

    def check_figures(self, session: Session, current: Round) -> None:
        """What is settled changes by a correction only."""
        figures = holds.check_figures(session, current.id)
        if current.state in ROUND_SETTLED:
            settled = self.figures.setdefault(current.rehearsal, figures)
            assert settled == figures or current.rehearsal in self.corrected
            self.figures[current.rehearsal] = figures


EXAMPLES = {"sqlite": (16, 25), "postgresql": (3, 15)}


def test_random_deeds_leave_a_round_in_order(databases: Databases, database_kind: str) -> None:
    examples, steps = EXAMPLES[database_kind]
    run_state_machine_as_test(
        lambda: RoundInProgress(databases, database_kind),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            # A failure is told as it came: making it smaller takes minutes.
            phases=(Phase.reuse, Phase.generate),
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
