"""docs/states.md draws the tables of transitions as they are, docs/rounds.md says who may take which step when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from register import states
from register.vocab import (
    AssessmentState,
    EditionState,
    IncidentState,
    NoticeState,
    QuestionState,
    ReferralState,
    ReplyState,
    RoundDeed,
    RoundState,
    SubmissionDeed,
    SubmissionState,
    Term,
)
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


def arrows_of(table: Iterable[Any], standing: Iterable[Term]) -> Iterator[Arrow]:
    """Yield the steps of a table; what leaves a thing where it is leads back to itself."""
    for step in table:
        yield from ((source, step.target or source, step.deed.ja) for source in standing if source in step.sources)


def submission_arrows() -> Iterator[Arrow]:
    """Yield what happens to a return; it is fixed with its round."""
    yield from arrows_of(states.SUBMISSION, SubmissionState)
    yield states.SETTLED_RETURN, states.FIXED_RETURN, f"回を{RoundDeed.FREEZE.ja}"


def test_the_diagrams_are_those_of_the_tables() -> None:
    jobs = ((source, target, "") for source, targets in states.JOB.items() for target in sorted(targets))
    runs = ((source, target, "") for source, targets in states.RUN.items() for target in sorted(targets))
    made = [
        "# States and steps\n\nDrawn from `register/states`; `tests/rules/test_diagrams.py` compares. [Who may do what when](rounds.md).\n",
        drawn("Use case (案件)", ((move.source, move.target, str(move.verb)) for move in states.LIFECYCLE)),
        drawn("Round (回)", arrows_of(states.ROUND, RoundState)),
        drawn("Submission (提出)", submission_arrows()),
        drawn("Job (処理)", jobs),
        drawn("Run of a chore (定期の処理)", runs),
        drawn("Incident (リスクケース)", arrows_of(states.INCIDENT, IncidentState)),
        drawn("High-risk judgment (高リスク判定)", arrows_of(states.ASSESSMENT, AssessmentState)),
        drawn("Referral (アドバイザリーボードへの報告・相談)", arrows_of(states.REFERRAL, ReferralState)),
        drawn("Notice (注意喚起)", arrows_of(states.NOTICE, NoticeState)),
        drawn("Answer to a notice (注意喚起への回答)", arrows_of(states.REPLY, ReplyState)),
        drawn("Question (確認の質問)", arrows_of(states.QUESTION, QuestionState)),
        drawn(
            "Message of the outbox (メール)",
            ((source, target, "") for source, targets in states.MESSAGE.items() for target in sorted(targets)),
        ),
        drawn("Edition of a report (報告書の版)", arrows_of(states.EDITION, EditionState)),
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
