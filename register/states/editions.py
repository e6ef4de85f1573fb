"""The way of an edition of a report: drafted, checked, approved by a second person, published, superseded."""

from __future__ import annotations

from dataclasses import dataclass

from register.errors import NotNow, say
from register.vocab import EditionDeed, EditionState


@dataclass(frozen=True)
class EditionStep:
    """One thing that may be done with an edition: from which states, to which (None: it stays)."""

    deed: EditionDeed
    sources: frozenset[EditionState]
    target: EditionState | None
    reason: bool = False


_D, _ASK, _OK, _OUT, _OLD, _GONE = EditionState

EDITION: tuple[EditionStep, ...] = (
    EditionStep(EditionDeed.EDIT, frozenset({_D}), None),
    EditionStep(EditionDeed.CHECK, frozenset({_D}), _ASK),
    EditionStep(EditionDeed.SEND_BACK, frozenset({_ASK, _OK}), _D, reason=True),
    EditionStep(EditionDeed.APPROVE, frozenset({_ASK}), _OK),
    EditionStep(EditionDeed.PUBLISH, frozenset({_OK}), _OUT),
    # Nobody asks for it: the next edition does it when it is published.
    EditionStep(EditionDeed.SUPERSEDE, frozenset({_OUT}), _OLD),
    EditionStep(EditionDeed.DISCARD, frozenset({_D, _ASK, _OK}), _GONE, reason=True),
)
# Editions that somebody still works on; a round has one of them at most.
EDITION_OPEN = frozenset({_D, _ASK, _OK})
# Editions that are out, and say for good what they say.
EDITION_OUT = frozenset({_OUT, _OLD})


def edition_steps(state: EditionState) -> tuple[EditionStep, ...]:
    """Return what people may do with an edition in ``state``, in the order of the table."""
    return tuple(step for step in EDITION if state in step.sources and step.deed is not EditionDeed.SUPERSEDE)


def edition_step(deed: EditionDeed, state: EditionState) -> EditionStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when an edition in ``state`` cannot take it."""
    for step in EDITION:
        if step.deed is deed and state in step.sources:
            return step
    raise NotNow(
        say(
            "この版は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )
