"""Referrals for tests: a package, and every deed in a line. Services do the work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.models import Referral, UseCase, User
from register.services import referrals
from register.services.referral_words import Words
from register.vocab import ReferralDeed, ReferralState
from tests.support.running_round import Office

TODAY, MEETING = dt.date(2025, 11, 10), dt.date(2025, 11, 20)
MEETING_NAME = "第3回アドバイザリーボード"
PACKAGE = {
    "details": "窓口の問合せに答える。",
    "purpose": "待ち時間を減らす。",
    "mitigation": "職員が回答を確かめる。",
    "quality": "毎月、回答を抜き取って調べる。",
}
_SENT = (("approver", "send"),)
_MET = (*_SENT, ("secretariat", "schedule"))
_SAID = (*_MET, ("secretariat", "advise"))
_ANSWERED = (*_SAID, ("approver", "respond"))
# The way to every state, as the people who take it: (who, deed).
WAYS: Mapping[ReferralState, tuple[tuple[str, str], ...]] = {
    ReferralState.DRAFT: (),
    ReferralState.SENT: _SENT,
    ReferralState.RETURNED: (*_SENT, ("secretariat", "return")),
    ReferralState.SCHEDULED: _MET,
    ReferralState.ADVISED: _SAID,
    ReferralState.RESPONDED: _ANSWERED,
    ReferralState.CLOSED: (*_ANSWERED, ("secretariat", "close")),
    ReferralState.WITHDRAWN: (*_SENT, ("approver", "withdraw")),
}
# What a step asks for beside its words.
BESIDE: Mapping[str, Mapping[str, Any]] = {
    "schedule": {"word": MEETING_NAME, "on": MEETING},
    "advise": {
        "word": "進めてよい。",
        "on": MEETING,
        "conditions": "半年後に報告する\n苦情の窓口を置く",
        "publicity": "partly",
    },
    "respond": {"word": "そのように進める。", "responses": {1: "5月に報告する。", 2: "4月に置く。"}},
}


class Table:
    """What the people of a test do with referrals in one session; who is named as in ``STAFF``."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.people = {user.name: Actor.of(user) for user in session.scalars(select(User))}

    def on(self, day: dt.date) -> None:
        """Let it be noon of ``day`` in Japan."""
        clock = self.session.info["clock"]
        assert isinstance(clock, FixedClock)
        clock.moment = dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC)

    def draft(self, case: UseCase | None = None, *, who: str = "reporter", **changes: Any) -> Referral:
        """Begin a referral, of a new case where none is given."""
        case = case or Office(self.session).case(who=who)
        return referrals.draft(self.session, case, PACKAGE | changes, by=self.people[who])

    def edit(self, referral: Referral, *, who: str = "reporter", **changes: Any) -> Referral:
        """Edit a referral as somebody who has just read it."""
        values = {name: getattr(referral, name) for name in referrals.EDITABLE} | changes
        return referrals.edit(self.session, referral, values, version=referral.version, by=self.people[who])

    def move(self, referral: Referral, deed: str, *, who: str, **words: Any) -> Referral:
        """Take a step as somebody who has just read the referral, with all that it asks for."""
        told = Words(**({"word": "理由"} | dict(BESIDE.get(deed, {})) | words))
        own: dict[str, Any] = {"version": referral.version, "by": self.people[who]}
        return referrals.move(self.session, referral, ReferralDeed(deed), told, **own)

    def at(self, state: ReferralState, case: UseCase | None = None, **changes: Any) -> Referral:
        """Return a referral of ministry A that stands in ``state``; opinions are given on the day of the meeting."""
        made = self.draft(case, **changes)
        for who, deed in WAYS[state]:
            if deed == "advise":
                self.on(MEETING)
            self.move(made, deed, who=who)
            self.session.flush()
        return made
