"""Reading rounds: the list, and the board of one round with what is to do next about each ministry."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from register import authz, workdays
from register.authz import Actor, Permission
from register.models import FormVersion, Ministry, Round, Submission, SubmissionEvent, SubmissionItem, UseCase
from register.queries import questions
from register.queries.ministries import existed
from register.queries.returns import possible
from register.states import ROUND, ROUND_RUNNING, SETTLED_RETURN, RoundStep
from register.vocab import Confirmation, Lifecycle, RoundDeed, SubmissionDeed, SubmissionState

# The states in which the ministry has not handed in for the first time, or owes something again.
OWING = frozenset(
    {
        SubmissionState.NOT_STARTED,
        SubmissionState.IN_PROGRESS,
        SubmissionState.IN_REVIEW,
        SubmissionState.RETURNED,
    }
)
HANDED_IN = (SubmissionState.SUBMITTED, SubmissionState.ACCEPTED, SubmissionState.FROZEN)
NO_CASES: Mapping[Confirmation, int] = {}


@dataclass(frozen=True)
class RoundRow:
    """One round of the list: how many of the ministries that take part have handed in."""

    round: Round
    version: str
    handed_in: int
    ministries: int


@dataclass(frozen=True)
class BoardState:
    """What of the board is shown; all of it stands in the URL."""

    state: SubmissionState | None = None
    late: bool = False

    @classmethod
    def of(cls, args: Mapping[str, str]) -> BoardState:
        """Return what a URL asks for; what it asks for in vain is left out."""
        state = args.get("state", "")
        return cls(SubmissionState(state) if state in set(SubmissionState) else None, args.get("late") == "1")

    def args(self) -> dict[str, str]:
        """Return the URL's part for this state."""
        return ({"state": self.state.value} if self.state else {}) | ({"late": "1"} if self.late else {})

    def holds(self, row: BoardRow) -> bool:
        """Tell whether ``row`` is shown."""
        return (self.state is None or row.state is self.state) and (row.late or not self.late)


@dataclass(frozen=True)
class BoardRow:
    """One ministry's place on the board; ``submission`` is None where it sent nothing to a round collected elsewhere.

    ``days_left`` are business days, while the ministry owes its return; ``overdue`` says that they are used up.
    ``questions`` are those of the consistency check that the ministry has still to answer.
    """

    ministry: Ministry
    submission: Submission | None
    counts: Mapping[Confirmation, int]
    deadline: dt.date | None = None
    days_left: int | None = None
    overdue: bool = False
    extended_for: str = ""
    deeds: frozenset[SubmissionDeed] = frozenset()
    questions: int = 0

    @property
    def items(self) -> int:
        """How many cases the return holds."""
        return sum(self.counts.values())

    @property
    def state(self) -> SubmissionState:
        return self.submission.state if self.submission else SubmissionState.NOT_STARTED

    @property
    def late(self) -> bool:
        """Whether the return was handed in after its deadline, or should have been by now."""
        return self.overdue or (self.submission is not None and self.submission.late)

    @property
    def acceptable(self) -> bool:
        return SubmissionDeed.ACCEPT in self.deeds

    @property
    def collected(self) -> bool:
        """Whether the return was handed in here, so that there is something to review."""
        return self.submission is not None and bool(self.submission.approved_sha256)


@dataclass(frozen=True)
class RoundPage:
    """A round's facts and the returns that the actor may see, in official order of the ministries.

    ``board`` holds what is shown of ``rows``; ``standing`` counts all of them by state.
    """

    round: Round
    form_version: FormVersion
    rows: Sequence[BoardRow]
    shown: BoardState
    whole: bool  # every ministry, or only the actor's own
    deeds: Sequence[RoundStep]
    days_left: int | None

    @property
    def board(self) -> Sequence[BoardRow]:
        return [row for row in self.rows if self.shown.holds(row)]

    @property
    def items(self) -> int:
        return sum(row.items for row in self.rows)

    @property
    def standing(self) -> Mapping[SubmissionState, int]:
        """How many ministries stand in each state that there is one in, in the order of the way."""
        counted = Counter(row.state for row in self.rows)
        return {state: counted[state] for state in SubmissionState if counted[state]}

    @property
    def late(self) -> int:
        return sum(row.late for row in self.rows)

    @property
    def confirmations(self) -> Sequence[Confirmation]:
        """The columns of the board: what ministries say here, or that a case was reported elsewhere."""
        found = set().union(*(row.counts for row in self.rows))
        elsewhere = bool(found) and found <= {Confirmation.REPORTED}
        return [one for one in Confirmation if (one is Confirmation.REPORTED) == elsewhere]

    def sum_of(self, confirmation: Confirmation) -> int:
        """Return how many cases of the shown rows were said to be so."""
        return sum(row.counts.get(confirmation, 0) for row in self.board)


@dataclass(frozen=True)
class MovePage:
    """What a step of a round will do: to how many ministries and cases, and which ministries it leaves out."""

    round: Round
    step: RoundStep
    ministries: int
    cases: int
    open_returns: Sequence[Ministry]
    early: bool
    past: bool


def list_rounds(session: Session, actor: Actor) -> Sequence[RoundRow]:
    """Return the rounds that ``actor`` may know of, newest first."""
    handed_in = func.count(Submission.id).filter(Submission.state.in_(HANDED_IN))
    statement = (
        select(Round, FormVersion.version, handed_in, func.count(Submission.id))
        .join(FormVersion, FormVersion.id == Round.form_version_id)
        .outerjoin(Submission, Submission.round_id == Round.id)
        .group_by(Round.id, FormVersion.id)
        .order_by(Round.as_of.desc(), Round.id.desc())
    )
    return [RoundRow(*row) for row in session.execute(authz.visible(statement, Round, actor))]


