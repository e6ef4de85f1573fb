"""The way of a referral to the Advisory Board (domain.md section 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from register.errors import NotNow, Say, say
from register.vocab import ReferralDeed, ReferralState


@dataclass(frozen=True)
class ReferralFacts:
    """What a guard may look at: the day of the meeting as it is planned, and the day of the deed."""

    meeting_on: dt.date | None
    today: dt.date


@dataclass(frozen=True)
class ReferralStep:
    """One thing that may be done with a referral: from which states, to which (None: it stays).

    ``reason``: it asks for words; ``before``: only until the day of the meeting, ``after``: only from that day on.
    """

    deed: ReferralDeed
    sources: frozenset[ReferralState]
    target: ReferralState | None
    reason: bool = False
    before: bool = False
    after: bool = False


_D, _SENT, _BACK, _MEET, _SAID, _DONE, _END, _GONE = ReferralState

REFERRAL: tuple[ReferralStep, ...] = (
    ReferralStep(ReferralDeed.EDIT, frozenset({_D, _BACK}), None),
    ReferralStep(ReferralDeed.SEND, frozenset({_D, _BACK}), _SENT),
    ReferralStep(ReferralDeed.RETURN, frozenset({_SENT, _MEET}), _BACK, reason=True, before=True),
    ReferralStep(ReferralDeed.RETURN, frozenset({_DONE}), _SAID, reason=True),
    ReferralStep(ReferralDeed.SCHEDULE, frozenset({_SENT, _MEET}), _MEET),
    ReferralStep(ReferralDeed.ADVISE, frozenset({_MEET, _SAID}), _SAID, after=True),
    ReferralStep(ReferralDeed.RESPOND, frozenset({_SAID}), _DONE),
    ReferralStep(ReferralDeed.CLOSE, frozenset({_DONE}), _END, reason=True),
    ReferralStep(ReferralDeed.WITHDRAW, frozenset({_D, _SENT, _BACK, _MEET}), _GONE, reason=True, before=True),
)
# A use case has one of these at most.
REFERRAL_OPEN = frozenset(ReferralState) - {_END, _GONE}
# What a meeting deals with, or has dealt with.
REFERRAL_ON_AGENDA = frozenset({_MEET, _SAID, _DONE, _END})


def referral_steps(state: ReferralState) -> tuple[ReferralStep, ...]:
    """Return what may be done with a referral in ``state``, in the order of the table."""
    return tuple(step for step in REFERRAL if state in step.sources)


def referral_step(deed: ReferralDeed, state: ReferralState) -> ReferralStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when a referral in ``state`` cannot take it."""
    for step in referral_steps(state):
        if step.deed is deed:
            return step
    raise NotNow(
        say(
            "この報告・相談は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )


def referral_refusals(step: ReferralStep, facts: ReferralFacts) -> Sequence[Say]:
    """Return what the day stands against ``step``: nothing is taken back once the meeting is there, or said before."""
    if facts.meeting_on is None:
        return ()
    if step.before and facts.today >= facts.meeting_on:
        return (
            say(
                "会議の日（%(day)s）になったため、「%(deed)s」ことはできません。会議が延びたときは、事務局が予定を直します。",
                day=facts.meeting_on,
                deed=step.deed,
            ),
        )
    if step.after and facts.today < facts.meeting_on:
        return (say("会議の日（%(day)s）より前に、意見は記録できません。", day=facts.meeting_on),)
    return ()
