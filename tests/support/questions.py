"""Checks of the register for tests: make one, find a question, take a step with it. Services do the work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.models import Question, QuestionEvent, User
from register.sentinel import load_limits
from register.services import questions, sentinel
from register.vocab import QuestionDeed, QuestionState
from tests.support.round_files import CONFIG

LIMITS = load_limits(CONFIG)
SYSTEM = Actor.system("tests")
# The way to every state, as those who take it: (who, deed); "check" is the check itself, which finds what it is told.
WAYS: dict[QuestionState, tuple[tuple[str, str], ...]] = {
    QuestionState.OPEN: (),
    QuestionState.CLAIMED: (("reporter", "claim"),),
    QuestionState.EXPLAINED: (("reporter", "explain"),),
    QuestionState.ACCEPTED: (("reporter", "explain"), ("secretariat", "accept")),
}


def check(session: Session) -> dict[str, int]:
    """Check the whole register; return how many questions it did what with."""
    return {deed.value: number for deed, number in sentinel.check(session, LIMITS, by=SYSTEM).items()}


def asked(session: Session, rule: str) -> list[Question]:
    """Return the questions of a rule, the oldest first."""
    return list(session.scalars(select(Question).where(Question.rule == rule).order_by(Question.id)))


def one(session: Session, rule: str) -> Question:
    """Return the only question of a rule."""
    (question,) = asked(session, rule)
    return question


def trail(session: Session, question: Question) -> list[tuple[str, str]]:
    """Return the trail of a question: each deed and where it led."""
    lines = select(QuestionEvent).where(QuestionEvent.question_id == question.id).order_by(QuestionEvent.id)
    return [(line.deed.value, line.to_state.value) for line in session.scalars(lines)]


def move(session: Session, question: Question, deed: str, *, who: str, word: str = "理由") -> Question:
    """Take a step as a person who has just read the question."""
    person = session.scalars(select(User).where(User.name == who)).one()
    own: dict[str, Any] = {"word": word, "version": question.version, "by": Actor.of(person)}
    return questions.move(session, question, QuestionDeed(deed), **own)


def walk(session: Session, question: Question, way: Iterable[tuple[str, str]]) -> Question:
    """Take several steps."""
    for who, deed in way:
        move(session, question, deed, who=who)
    return question
