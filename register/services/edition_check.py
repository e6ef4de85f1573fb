"""Checking an edition before it is approved: what it would say, where its figures disagree, and what it would leak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from register.errors import Say, say
from register.formspec.loader import FormLibrary
from register.models import Edition, texts_digest
from register.queries import editions as queries
from register.queries.editions import Example
from register.reports import contents, figures, plain
from register.reports.contents import Head, Speak
from register.reports.linear import INFINITY
from register.reports.lint import Fault, lint
from register.reports.place import UNANSWERED, Place
from register.reports.report import Report, build
from register.reports.sums import sums_of
from register.reports.suppression import Sums, hide, infer
from register.vocab import DISCLOSED_TEXTS, DisclosureClass, DisclosurePart, Variant

# What is shorter stands in many texts by chance.
SHORTEST_LEAK = 4


@dataclass(frozen=True)
class Withheld:
    """A figure that the public variant leaves out, and between which values its reader can still place it."""

    place: Place
    name: Say
    value: int
    low: int
    high: int | None
    small: bool


@dataclass(frozen=True)
class Leak:
    """A text that is not public and yet stands in the public variant: of which case, and the text."""

    case_no: str
    text: str


@dataclass(frozen=True)
class Inspection:
    """What a check found: figures that disagree, texts that leak, and the places ``away`` that are left out.

    ``texts`` are what the edition says, by variant and language; ``sha256`` is of them all.
    """

    faults: tuple[Fault, ...]
    leaks: tuple[Leak, ...]
    away: frozenset[Place]
    texts: Mapping[tuple[Variant, str], dict[str, Any]]
    sha256: str
    answers_sha256: str
    reports: Mapping[str, Report]
    sums: Sums
    threshold: int

    @property
    def passes(self) -> bool:
        """Whether the edition may be published as it is."""
        return not self.faults and not self.leaks

    def withheld(self, language: str) -> tuple[Withheld, ...]:
        """Return the figures that are left out, by their names in a language, with what can still be said of them."""
        return tuple(
            Withheld(
                one.place,
                _name(self.reports[language], one.place),
                one.value,
                round(low),
                round(high) if high < float("inf") else None,
                one.place in self._small,
            )
            for one in self.sums.figures
            if one.place in self.away
            for low, high in [self._bounds[one.place]]
        )

    @cached_property
    def _bounds(self) -> Mapping[Place, tuple[float, float]]:
        return infer(self.sums, self.away)

    @cached_property
    def recovered(self) -> int:
        """How many small figures would be found out if only the small ones were left out."""
        return sum(high - low < 1 for low, high in infer(self.sums, self._small).values()) if self._small else 0

    @property
    def _small(self) -> frozenset[Place]:
        small = (one for one in self.sums.figures if one.telling and 0 < one.value < self.threshold)
        return frozenset(one.place for one in small)

    @property
    def small(self) -> int:
        """How many of the figures left out are small themselves."""
        return len(self._small & self.away)


def inspect(session: Session, edition: Edition, forms: FormLibrary, speak: Mapping[str, Speak]) -> Inspection:
    """Check an edition against the answers as they are now; ``speak`` says a sentence in each language."""
    shown, risky = queries.examples(session, edition), queries.high_risk(session, edition.round)
    reports = {language: build(session, edition.round, language, forms) for language in speak}
    report = reports["ja"]
    sums = _with_known(sums_of(report), queries.told_before(session, edition))
    away = hide(sums, edition.threshold)
    texts: dict[tuple[Variant, str], dict[str, Any]] = {}
    for language, own in reports.items():
        for variant in Variant:
            closed = variant is Variant.CLOSED
            head = Head(
                edition.number,
                variant,
                edition.threshold,
                edition.supersedes.number if edition.supersedes else None,
                edition.note,
            )
            sections = {
                "examples": [_example(one, own, language, closed=closed) for one in shown],
                "high_risk": [
                    {"id": f"H{n}", **_case(case, language), "since": flag.since.isoformat()}
                    for n, (case, flag) in enumerate(risky, 1)
                ]
                if closed
                else None,
            }
            texts[variant, language] = contents.tell(
                own, head, frozenset() if closed else away, sections, speak[language]
            )
    secret = [(one.item.case_no, text) for one in shown for text in one.withheld]
    secret += [(case.case_no, text) for case, _ in risky for text in (case.case_no, case.title)]
    return Inspection(
        lint(plain.of(report), report.dimensions),
        tuple(_leaks([texts[Variant.PUBLIC, language] for language in speak], secret, shown)),
        away,
        texts,
        texts_digest(texts),
        report.sha256,
        reports,
        sums,
        edition.threshold,
    )


def _with_known(sums: Sums, before: Iterable[Mapping[str, Any]]) -> Sums:
    """Return the figures with those that stand in an earlier public edition: hiding them now would hide nothing."""
    told = list(before)
    known = {
        one.place for one in sums.figures if any(contents.figure_at(text, one.place) == one.value for text in told)
    }
    kept = (replace(one, cost=INFINITY) if one.place in known else one for one in sums.figures)
    return replace(sums, figures=tuple(kept))


def _example(one: Example, report: Report, language: str, *, closed: bool) -> dict[str, Any]:
    """Return a goal as a variant shows it; the public one has only what was decided to be public."""
    kind = next((o.label(language) for o in report.form.field("goal_kind").options if o.code == one.kind), "")
    told: dict[str, Any] = {"id": one.id, "kind": kind}
    ministry = one.item.ministry.label(language)
    if closed:
        texts = {part.value: one.text(part) for part in DISCLOSED_TEXTS}
        return told | {"case_no": one.item.case_no, "ministry": ministry, **texts}
    by = one.closed_by
    public = {part.value: one.public(part) for part in DISCLOSED_TEXTS}
    undecided = any(one.rows.get(part) is None for part in (DisclosurePart.CASE, *DISCLOSED_TEXTS))
    open_ = by is None and not undecided
    level = (
        DisclosureClass.PUBLIC if open_ else DisclosureClass.PARTLY if any(public.values()) else DisclosureClass.CLOSED
    )
    return told | {
        "ministry": ministry if one.names_ministry else None,
        **public,
        "level": level.value,
        "ground": by.ground.label(language) if by and by.ground else None,
    }


def _case(case: Any, language: str) -> dict[str, str]:
    return {"case_no": case.case_no, "ministry": case.ministry.label(language), "title": case.title}


def _leaks(public: list[dict[str, Any]], secret: list[tuple[str, str]], shown: tuple[Example, ...]) -> Iterator[Leak]:
    """Yield what is not public and stands in the public variant all the same, but as what a case may say of itself."""
    said = "\n".join(text for told in public for text in _texts(told))
    free = {text for one in shown for part in DISCLOSED_TEXTS if (text := one.public(part))}
    for case_no, text in dict.fromkeys(secret):
        if len(text) >= SHORTEST_LEAK and text in said and text not in free:
            yield Leak(case_no, text)


def _texts(told: Any) -> Iterator[str]:
    """Yield every text of a JSON value."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        yield from (text for value in told.values() for text in _texts(value))
    elif isinstance(told, list | tuple):
        yield from (text for value in told for text in _texts(value))


def _name(report: Report, place: Place) -> Say:
    """Return what a figure is called; those of the round before and of both have no page, but stand in a table."""
    table = next((one for one in report.every_table if one.slug == place.table), None)
    row = next((one for one in table.rows if one.code == place.row), None) if table else None
    if table is None or row is None or place.column == UNANSWERED:
        return figures.resolve(report, place).name
    label = figures.label(row)
    column = next((one for one in table.columns if one.code == place.column), None)
    if column is None:
        return say("%(table)s／%(row)s", table=table.title, row=label)
    return say("%(table)s／%(row)s／%(column)s", table=table.title, row=label, column=figures.label(column))
