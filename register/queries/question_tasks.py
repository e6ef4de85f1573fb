"""The worklist of the consistency check: questions that wait for their ministry, explanations for the secretariat."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.errors import say
from register.models import Question
from register.queries.tasks import Task
from register.vocab import QuestionState

# Who is told of which questions: the permission that makes it the person's matter, the state, the sentence.
ASKED = (
    (Permission.QUESTION_ANSWER, QuestionState.OPEN, say("確認の質問に答える")),
    (Permission.QUESTION_REVIEW, QuestionState.EXPLAINED, say("確認の質問への説明を確かめる")),
)


def tasks(session: Session, actor: Actor) -> list[Task]:
    """Return what waits for ``actor``, in one statement."""
    mine = [row for row in ASKED if authz.can(actor, row[0])]
    if not mine:
        return []
    states = [state for _, state, _ in mine]
    counting = select(Question.state, func.count()).where(Question.state.in_(states)).group_by(Question.state)
    counts = {row[0]: row[1] for row in session.execute(authz.visible(counting, Question, actor))}
    args = [(text, state) for _, state, text in mine if state in counts]
    return [Task(text, "questions.index", counts[state], {"state": state.value}) for text, state in args]
