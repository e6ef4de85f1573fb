"""What people say of a referral, step by step: what is wrong with it, and what it changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import TOKYO
from register.errors import Invalid, Say, listed, say
from register.models import Referral, ReferralCondition, ReferralPackage
from register.queries.assessments import held_by
from register.queries.referrals import PACKAGE, conditions_of, digest, packages_of
from register.text import clean, clean_line
from register.vocab import Publicity, ReferralDeed, ReferralState

LONGEST_TEXT = 8000
LONGEST_WORD = 4000
LONGEST_NAME = 200
LONGEST_CONDITION = 1000
MOST_CONDITIONS = 30
TOO_LONG = "%(longest)d文字以内で入力してください。"


@dataclass(frozen=True)
class Words:
    """What a person says with a step.

    ``word`` is the reason, the name of the meeting, the opinion or the response, whichever the step asks for;
    ``conditions`` are typed one per line, ``responses`` are keyed by the number of the condition.
    """

    word: str = ""
    on: dt.date | None = None
    conditions: str = ""
    publicity: str = ""
    responses: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """What a step leaves in the record: its words, and the day that it names."""

    body: str
    on: dt.date | None = None


def package(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of the package, cleaned; raise ``Invalid`` on what cannot be stored."""
    told: dict[str, Any] = {name: clean(values.get(name) or "") for name in PACKAGE}
    problems = {name: _too_long(text, LONGEST_TEXT) for name, text in told.items()}
    chosen = values.get("publicity") or None
    if chosen is not None and chosen not in set(Publicity):
        problems["publicity"] = say("選択肢の中から選んでください。")
    _refuse(problems)
    return told | {"publicity": Publicity(chosen) if chosen else None}


def take(session: Session, referral: Referral, deed: ReferralDeed, words: Words, by: Actor) -> Line:
    """Do what ``deed`` does to ``referral`` beside its state; raise ``Invalid`` when something is missing."""
    if deed is ReferralDeed.SEND:
        return _send(session, referral, words, by)
    return _TAKE[deed](session, referral, words)


def _send(session: Session, referral: Referral, words: Words, by: Actor) -> Line:
    """Freeze the package as it is sent now, beside those that were sent before."""
    blank = [label for name, label in PACKAGE.items() if not getattr(referral, name)]
    if blank:
        raise Invalid({"word": say("送る前に、次の項目を入力してください：%(fields)s", fields=listed(blank))})
    body = _word(words, needed=False)
    now = session.info["clock"].now()
    sent = ReferralPackage(
        referral_id=referral.id,
        ministry_id=referral.ministry_id,
        number=len(packages_of(session, referral)) + 1,
        sent_at=now,
        sent_by_id=by.user_id,
        sent_by=by.name,
        assessment=held_by(session, referral.use_case),
        **{name: getattr(referral, name) for name in PACKAGE},
    )
    sent.sha256 = digest(referral, sent)
    session.add(sent)
    referral.sent_at = now
    return Line(body)


def _return(_session: Session, referral: Referral, words: Words) -> Line:
    line = Line(_word(words))
    if referral.state is ReferralState.RESPONDED:
        referral.responded_at = None
    else:
        referral.meeting_on, referral.meeting_name = None, ""
    return line


def _schedule(_session: Session, referral: Referral, words: Words) -> Line:
    name, problems = clean_line(words.word), {}
    problems["word"] = _too_long(name, LONGEST_NAME) if name else say("会議の名称を入力してください。")
    if words.on is None:
        problems["on"] = say("会議の日を入力してください。")
    elif referral.sent_at and words.on < referral.sent_at.astimezone(TOKYO).date():
        problems["on"] = say("会議の日は、送付された日以降の日付にしてください。")
    _refuse(problems)
    referral.meeting_on, referral.meeting_name = words.on, name
    return Line(name, words.on)


