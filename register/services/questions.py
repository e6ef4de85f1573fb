"""What people do with a question of the consistency check: a ministry answers, the secretariat looks at it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.errors import Invalid, NotNow, Say, say
from register.models import Question, QuestionEvent
from register.services.editing import refuse_stale
from register.states import QUESTION_BY_CHECK, question_step
from register.text import clean
from register.vocab import MINISTRY_ROLES, QuestionDeed

LONGEST_WORD = 2000
SHOWN = ("state",)


def move(session: Session, question: Question, deed: QuestionDeed, *, word: str, version: int, by: Actor) -> Question:
    """Take a step with a question; raise ``NotNow`` when the table says no, ``Invalid`` when the words are missing."""
    if deed in QUESTION_BY_CHECK:
        raise NotNow(say("「%(deed)s」ことは、台帳の確認だけが行います。", deed=deed))
    authz.require(by, authz.QUESTION_DEEDS[deed], question)
    step = question_step(deed, question.state)
    refuse_stale(question, version, SHOWN)
    word = clean(word)
    if problem := _problem(word, needed=step.reason):
        raise Invalid({"word": problem})
    now = session.info["clock"].now()
    question.state = step.target or question.state
    question.moved_at = now
    session.add(
        QuestionEvent(
            question_id=question.id,
            ministry_id=question.ministry_id,
            deed=deed,
            to_state=question.state,
            at=now,
            actor_id=by.user_id,
            actor_name=by.name,
            body=word,
        )
    )
    own = by.role in MINISTRY_ROLES
    event = audit.Event.QUESTION_ANSWERED if own else audit.Event.QUESTION_REVIEWED
    audit.record(session, event, question, by=by, reason=word, deed=deed.value)
    return question


def _problem(word: str, *, needed: bool) -> Say | None:
    if needed and not word:
        return say("内容を入力してください。")
    return say("%(longest)d文字以内で入力してください。", longest=LONGEST_WORD) if len(word) > LONGEST_WORD else None
