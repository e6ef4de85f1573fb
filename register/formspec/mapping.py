"""Carrying answers from one version of a form into another, as the crosswalks say: data in, data out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from register.formspec.crosswalk import Change, Crosswalk
from register.formspec.schema import FormSpec
from register.vocab import ChangeKind

# After these the same code may stand for something else: a person has to look at the answer again.
LOOK_AGAIN = frozenset({ChangeKind.NARROWED, ChangeKind.SPLIT})


@dataclass(frozen=True)
class Carried:
    """Answers in the words of the newer form; ``recheck`` maps those that must be looked at again to the change."""

    answers: Mapping[str, Any]
    recheck: Mapping[str, ChangeKind]


def carry(answers: Mapping[str, Any], steps: Sequence[Crosswalk], spec: FormSpec) -> Carried:
    """Return what is left of ``answers`` after ``steps`` lead to ``spec``; what that form does not take is dropped."""
    kept: dict[str, Any] = {}
    for field in spec.questions:
        value = answers.get(field.id)
        if value is None or (field.options and value not in field.codes):
            continue
        kept[field.id] = value
    # A question that hangs on another one goes with it.
    kept = {name: value for name, value in kept.items() if _asked(spec, name, kept)}
    changed = {name: kind for name, value in kept.items() if (kind := look_again(steps, name, value))}
    return Carried(kept, changed)


def look_again(steps: Iterable[Crosswalk], field_id: str, value: Any) -> ChangeKind | None:
    """Return the change after which an answer must be looked at again; None when it still means the same."""
    kinds = [change.kind for change in changes(steps, field_id, value)]
    return next((kind for kind in reversed(kinds) if kind in LOOK_AGAIN), None)


def changes(steps: Iterable[Crosswalk], field_id: str, value: Any) -> tuple[Change, ...]:
    """Return what became of an answer on the way, oldest first: of its code where codes changed, else of its field."""
    found = []
    for step in steps:
        by_code = any(name == field_id for name, _ in step.codes)
        change = step.codes.get((field_id, str(value))) if by_code else step.fields.get(field_id)
        if change is not None:
            found.append(change)
    return tuple(found)


def new_questions(steps: Iterable[Crosswalk], spec: FormSpec) -> frozenset[str]:
    """Return the questions of ``spec`` that the form before the first step did not have."""
    added = {name for step in steps for name, change in step.fields.items() if change.kind is ChangeKind.NEW}
    return frozenset(field.id for field in spec.questions if field.id in added)


def _asked(spec: FormSpec, field_id: str, answers: Mapping[str, Any]) -> bool:
    asked = spec.field(field_id).asked
    return asked is None or asked.holds(answers)