def _advise(session: Session, referral: Referral, words: Words) -> Line:
    opinion, problems = clean(words.word), {}
    told = [line for line in map(clean_line, clean(words.conditions).split("\n")) if line]
    problems["word"] = _too_long(opinion, LONGEST_TEXT) if opinion else say("意見を入力してください。")
    problems["on"] = _day_of_opinion(referral, words.on, session.info["clock"].today())
    if len(told) > MOST_CONDITIONS:
        problems["conditions"] = say("条件は%(most)d件まで入力できます。", most=MOST_CONDITIONS)
    elif any(len(one) > LONGEST_CONDITION for one in told):
        problems["conditions"] = say("一つの条件は%(longest)d文字以内で入力してください。", longest=LONGEST_CONDITION)
    if words.publicity not in set(Publicity):
        problems["publicity"] = say("公開の区分を選んでください。")
    _refuse(problems)
    referral.opinion, referral.opinion_on = opinion, words.on
    referral.publicity = Publicity(words.publicity)
    _set_conditions(session, referral, told)
    return Line(_with_numbers(opinion, list(enumerate(told, 1))), words.on)


def _day_of_opinion(referral: Referral, on: dt.date | None, today: dt.date) -> Say | None:
    if on is None:
        return say("意見が出された日を入力してください。")
    if on > today:
        return say("今日以前の日付にしてください。")
    if referral.meeting_on and on < referral.meeting_on:
        return say("会議の日以降の日付にしてください。")
    return None


def _set_conditions(session: Session, referral: Referral, told: Sequence[str]) -> None:
    """Bring the conditions to what was told; what was answered to one that stays as it is stays too."""
    have = {one.number: one for one in conditions_of(session, referral)}
    for number, body in enumerate(told, 1):
        one = have.pop(number, None)
        if one is None:
            own = {"referral_id": referral.id, "ministry_id": referral.ministry_id}
            session.add(ReferralCondition(number=number, body=body, **own))
        elif one.body != body:
            one.body, one.response = body, ""
    for one in have.values():
        session.delete(one)


def _respond(session: Session, referral: Referral, words: Words) -> Line:
    response, asked = clean(words.word), conditions_of(session, referral)
    said = {one.number: clean(words.responses.get(one.number, "")) for one in asked}
    problems = {"word": _too_long(response, LONGEST_TEXT) if response else say("意見への対応を入力してください。")}
    for number, text in said.items():
        missing = say("条件%(number)dへの対応を入力してください。", number=number)
        problems[f"condition_{number}"] = _too_long(text, LONGEST_WORD) if text else missing
    _refuse(problems)
    referral.response, referral.responded_at = response, session.info["clock"].now()
    for one in asked:
        if one.response != said[one.number]:
            one.response = said[one.number]
    return Line(_with_numbers(response, list(said.items())))


def _close(session: Session, referral: Referral, words: Words) -> Line:
    line = Line(_word(words))
    referral.closed_at = session.info["clock"].now()
    return line


def _withdraw(_session: Session, _referral: Referral, words: Words) -> Line:
    return Line(_word(words))


_TAKE: Mapping[ReferralDeed, Callable[[Session, Referral, Words], Line]] = {
    ReferralDeed.RETURN: _return,
    ReferralDeed.SCHEDULE: _schedule,
    ReferralDeed.ADVISE: _advise,
    ReferralDeed.RESPOND: _respond,
    ReferralDeed.CLOSE: _close,
    ReferralDeed.WITHDRAW: _withdraw,
}


def _word(words: Words, *, needed: bool = True) -> str:
    word = clean(words.word)
    missing = say("理由を入力してください。") if needed and not word else None
    _refuse({"word": missing or _too_long(word, LONGEST_WORD)})
    return word


def _with_numbers(text: str, numbered: Sequence[tuple[int, str]]) -> str:
    return "\n".join([text, *(f"({number}) {line}" for number, line in numbered)])


def _too_long(text: str, longest: int) -> Say | None:
    return say(TOO_LONG, longest=longest) if len(text) > longest else None


def _refuse(problems: Mapping[str, Say | None]) -> None:
    found = {name: problem for name, problem in problems.items() if problem is not None}
    if found:
        raise Invalid(found)
