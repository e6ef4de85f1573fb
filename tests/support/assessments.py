"""High-risk judgments for tests: sheets, what a person fills in, and every deed in a line. Services do the work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from register.formspec.sheets import SheetLibrary, load_sheets
from register.models import Assessment, UseCase
from register.services import assessments
from register.vocab import AssessmentDeed, AssessmentState, RiskResult
from tests.support.incidents import TODAY, Desk
from tests.support.round_files import CONFIG

SHEETS = load_sheets(CONFIG)
LOW = {"A": "A1", "B": "B1", "C": "C1", "D": "D1"}
HIGH = {"A": "A4", "B": "B3", "C": "C1", "D": "D1"}
# The way to every state, as the people who take it: (who, deed).
WAYS: dict[AssessmentState, tuple[tuple[str, str], ...]] = {
    AssessmentState.DRAFT: (),
    AssessmentState.PROPOSED: (("reporter", "propose"),),
    AssessmentState.DECIDED: (("reporter", "propose"), ("approver", "decide")),
    AssessmentState.SUPERSEDED: (("reporter", "propose"), ("approver", "decide"), ("", "supersede")),
    AssessmentState.WITHDRAWN: (("reporter", "withdraw"),),
}


def filled(answers: Mapping[str, str] = LOW, reason: str = "仕様書のとおり") -> assessments.Filled:
    """Return a whole sheet."""
    return assessments.Filled(answers, dict.fromkeys(answers, reason), {"A": "仕様書第3章"})


class Panel:
    """What the people of a test do with judgments in one session; who is named as in ``STAFF``."""

    def __init__(self, session: Session, library: SheetLibrary = SHEETS) -> None:
        self.session, self.library = session, library
        self.people = Desk(session).people

    def start(
        self, case: UseCase, answers: Mapping[str, str] = LOW, *, who: str = "reporter", **more: Any
    ) -> Assessment:
        """Begin a judgment."""
        return assessments.start(self.session, case, filled(answers), library=self.library, by=self.people[who], **more)

    def edit(self, one: Assessment, answers: Mapping[str, str], *, who: str = "reporter", **more: Any) -> Assessment:
        """Fill in the sheet as somebody who has just read it."""
        own: dict[str, Any] = {"library": self.library, "version": one.version, "by": self.people[who], **more}
        return assessments.edit(self.session, one, filled(answers), **own)

    def move(self, one: Assessment, deed: str, *, who: str = "approver", word: str = "理由") -> Assessment:
        """Take a step as somebody who has just read the judgment."""
        own: dict[str, Any] = {"word": word, "version": one.version, "by": self.people[who]}
        return assessments.move(self.session, one, AssessmentDeed(deed), library=self.library, **own)

    def decide(
        self,
        one: Assessment,
        result: RiskResult | None = None,
        *,
        who: str = "approver",
        reason: str = "",
        on: dt.date = TODAY,
    ) -> Assessment:
        """Decide as the sheet suggests, or otherwise."""
        decision = assessments.Decision(result or one.suggested, on, reason)
        own: dict[str, Any] = {"library": self.library, "version": one.version, "by": self.people[who]}
        return assessments.decide(self.session, one, decision, **own)

    def decided(self, case: UseCase, answers: Mapping[str, str] = LOW, **more: Any) -> Assessment:
        """Return a judgment of ``case`` that holds."""
        return self.decide(self.start(case, answers, propose=True), **more)

    def at(self, state: AssessmentState, case: UseCase, answers: Mapping[str, str] = LOW) -> Assessment:
        """Return a judgment of ``case`` that stands in ``state``."""
        made = self.start(case, answers)
        for who, deed in WAYS[state]:
            if deed == "decide":
                self.decide(made, who=who)
            elif deed == "supersede":
                self.decided(case, answers)
            else:
                self.move(made, deed, who=who)
        self.session.flush()
        return made
