"""What a ministry does with a notice: answer it case by case, have the approver confirm, change it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.clock import TOKYO
from register.errors import Invalid, NotNow, Say, Stale, say
from register.models import NoticeAnswer, NoticeEvent, NoticeRecipient
from register.queries.notice_replies import ITSELF, Standing, digest, standing
from register.states import reply_step
from register.text import clean
from register.vocab import NoticeDeed, NoticeState, Reply, ReplyState

LONGEST_COMMENT = 1000


@dataclass(frozen=True)
class Told:
    """What was said of one case, or of the ministry itself: a choice, none while it is open, and a comment."""

    reply: Reply | None
    comment: str = ""


def answering(recipient: NoticeRecipient) -> NoticeDeed:
    """Return which deed a change of the answers is: after the confirmation it opens them again."""
    return NoticeDeed.REOPEN if recipient.state is ReplyState.CONFIRMED else NoticeDeed.ANSWER


def save(
    session: Session,
    recipient: NoticeRecipient,
    told: Mapping[int | None, Told],
    *,
    rest: bool = False,
    version: int,
    by: Actor,
) -> int:
    """Store what was said of cases and return how many answers changed; ``rest`` says 該当なし of all others.

    What was not said stays open. Raise ``Stale`` when somebody answered since ``version`` was read.
    """
    deed, found = answering(recipient), standing(session, recipient)
    authz.require(by, authz.NOTICE_DEEDS[deed], recipient)
    refuse_ended(recipient)
    _refuse_stale(recipient, found, version)
    wanted = {one: Told(said.reply, clean(said.comment)) for one, said in told.items() if one in set(found.all_ids)}
    if problems := _problems(wanted, found):
        raise Invalid(problems)
    if rest:
        silent = [one for one in found.open_ids if one not in wanted or wanted[one].reply is None]
        wanted |= {one: Told(Reply.NOT_CONCERNED) for one in silent}
    changed = sum(_store(session, recipient, found, one, said, by) for one, said in wanted.items())
    if changed:
        session.flush()  # the digest reads the numbers of the cases
        recipient.sha256 = digest(standing(session, recipient).answers)
        _step(session, recipient, deed, by)
        audit.record(session, audit.Event.NOTICE_ANSWERED, recipient, by=by, cases=changed)
    return changed


def confirm(session: Session, recipient: NoticeRecipient, *, version: int, by: Actor) -> NoticeRecipient:
    """Confirm a ministry's answer as it stands; raise ``Invalid`` while anything is unanswered."""
    authz.require(by, authz.NOTICE_DEEDS[NoticeDeed.CONFIRM], recipient)
    refuse_ended(recipient)
    found, now = standing(session, recipient), session.info["clock"].now()
    if recipient.version != version:
        _refuse_stale(recipient, found, version)
    if missing := len(found.open_ids):
        raise Invalid({"version": say("まだ回答していないものが%(count)d件あります。", count=missing)})
    _step(session, recipient, NoticeDeed.CONFIRM, by)
    recipient.confirmed_at, recipient.confirmed_by, recipient.confirmed_sha256 = now, by.name, recipient.sha256
    if recipient.late is None and recipient.due is not None:
        recipient.late = now.astimezone(TOKYO).date() > recipient.due
    audit.record(session, audit.Event.NOTICE_CONFIRMED, recipient, by=by, sha256=recipient.sha256)
    return recipient


def refuse_ended(recipient: NoticeRecipient) -> None:
    """Raise ``NotNow`` when the notice of ``recipient`` is no longer answered."""
    notice = recipient.notice
    if notice.state is not NoticeState.ISSUED:
        raise NotNow(say("この注意喚起は「%(state)s」のため、回答できません。", state=notice.state))


def _refuse_stale(recipient: NoticeRecipient, found: Standing, version: int) -> None:
    """Raise ``Stale`` with every stored answer by its case; nobody's answer is written over unseen."""
    if recipient.version != version:
        theirs: dict[str, Any] = {
            str(answer.use_case.public_id) if answer.use_case else ITSELF: answer for answer in found.answers.values()
        }
        raise Stale(say("ほかの人が先に保存しました。両方の内容を確認してください。"), theirs, recipient.version)


def _problems(wanted: Mapping[int | None, Told], found: Standing) -> dict[str, Say]:
    """Return what is wrong, by the id of the case; the ministry itself is ``ITSELF``."""
    problems: dict[str, Say] = {}
    for one, said in wanted.items():
        if said.comment and said.reply is None and one not in found.answers:
            problems[str(one or ITSELF)] = say("説明を書いた案件の回答を選んでください。")
        if len(said.comment) > LONGEST_COMMENT:
            problems[str(one or ITSELF)] = say("説明は%(longest)d文字以内で入力してください。", longest=LONGEST_COMMENT)
    return problems


def _store(
    session: Session, recipient: NoticeRecipient, found: Standing, one: int | None, said: Told, by: Actor
) -> bool:
    """Store one answer; return whether it says anything new."""
    stored = found.answers.get(one)
    reply = said.reply or (stored.reply if stored else None)
    if reply is None or (stored is not None and (stored.reply, stored.comment) == (reply, said.comment)):
        return False
    if stored is None:
        stored = NoticeAnswer(recipient_id=recipient.id, ministry_id=recipient.ministry_id, use_case_id=one)
        session.add(stored)
    stored.reply, stored.comment = reply, said.comment
    stored.at, stored.author_id, stored.author_name = session.info["clock"].now(), by.user_id, by.name
    return True


def _step(session: Session, recipient: NoticeRecipient, deed: NoticeDeed, by: Actor) -> None:
    recipient.state = reply_step(deed, recipient.state).target
    session.add(
        NoticeEvent(
            notice_id=recipient.notice_id,
            ministry_id=recipient.ministry_id,
            deed=deed,
            at=session.info["clock"].now(),
            actor_id=by.user_id,
            actor_name=by.name,
        )
    )
