"""How far the figures of a round may be relied on: a rehearsal, a round in progress, returns left out, corrections."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from register.clock import TOKYO
from register.errors import Say, say
from register.models import ItemVersion, Round, Submission, SubmissionItem
from register.models.submission import COUNTED_RETURNS
from register.states import ROUND_SETTLED
from register.vocab import RoundState


@dataclass(frozen=True)
class Caution:
    """What must be seen before any figure: a word for it, and the sentence."""

    word: Say
    sentence: Say


@dataclass(frozen=True)
class Standing:
    """Where a round stands: its ministries, those whose return is counted, the items corrected after freezing."""

    state: RoundState
    rehearsal: bool
    ministries: int
    accepted: int
    corrected: int
    corrected_on: dt.date | None

    @property
    def settled(self) -> bool:
        """Whether the answers are frozen: before that every figure may still change."""
        return self.state in ROUND_SETTLED

    @property
    def word(self) -> Say:
        """Where the round stands in a word, for a column of a file."""
        if self.settled:
            return say("%(state)s", state=RoundState.FROZEN)
        return say("途中経過（%(all)d府省庁中%(some)d府省庁を受理）", all=self.ministries, some=self.accepted)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What forbids to take the figures for those of a real and finished round."""
        found = []
        if self.rehearsal:
            found.append(Caution(say("演習"), say("これは演習の回の集計です。統計には使えません。")))
        if not self.settled:
            sentence = say(
                "この回は「%(state)s」です。%(all)d府省庁中%(some)d府省庁の提出を受理した時点の数字で、まだ変わります。",
                state=self.state,
                all=self.ministries,
                some=self.accepted,
            )
            found.append(Caution(say("途中経過"), sentence))
        return tuple(found)

    @property
    def notes(self) -> tuple[Say, ...]:
        """The footnotes of the whole report."""
        found = []
        missing = self.ministries - self.accepted
        if self.settled and missing:
            found.append(
                say(
                    "%(all)d府省庁中%(missing)d府省庁の提出は受理されておらず、この集計に入っていない",
                    all=self.ministries,
                    missing=missing,
                )
            )
        if self.corrected and self.corrected_on:
            found.append(
                say(
                    "確定後に%(count)d件の案件の回答を訂正した（最後の訂正は%(day)s）。この集計は訂正後の回答による",
                    count=self.corrected,
                    day=self.corrected_on,
                )
            )
        return tuple(found)


def read(session: Session, round: Round) -> Standing:
    """Return where ``round`` stands, in one statement."""
    own = select(func.count()).where(Submission.round_id == round.id)
    corrections = corrected_round() == round.id
    row = session.execute(
        select(
            own.scalar_subquery(),
            own.where(Submission.state.in_(COUNTED_RETURNS)).scalar_subquery(),
            select(func.count(ItemVersion.item_id.distinct())).where(corrections).scalar_subquery(),
            select(func.max(ItemVersion.replaced_at)).where(corrections).scalar_subquery(),
        )
    ).one()
    ministries, accepted, corrected, last = row
    day = last.astimezone(TOKYO).date() if last else None
    return Standing(round.state, round.rehearsal, ministries, accepted, corrected, day)


def corrected_round() -> ScalarSelect[int]:
    """Return the round of a correction: looked up from the corrections, which are few, never from a round's items."""
    return select(SubmissionItem.round_id).where(SubmissionItem.id == ItemVersion.item_id).scalar_subquery()
