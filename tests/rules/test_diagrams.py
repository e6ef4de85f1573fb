"""docs/states.md draws the tables of transitions as they are, docs/rounds.md says who may take which step when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from register import states
from register.vocab import RoundDeed, RoundState, SubmissionDeed, SubmissionState, Term
from tests.support import round_matrix
from tests.support.sources import ROOT

Arrow = tuple[Term, Term, str]


def drawn(title: str, arrows: Iterable[Arrow]) -> str:
    """Return one table as a Mermaid diagram."""
    arrows = list(arrows)
    known = {state: None for source, target, _ in arrows for state in (source, target)}
    names = [f"    {state.name.lower()} : {state.ja} {state.en}" for state in known]
    lines = [
        f"    {source.name.lower()} --> {target.name.lower()}{f' : {verb}' if verb else ''}"
        for source, target, verb in arrows
    ]
    return "\n".join([f"## {title}", "```mermaid", "stateDiagram-v2", *names, *lines, "```", ""])


def round_arrows() -> Iterator[Arrow]:
    """Yield what happens to a round."""
    for step in states.ROUND:
        yield from ((source, step.target, step.deed.ja) for source in RoundState if source in step.sources)


def submission_arrows() -> Iterator[Arrow]:
    """Yield what happens to a return; what leaves it where it is leads back to itself."""
    for step in states.SUBMISSION:
        for source in SubmissionState:
            if source in step.sources:
                yield source, step.target or source, step.deed.ja
    yield states.SETTLED_RETURN, states.FIXED_RETURN, f"回を{RoundDeed.FREEZE.ja}"


def test_the_diagrams_are_those_of_the_tables() -> None:
    jobs = ((source, target, "") for source, targets in states.JOB.items() for target in sorted(targets))
    made = [
        "# States and steps\n\nDrawn from `register/states.py`; `tests/rules/test_diagrams.py` compares. [Who may do what when](rounds.md).\n",
        drawn("Use case (案件)", ((move.source, move.target, str(move.verb)) for move in states.LIFECYCLE)),
        drawn("Round (回)", round_arrows()),
        drawn("Submission (提出)", submission_arrows()),
        drawn("Job (処理)", jobs),
    ]
    assert (ROOT / "docs" / "states.md").read_text() == "\n".join(made)


def test_the_matrix_of_a_round_is_that_of_the_tables() -> None:
    text = (ROOT / "docs" / "rounds.md").read_text()
    assert text == round_matrix.document()
    assert round_matrix.read(text) == list(round_matrix.lines())


def test_the_matrix_holds_every_deed_in_every_state() -> None:
    named = {(line.deed, line.state) for line in round_matrix.lines()}
    of_rounds = {(deed.value, round_matrix.ANY) for deed in RoundDeed}
    assert named == of_rounds | {(deed.value, state.value) for deed in SubmissionDeed for state in SubmissionState}