def round_page(
    session: Session, round: Round, actor: Actor, today: dt.date, shown: BoardState | None = None
) -> RoundPage:
    """Return the round's page as ``actor`` may see it, in five statements."""
    whole = authz.can(actor, Permission.ROUND_BOARD)
    own = None if whole else actor.ministry_id
    due = round.due_on if round.state in ROUND_RUNNING else None
    return RoundPage(
        round,
        session.get_one(FormVersion, round.form_version_id),
        _board(session, round, actor, today, own),
        shown or BoardState(),
        whole,
        [step for step in ROUND if round.state in step.sources and authz.can(actor, authz.ROUND_DEEDS[step.deed])],
        workdays.between(today, due) if due else None,
    )


def _board(session: Session, round: Round, actor: Actor, today: dt.date, own: int | None) -> list[BoardRow]:
    on_round = and_(Submission.ministry_id == Ministry.id, Submission.round_id == round.id)
    statement = (
        select(Ministry, Submission)
        .outerjoin(Submission, on_round)
        .where(_takes_part(round))
        .order_by(Ministry.sort_no, Ministry.id)
    )
    if own is not None:
        statement = statement.where(Ministry.id == own)
    found = session.execute(statement).all()
    counts, reasons = _counts(session, round), _extended(session, round)
    asked = questions.waiting(session, actor)
    rows = [
        _row(ministry, submission, round, actor, today, counts, reasons) if submission else BoardRow(ministry, None, {})
        for ministry, submission in found
    ]
    return [replace(row, questions=asked.get(row.ministry.id, 0)) for row in rows]


def _row(
    ministry: Ministry,
    submission: Submission,
    round: Round,
    actor: Actor,
    today: dt.date,
    counts: Mapping[int, Mapping[Confirmation, int]],
    reasons: Mapping[int, str],
) -> BoardRow:
    deadline = submission.deadline(round)
    owing = deadline is not None and submission.state in OWING and round.state in ROUND_RUNNING
    first = submission.submitted_at is None
    return BoardRow(
        ministry,
        submission,
        counts.get(submission.id, NO_CASES),
        deadline,
        workdays.between(today, deadline) if owing and deadline else None,
        bool(owing and first and deadline and deadline < today),
        reasons.get(submission.id, ""),
        possible(submission, round, actor, today),
    )


def _counts(session: Session, round: Round) -> Mapping[int, Mapping[Confirmation, int]]:
    statement = (
        select(SubmissionItem.submission_id, SubmissionItem.confirmation, func.count())
        .where(SubmissionItem.round_id == round.id)
        .group_by(SubmissionItem.submission_id, SubmissionItem.confirmation)
    )
    found: dict[int, dict[Confirmation, int]] = {}
    for submission_id, confirmation, count in session.execute(statement):
        found.setdefault(submission_id, {})[confirmation] = count
    return found


def _extended(session: Session, round: Round) -> Mapping[int, str]:
    """Return why each deadline was last extended."""
    statement = (
        select(SubmissionEvent.submission_id, SubmissionEvent.reason)
        .join(Submission, Submission.id == SubmissionEvent.submission_id)
        .where(Submission.round_id == round.id, SubmissionEvent.deed == SubmissionDeed.EXTEND)
        .order_by(SubmissionEvent.id)
    )
    return {row.submission_id: row.reason for row in session.execute(statement)}


def _takes_part(round: Round) -> ColumnElement[bool]:
    """A round that was planned here has its ministries; one collected elsewhere was meant for all of that day."""
    here = or_(Submission.state != SubmissionState.FROZEN, Submission.approved_sha256 != "")
    planned = select(Submission.id).where(Submission.round_id == round.id, here).correlate(None).exists()
    return or_(Submission.id.is_not(None), and_(existed(round.as_of), ~planned))


def move_page(session: Session, round: Round, step: RoundStep, today: dt.date) -> MovePage:
    """Return what ``step`` would do to ``round`` today."""
    statement = (
        select(Ministry, Submission.state)
        .join(Submission, Submission.ministry_id == Ministry.id)
        .where(Submission.round_id == round.id)
        .order_by(Ministry.sort_no, Ministry.id)
    )
    returns = [(row[0], row[1]) for row in session.execute(statement)]
    opening = step.deed is RoundDeed.OPEN
    return MovePage(
        round,
        step,
        len(returns),
        _cases(session, round, [ministry.id for ministry, _ in returns]) if opening else 0,
        [ministry for ministry, state in returns if _left_open(step.deed, state)],
        opening and round.opens_on is not None and round.opens_on > today,
        round.due_on is not None and round.due_on < today,
    )


def _left_open(deed: RoundDeed, state: SubmissionState) -> bool:
    """Tell whether a return stands in the way: not accepted when freezing, not handed in when closing."""
    if deed is RoundDeed.FREEZE:
        return state is not SETTLED_RETURN
    return deed is RoundDeed.CLOSE and state in OWING


def _cases(session: Session, round: Round, ministries: Iterable[int]) -> int:
    """Return how many cases of the register opening would lay before the ministries."""
    living = or_(UseCase.lifecycle != Lifecycle.RETIRED, UseCase.lifecycle_since > round.as_of)
    statement = select(func.count()).select_from(UseCase).where(UseCase.ministry_id.in_(ministries), living)
    return session.scalar(statement) or 0
