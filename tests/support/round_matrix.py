"""docs/rounds.md: every deed on a round and on a return, in every state, with who may do it and when; made and read.

``python -m tests.support.round_matrix > docs/rounds.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from register import authz, states
from register.authz import Actor, Permission
from register.models import Round, Submission
from register.vocab import MINISTRY_ROLES, Role, RoundDeed, RoundState, SubmissionDeed, SubmissionState, Term

OWN, THEIRS = 1, 2
NOW, GRANTED, NEVER = "●", "○", ""
ANY, STAYS, NOBODY, OF_MINISTRY = "any", "stays", "nobody", " of the ministry"
REASON, OTHER_PERSON, EDITION = "a reason", "another person", "a published edition"
HEAD = f"""# Who may do what with a round, and when

Made of the tables in `register/states` and `register/authz` by `python -m tests.support.round_matrix`;
`tests/rules/test_diagrams.py` compares, and `tests/db/test_rounds_matrix.py` tries every line as every role.

- **{NOW}** goes through · **{GRANTED}** goes through while this ministry may still hand in: it has an extension that runs, or the
  secretariat has returned its submission · blank: not now (409), whoever asks.
- *who* may do it with a return in this state; everybody else is refused (403), or does not learn that it exists (404).
- *to* is the state that the return, or the round, is in afterwards. Freezing also freezes the accepted
  returns, and wants a reason when others are left out.
- *wants*: a reason; that nobody approves what they entered or sent themselves, whatever their role is today; or an edition of
  the round's report that was published: publishing it does this step too, so that nobody has to.
- A rehearsal follows the same lines; it changes neither the register nor a statistic.

"""
COLUMNS = ("deed", "return", "who", *(state.value for state in RoundState), "to", "wants")


@dataclass(frozen=True)
class Line:
    """A deed on a return in one state (``ANY`` for a deed on the round): who may, in which states of the round."""

    deed: str
    state: str
    who: tuple[str, ...]
    marks: tuple[str, ...]
    target: str
    wants: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.deed, self.state, "、".join(self.who) or NOBODY, *self.marks, self.target, self.wants)

    def mark(self, state: RoundState) -> str:
        """Return what stands under a state of the round."""
        return self.marks[list(RoundState).index(state)]

    def names(self, role: Role, *, own: bool) -> bool:
        """Tell whether a person of ``role`` may, of the ministry that the return belongs to or of another."""
        return role.value in self.who or (own and role.value + OF_MINISTRY in self.who)


def who(permission: Permission, of: type[Round | Submission], state: Term | None = None) -> tuple[str, ...]:
    """Return the roles that a permission lets do something, as the rules answer for a row of their own and another."""
    found = []
    for role in Role:
        actor = Actor(role.value, 1, role, OWN if role in MINISTRY_ROLES else None)
        rows = [Round()] if of is Round else [Submission(state=state, ministry_id=key) for key in (OWN, THEIRS)]
        may = [authz.can(actor, permission, row) for row in rows]
        if any(may):
            found.append(role.value if all(may) else role.value + OF_MINISTRY)
    return tuple(found)


def lines() -> Iterator[Line]:
    """Yield every line: the deeds on a round, then those on a return in each of its states."""
    for step in states.ROUND:
        marks = tuple(NOW if state in step.sources else NEVER for state in RoundState)
        may = who(authz.ROUND_DEEDS[step.deed], Round)
        wants = EDITION if step.deed is RoundDeed.PUBLISH else REASON if step.reason else ""
        yield Line(step.deed.value, ANY, may, marks, step.target.value, wants)
    for sub in states.SUBMISSION:
        wants = OTHER_PERSON if sub.deed is SubmissionDeed.APPROVE else REASON if sub.reason else ""
        for state in SubmissionState:
            marks = tuple(_mark(sub, state, of_round) for of_round in RoundState)
            may = who(authz.SUBMISSION_DEEDS[sub.deed], Submission, state)
            yield Line(sub.deed.value, state.value, may, marks, sub.target.value if sub.target else STAYS, wants)


def _mark(step: states.SubmissionStep, state: SubmissionState, of_round: RoundState) -> str:
    if state not in step.sources or of_round not in step.rounds:
        return NEVER
    return GRANTED if step.granted and of_round is RoundState.CLOSED else NOW


def document() -> str:
    """Return the page."""
    labels: list[tuple[str, type[Term]]] = [("Deeds on a round", RoundDeed), ("Deeds on a return", SubmissionDeed)]
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(line.cells for line in lines())]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    words = [f"- {name}: " + " · ".join(f"`{deed}` {deed.ja}" for deed in kind) for name, kind in labels]
    return HEAD + "\n".join(words) + "\n\n" + table + "\n"


def read(text: str) -> list[Line]:
    """Return the lines of a page that ``document`` made."""
    found = []
    for row in text.splitlines():
        if row.startswith("| ") and not row.startswith(("| deed", "| ---")):
            deed, state, may, *marks, target, wants = (cell.strip() for cell in row[1:-1].split("|"))
            people = () if may == NOBODY else tuple(may.split("、"))
            found.append(Line(deed, state, people, tuple(marks), target, wants))
    return found


if __name__ == "__main__":
    sys.stdout.write(document())
