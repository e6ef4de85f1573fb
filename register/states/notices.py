"""The way of a notice and of a ministry's answer to it (domain.md section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from register.errors import NotNow, Say, say
from register.vocab import NoticeDeed, NoticeState, ReplyState


@dataclass(frozen=True)
class NoticeFacts:
    """What a guard may look at: a ministry of origin, its consent to this very text, and how many the step reaches."""

    origin: bool
    cleared: bool
    recipients: int


@dataclass(frozen=True)
class NoticeStep:
    """One thing that may be done with a notice: from which states, to which (None: it stays)."""

    deed: NoticeDeed
    sources: frozenset[NoticeState]
    target: NoticeState | None
    reason: bool = False


@dataclass(frozen=True)
class ReplyStep:
    """One thing that may be done with a ministry's answer."""

    deed: NoticeDeed
    sources: frozenset[ReplyState]
    target: ReplyState


_D, _ASK, _OK, _OUT, _END, _GONE = NoticeState

NOTICE: tuple[NoticeStep, ...] = (
    NoticeStep(NoticeDeed.EDIT, frozenset({_D}), None),
    # What was asked for or given was of the text as it stood.
    NoticeStep(NoticeDeed.EDIT, frozenset({_ASK, _OK}), _D),
    NoticeStep(NoticeDeed.ASK, frozenset({_D}), _ASK),
    NoticeStep(NoticeDeed.CLEAR, frozenset({_ASK}), _OK),
    NoticeStep(NoticeDeed.REFUSE, frozenset({_ASK}), _D, reason=True),
    NoticeStep(NoticeDeed.ISSUE, frozenset({_D, _OK}), _OUT),
    NoticeStep(NoticeDeed.EXTEND, frozenset({_OUT}), None),
    NoticeStep(NoticeDeed.CLOSE, frozenset({_OUT}), _END, reason=True),
    NoticeStep(NoticeDeed.WITHDRAW, frozenset({_D, _ASK, _OK, _OUT}), _GONE, reason=True),
)
REPLY: tuple[ReplyStep, ...] = (
    ReplyStep(NoticeDeed.ANSWER, frozenset({ReplyState.OPEN, ReplyState.DRAFTED}), ReplyState.DRAFTED),
    ReplyStep(NoticeDeed.REOPEN, frozenset({ReplyState.CONFIRMED}), ReplyState.DRAFTED),
    ReplyStep(NoticeDeed.CONFIRM, frozenset({ReplyState.DRAFTED}), ReplyState.CONFIRMED),
)


def notice_steps(state: NoticeState) -> tuple[NoticeStep, ...]:
    """Return what may be done with a notice in ``state``, in the order of the table."""
    return tuple(step for step in NOTICE if state in step.sources)


def notice_step(deed: NoticeDeed, state: NoticeState) -> NoticeStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when a notice in ``state`` cannot take it."""
    for step in notice_steps(state):
        if step.deed is deed:
            return step
    raise NotNow(
        say(
            "この注意喚起は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )


def notice_refusals(step: NoticeStep, facts: NoticeFacts) -> Sequence[Say]:
    """Return what stands against ``step``: consent is asked of a ministry of origin, and nothing leaves without it."""
    said = []
    if step.deed is NoticeDeed.ASK and not facts.origin:
        said.append(say("リスクケースから作った注意喚起ではないため、了承はいりません。そのまま発出できます。"))
    if step.deed is NoticeDeed.ISSUE and facts.origin and not facts.cleared:
        said.append(say("発出する前に、もとの府省庁にこの文面の了承を求めてください。"))
    if step.deed is NoticeDeed.ISSUE and not facts.recipients:
        said.append(say("宛先に当てはまる府省庁がありません。宛先を直してください。"))
    if step.deed is NoticeDeed.EXTEND and not facts.recipients:
        said.append(say("宛先に加わる府省庁はありません。"))
    return said


def reply_step(deed: NoticeDeed, state: ReplyState) -> ReplyStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when an answer in ``state`` cannot take it."""
    for step in REPLY:
        if step.deed is deed and state in step.sources:
            return step
    raise NotNow(
        say(
            "この回答は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )
