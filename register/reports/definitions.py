"""The usage types of a round as its form defines them, beside the form of the round before."""

from __future__ import annotations

from dataclasses import dataclass

from register.formspec.crosswalk import Change
from register.formspec.loader import FormLibrary
from register.formspec.schema import FormSpec, Option
from register.reports.report import Report

FIELD = "usage_type"


@dataclass(frozen=True)
class Definition:
    """One usage type: as it is now, as it was (None: the earlier form had no such type), and what changed."""

    now: Option
    before: Option | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Definitions:
    """Every usage type of a round; ``before`` is the earlier round's form when it is another one than this round's."""

    before: FormSpec | None
    types: tuple[Definition, ...]

    @property
    def changed(self) -> bool:
        """Whether any type means something else than in the round before, so that a move may be one in name only."""
        return any(one.changes for one in self.types)


def definitions(report: Report, forms: FormLibrary) -> Definitions:
    """Return the usage types of ``report`` with what ``forms`` says of their change since the round before."""
    before = report.previous_form
    if before is not None and before.digest == report.form.digest:
        before = None
    steps = forms.between(before.version, report.form.version) if before else ()
    known = before.field(FIELD) if before and before.has(FIELD) else None
    return Definitions(
        before,
        tuple(
            Definition(
                option,
                known.option(option.code) if known and option.code in known.codes else None,
                tuple(step.codes[FIELD, option.code] for step in steps if (FIELD, option.code) in step.codes),
            )
            for option in report.form.field(FIELD).options
        ),
    )
