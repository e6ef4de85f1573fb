"""docs/states.md draws the tables of transitions as they are."""

from __future__ import annotations

from collections.abc import Iterable

from register import states
from register.vocab import Term
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


def test_the_diagrams_are_those_of_the_tables() -> None:
    plain = {"Submission (提出)": states.SUBMISSION, "Job (処理)": states.JOB}
    made = [
        "# States and steps\n\nDrawn from `register/states.py`; `tests/rules/test_diagrams.py` compares.\n",
        drawn("Use case (案件)", ((move.source, move.target, str(move.verb)) for move in states.LIFECYCLE)),
        *(
            drawn(title, ((source, target, "") for source, targets in table.items() for target in sorted(targets)))
            for title, table in plain.items()
        ),
    ]
    assert (ROOT / "docs" / "states.md").read_text() == "\n".join(made)
