"""What a case can be counted by: categories over its answers, and the named populations.

A condition is a set of codes of one field, None standing for an unanswered question. The same condition picks the
groups that the database counted and, for a drill-down, becomes SQL: a figure and the cases behind it cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_

from register.errors import Say, say
from register.formspec.schema import Field, FormSpec, Option
from register.models import SubmissionItem
from register.vocab import StartTiming

FIELDS = ("usage_type", "start_timing", "user_scope", "stage", "confidentiality", "output_type")
Key = Mapping[str, str | None]


@dataclass(frozen=True)
class Condition:
    """The answer to ``field`` is one of ``codes`` (None: unanswered), or none of them when ``outside``."""

    field: str
    codes: frozenset[str | None]
    outside: bool = False

    def holds(self, key: Key) -> bool:
        """Tell whether a group of cases with these answers meets the condition."""
        return (key.get(self.field) in self.codes) is not self.outside

    @property
    def opposite(self) -> Condition:
        """The condition that exactly the other cases meet."""
        return Condition(self.field, self.codes, not self.outside)

    def clause(self) -> ColumnElement[bool]:
        """Return the condition on submission items."""
        value = SubmissionItem.answers[self.field].as_string()
        inside = or_(
            value.in_([code for code in self.codes if code is not None]),
            *([value.is_(None)] if None in self.codes else []),
        )
        # SQL's NULL is neither in nor out; an unanswered question is outside every code.
        return and_(or_(value.is_(None), not_(inside)), *_answered(self, value)) if self.outside else inside


def _answered(condition: Condition, value: Any) -> list[ColumnElement[bool]]:
    return [value.is_not(None)] if None in condition.codes else []


Where = tuple[Condition, ...]


def among(field: str, codes: Iterable[str | None]) -> Condition:
    """Return the condition that the answer is one of ``codes``."""
    return Condition(field, frozenset(codes))


def holds(where: Where, key: Key) -> bool:
    """Tell whether a group meets every condition."""
    return all(condition.holds(key) for condition in where)


def clause(where: Where) -> ColumnElement[bool]:
    """Return the conditions on submission items."""
    return and_(True, *(condition.clause() for condition in where))


@dataclass(frozen=True)
class Category:
    """A row or a column: its code, its label, the heading that it shares, and which cases it counts."""

    code: str
    label: str
    group: str
    where: Where


@dataclass(frozen=True)
class Exclusion:
    """A named set of cases that a population leaves out: the condition that they meet."""

    key: str
    name: Say
    condition: Condition


@dataclass(frozen=True)
class Population:
    """A named set of cases: all but what its exclusions name. ``name`` is its word for people."""

    key: str
    name: Say
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def where(self) -> Where:
        """The conditions that its cases meet."""
        return tuple(exclusion.condition.opposite for exclusion in self.exclusions)

    @property
    def leaves_out(self) -> frozenset[str]:
        """The keys of its exclusions."""
        return frozenset(one.key for one in self.exclusions)

    def left_out(self, key: str) -> Where:
        """Return the conditions of what the exclusion ``key`` alone keeps out: all others' cases are in."""
        return tuple(one.condition if one.key == key else one.condition.opposite for one in self.exclusions)


class Dimensions:
    """The categories and populations of one round, in the words of its form version."""

    def __init__(self, spec: FormSpec, language: str, terms: Mapping[str, str]) -> None:
        self.spec, self.language, self.terms = spec, language, terms
        self.external = frozenset(o.code for o in self._options("user_scope") if o.group == "external")
        outsiders = among("user_scope", self.external)
        external = Exclusion("external", say("外部の方を利用者とする案件"), outsiders)
        officials = Exclusion("officials", say("政府職員を利用者とする案件"), outsiders.opposite)
        no_timing = Exclusion("no_timing", say("利用開始時期が未回答の案件"), among("start_timing", {None}))
        no_stage = Exclusion("no_stage", say("導入段階の記載がない案件"), among("stage", {None}))
        populations = (
            Population("all", say("全案件")),
            Population("staff", say("政府職員を利用者とする案件"), (external,)),
            Population(
                "staff_with_timing",
                say("政府職員を利用者とし、利用開始時期の回答がある案件"),
                (external, no_timing),
            ),
            Population("staff_with_stage", say("政府職員を利用者とし、導入段階の回答がある案件"), (external, no_stage)),
            Population("external", say("外部の方を利用者とする案件"), (officials,)),
        )
        self.populations = {population.key: population for population in populations}
        self.exclusions = {one.key: one for population in populations for one in population.exclusions}

    def has(self, field: str) -> bool:
        """Tell whether the round's form asked ``field``."""
        return self.spec.has(field)

    def codes_of_group(self, field: str, group: str) -> frozenset[str]:
        """Return the codes of ``field`` that the code list puts into ``group``."""
        return frozenset(option.code for option in self._options(field) if option.group == group)

    def by_code(self, field: str, *, fold: str | None = None) -> tuple[Category, ...]:
        """Return a category per option; ``fold`` is the code that takes in the unanswered cases."""
        return tuple(self._category(field, option, fold) for option in self._options(field))

    def staff_scopes(self) -> tuple[Category, ...]:
        """Return the scopes of users that are officials."""
        return tuple(one for one in self.by_code("user_scope") if one.code not in self.external)

    def external_scopes(self) -> tuple[Category, ...]:
        """Return the scopes of users outside the government, under their plain names."""
        options = [option for option in self._options("user_scope") if option.code in self.external]
        return tuple(
            Category(o.code, o.label(self.language, self.terms), "", (among("user_scope", {o.code}),)) for o in options
        )

    def with_stage(self, scopes: tuple[Category, ...]) -> tuple[Category, ...]:
        """Return each scope once per stage, grouped under the scope."""
        return tuple(
            Category(f"{scope.code}/{stage.code}", stage.label, scope.label, (*scope.where, *stage.where))
            for scope in scopes
            for stage in self.by_code("stage")
        )

    def types_by_start(self, started: str, before: str) -> tuple[Category, ...]:
        """Return each usage type twice: started, and before (an unanswered start timing stands before)."""
        yes = among("start_timing", {StartTiming.STARTED.value})
        no = Condition("start_timing", yes.codes, outside=True)
        return tuple(
            Category(f"{one.code}/{code}", label, one.label, (*one.where, condition))
            for one in self.by_code("usage_type")
            for code, label, condition in (("started", started, yes), ("before", before, no))
        )

    def _options(self, field: str) -> tuple[Option, ...]:
        found: Field | None = self.spec.field(field) if self.spec.has(field) else None
        return found.options if found else ()

    def _category(self, field: str, option: Option, fold: str | None) -> Category:
        codes: set[str | None] = {option.code} | ({None} if option.code == fold else set())
        return Category(option.code, option.print_label(self.language, self.terms), "", (among(field, codes),))
