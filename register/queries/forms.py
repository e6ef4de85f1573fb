"""Reading a form version: every section with its questions, and what became of each since the version before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from register.formspec.crosswalk import Change, Crosswalk
from register.formspec.loader import FormLibrary
from register.formspec.schema import Field, FormSpec, Option, Section

# The words for the years where no round says which they are.
ANY_YEAR: Mapping[str, str] = {
    "year": "当年",
    "fiscal_year": "当年度",
    "next_fiscal_year": "翌年度",
    "year_en": "the year of the round",
    "fiscal_year_en": "that of the round",
    "next_fiscal_year_en": "the fiscal year after the round",
}


@dataclass(frozen=True)
class Choice:
    """One answer that may be chosen: as it is now (None: dropped), as it was (None: new), and what changed."""

    now: Option | None
    before: Option | None
    change: Change | None

    @property
    def option(self) -> Option:
        """The option that gives the line its name."""
        option = self.now or self.before
        assert option is not None  # noqa: S101 a line is made from one or the other
        return option


@dataclass(frozen=True)
class Question:
    """One question with its choices; ``change`` is what became of it, None when it stayed the same."""

    field: Field
    before: Field | None
    change: Change | None
    choices: Sequence[Choice]

    @property
    def redefined(self) -> bool:
        """Whether the choices are shown beside those of the version before."""
        return any(choice.change for choice in self.choices)

    @property
    def defined(self) -> bool:
        """Whether the form explains a choice."""
        return any(choice.option.meaning.ja for choice in self.choices)


@dataclass(frozen=True)
class FormPage:
    """A form version by section, the version before it, and the questions that were dropped."""

    spec: FormSpec
    terms: Mapping[str, str]
    before: FormSpec | None
    sections: Sequence[tuple[Section, Sequence[Question]]]
    dropped: Sequence[Question]

    @property
    def changed(self) -> Sequence[Question]:
        """The questions that are not what they were, in the order of the form."""
        return [one for _, questions in self.sections for one in questions if one.change or one.redefined]


def form_page(spec: FormSpec, forms: FormLibrary, terms: Mapping[str, str] = ANY_YEAR) -> FormPage:
    """Return ``spec`` with its changes since the version before it in ``forms``; a first version has none."""
    versions = list(forms.versions)
    place = versions.index(spec.version) if spec.version in versions else 0
    before = forms.versions[versions[place - 1]] if place else None
    step = next(iter(forms.between(before.version, spec.version)), None) if before else None
    sections = [
        (section, [_question(field, before, step) for field in spec.questions if field.section == section.id])
        for section in spec.sections
    ]
    dropped = [_dropped(field, step) for field in before.questions if not spec.has(field.id)] if before else []
    return FormPage(spec, terms, before, [pair for pair in sections if pair[1]], dropped)


def _question(field: Field, before: FormSpec | None, step: Crosswalk | None) -> Question:
    old = before.field(field.id) if before and before.has(field.id) else None
    change = step.fields.get(field.id) if step else None
    return Question(field, old, change, [_choice(field, old, option, step) for option in _options(field, old)])


def _options(field: Field, old: Field | None) -> list[Option]:
    gone = [option for option in old.options if option.code not in field.codes] if old else []
    return [*field.options, *gone]


def _choice(field: Field, old: Field | None, option: Option, step: Crosswalk | None) -> Choice:
    return Choice(
        option if option.code in field.codes else None,
        old.option(option.code) if old and option.code in old.codes else None,
        step.codes.get((field.id, option.code)) if step else None,
    )


def _dropped(field: Field, step: Crosswalk | None) -> Question:
    return Question(field, field, step.fields.get(field.id) if step else None, ())
