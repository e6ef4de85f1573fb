"""An earlier form's answers in the vocabulary of a later one: the crosswalks of the versions between, composed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from register.formspec.crosswalk import Change, Crosswalk
from register.formspec.schema import FormSpec
from register.vocab import ChangeKind

# A code that became several, or none, or that only the later form has: no single code stands for it.
LOST = frozenset({ChangeKind.SPLIT, ChangeKind.RETIRED, ChangeKind.NEW})
# A question that was dropped on the way asks nothing that the later form asks, even where that has its name again.
BROKEN = frozenset({ChangeKind.RETIRED, ChangeKind.NEW})


@dataclass(frozen=True)
class Way:
    """What became of one code: the code that stands for it in the later form (None: no single one), and the changes."""

    code: str
    target: str | None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Bridge:
    """From the answers of the form ``before`` to the codes of ``after``; ``steps`` lead from one to the other."""

    before: FormSpec
    after: FormSpec
    steps: tuple[Crosswalk, ...]

    def asks(self, field: str) -> bool:
        """Tell whether the earlier form asked ``field``."""
        return self.before.has(field)

    def ways(self, field: str) -> Mapping[str, Way]:
        """Return the way of every code of ``field`` in the earlier form, in its order."""
        return {option.code: self._way(field, option.code) for option in self.before.field(field).options}

    def changes(self, field: str) -> tuple[Change, ...]:
        """Return what became of the question as a whole."""
        return tuple(step.fields[field] for step in self.steps if field in step.fields)

    def _way(self, field: str, code: str) -> Way:
        at: str | None = code if self.steps or self.before.version == self.after.version else None
        told: list[Change] = []
        for step in self.steps:
            asked, change = step.fields.get(field), step.codes.get((field, at or ""))
            if asked is not None and asked.kind in BROKEN:
                return Way(code, None, (*told, asked))
            if change is not None:
                told.append(change)
                at = change.to or (None if change.kind in LOST else at)
        return Way(code, at if at in self.after.field(field).codes else None, tuple(told))
