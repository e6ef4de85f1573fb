"""Deciding what of a case is public (公開の区分): the ministry proposes, the secretariat decides or sends back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor, Permission
from register.errors import Invalid, NotNow, Say, say
from register.models import Disclosure, UseCase
from register.queries.disclosures import digest, text_of
from register.services.editing import refuse_stale
from register.text import clean
from register.vocab import DisclosureClass, DisclosurePart, DisclosureState, Ground

LONGEST = 2000
SHOWN = ("level", "ground", "public_text", "review_on")


def propose(
    session: Session, use_case: UseCase, part: DisclosurePart, values: Mapping[str, Any], *, version: int, by: Actor
) -> Disclosure:
    """Propose how far a part of a case is public; until the secretariat decides, it is not.

    ``version`` is that of the row that was seen, 0 where there was none. Raise ``Invalid`` and ``Stale``.
    """
    authz.require(by, Permission.DISCLOSURE_PROPOSE, use_case)
    row = session.scalar(
        select(Disclosure).where(Disclosure.use_case_id == use_case.id, Disclosure.part == part).with_for_update()
    )
    if row is not None:
        refuse_stale(row, version, SHOWN)
    told = checked(part, values, session.info["clock"].today())
    told["text_sha256"] = digest(text_of(use_case, part))
    if row is None:
        row = Disclosure(use_case=use_case, ministry_id=use_case.ministry_id, part=part)
        session.add(row)
    for name, value in told.items():
        setattr(row, name, value)
    row.state, row.word = DisclosureState.PROPOSED, ""
    row.proposed_at, row.proposed_by_id, row.proposed_by = session.info["clock"].now(), by.user_id, by.name
    row.decided_at, row.decided_by = None, ""
    audit.record(session, audit.Event.DISCLOSURE_PROPOSED, row, by=by, part=part.value, level=row.level.value)
    return row


def checked(part: DisclosurePart, values: Mapping[str, Any], today: dt.date) -> dict[str, Any]:
    """Return what was said; raise ``Invalid`` with a sentence for every field that cannot stand."""
    level, problems = values.get("level"), dict[str, Say]()
    if not isinstance(level, DisclosureClass):
        raise Invalid({"level": say("公開の区分を選んでください。")})
    ground: Ground | None = values.get("ground")
    public_text, review_on = clean(values.get("public_text") or ""), values.get("review_on")
    if level is DisclosureClass.PUBLIC:
        ground, public_text = None, ""
    elif ground is None:
        problems["ground"] = say("公開しない根拠を選んでください。")
    if level is not DisclosureClass.PUBLIC and review_on is None:
        problems["review_on"] = say("見直す日を入力してください。")
    elif review_on is not None and review_on <= today:
        problems["review_on"] = say("見直す日は、明日以降の日付にしてください。")
    if level is not DisclosureClass.PARTLY or part is DisclosurePart.CASE:
        public_text = ""
    elif not public_text:
        problems["public_text"] = say("公開する文を入力してください。")
    elif len(public_text) > LONGEST:
        problems["public_text"] = say("%(longest)d文字以内で入力してください。", longest=LONGEST)
    if problems:
        raise Invalid(problems)
    return {"level": level, "ground": ground, "public_text": public_text, "review_on": review_on}


def decide(session: Session, row: Disclosure, *, accept: bool, word: str, version: int, by: Actor) -> Disclosure:
    """Decide as proposed, or send the proposal back with the reason; raise ``NotNow`` where nothing is proposed."""
    authz.require(by, Permission.DISCLOSURE_DECIDE, row)
    refuse_stale(row, version, SHOWN)
    if row.state is not DisclosureState.PROPOSED:
        raise NotNow(say("この公開の区分は「%(state)s」です。最新の状態を確認してください。", state=row.state))
    word = clean(word)
    if not accept and not word:
        raise Invalid({"word": say("差し戻す理由を入力してください。")})
    if len(word) > LONGEST:
        raise Invalid({"word": say("%(longest)d文字以内で入力してください。", longest=LONGEST)})
    row.state = DisclosureState.DECIDED if accept else DisclosureState.DECLINED
    row.word, row.decided_at, row.decided_by = word, session.info["clock"].now(), by.name
    audit.record(
        session, audit.Event.DISCLOSURE_DECIDED, row, by=by, reason=word, part=row.part.value, state=row.state.value
    )
    return row
