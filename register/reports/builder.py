"""The table builder: a table as a declaration of data, chosen from what a round's form asked; no expression, no code.

A declaration is stored as plain JSON, stands in an address as plain arguments, and becomes a ``CrossTab`` like those
of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from register.errors import Invalid, Say, listed, say
from register.formspec.schema import Text
from register.reports.counts import fields_of
from register.reports.dimensions import FIELDS, Category, Condition, Dimensions, among
from register.vocab import StartTiming

SLUG = "built"
# The code of the unanswered cases: in a filter, and as a row or a column.
BLANK = "blank"
ROWS, ROWS_INNER, COLUMNS, COLUMNS_INNER = AXES = ("rows", "rows_inner", "columns", "columns_inner")
POPULATION, MEASURE, ONLY = "population", "measure", "only_"


class Measure(StrEnum):
    """What the cells of a built table tell."""

    CASES = "cases"
    MINISTRIES = "ministries"
    OF_TABLE = "share_of_table"
    OF_ROW = "share_of_row"
    OF_COLUMN = "share_of_column"

    @property
    def share(self) -> bool:
        """Whether it is a share, which stands beside its count of cases."""
        return self not in (Measure.CASES, Measure.MINISTRIES)


MEASURES: Mapping[Measure, Say] = {
    Measure.CASES: say("案件数"),
    Measure.MINISTRIES: say("府省庁の数（重複を除く）"),
    Measure.OF_TABLE: say("割合（表の総計に対する）"),
    Measure.OF_ROW: say("割合（行の総計に対する）"),
    Measure.OF_COLUMN: say("割合（列の総計に対する）"),
}


@dataclass(frozen=True)
class Part:
    """A category made of several options: those of ``groups`` of the code list or ``codes``, else all others."""

    code: str
    label: Text
    groups: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()

    @property
    def others(self) -> bool:
        """Whether it takes in what no other part does."""
        return not self.groups and not self.codes


@dataclass(frozen=True)
class Dimension:
    """What rows or columns may be: the options of a question, or ``parts`` made of them."""

    field: str
    name: Say
    parts: tuple[Part, ...] = ()


def _group(code: str, ja: str, en: str) -> Part:
    return Part(code, Text(ja, en), groups=frozenset({code}))


# The parts are those of the published tables and sentences.
DIMENSIONS: Mapping[str, Dimension] = {
    "usage_type": Dimension("usage_type", say("利用類型")),
    "usage_type_group": Dimension(
        "usage_type",
        say("利用類型（汎用型・特化型）"),
        (
            _group("general", "汎用型", "General-purpose"),
            _group("specialised", "特化型", "Specialised"),
            Part("other", Text("その他", "Other")),
        ),
    ),
    "start_timing": Dimension("start_timing", say("利用開始時期")),
    "started": Dimension(
        "start_timing",
        say("利用開始時期（開始済・開始前）"),
        (
            Part("started", Text("開始済", "Started"), codes=frozenset({StartTiming.STARTED.value})),
            Part("before", Text("開始前", "Before")),
        ),
    ),
    "user_scope": Dimension("user_scope", say("利用者の範囲")),
    "user_scope_group": Dimension(
        "user_scope",
        say("利用者の範囲（府省庁全体・外部）"),
        (
            _group("whole", "単一府省庁のみ-全体", "One ministry: the whole of it"),
            Part("other", Text("そのほかの政府職員", "Other officials")),
            _group("external", "外部", "Outside users"),
        ),
    ),
    "stage": Dimension("stage", say("導入段階")),
    "confidentiality": Dimension("confidentiality", say("取扱情報の機密性")),
    "output_type": Dimension("output_type", say("出力データの種類")),
}
QUESTIONS: Mapping[str, Say] = {one.field: one.name for one in DIMENSIONS.values() if not one.parts}
UNANSWERED, OR_NOT_ASKED = Text("未回答", "Not answered"), Text("未回答・対象外", "Not answered or not applicable")
NONE = say("なし")


@dataclass(frozen=True)
class Definition:
    """A table as it is declared: one or two ``rows``, up to two ``columns``, the outer before the inner.

    ``filters`` are the codes that count, by question and in the order of ``FIELDS``; ``BLANK`` is the unanswered.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()
    population: str = "all"
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    measure: Measure = Measure.CASES

    @property
    def axes(self) -> Iterator[tuple[str, str]]:
        """The dimensions, each with the name of the form field that chooses it."""
        yield from zip((ROWS, ROWS_INNER), self.rows, strict=False)
        yield from zip((COLUMNS, COLUMNS_INNER), self.columns, strict=False)

    def plain(self) -> dict[str, Any]:
        """Return the declaration as it is stored."""
        return {
            ROWS: list(self.rows),
            COLUMNS: list(self.columns),
            POPULATION: self.population,
            "filters": {field: list(codes) for field, codes in self.filters},
            MEASURE: self.measure.value,
        }

    def args(self) -> dict[str, Any]:
        """Return the declaration as an address holds it."""
        chosen: dict[str, Any] = dict(self.axes) | {POPULATION: self.population, MEASURE: self.measure.value}
        return chosen | {f"{ONLY}{field}": list(codes) for field, codes in self.filters}


def read(plain: Mapping[str, Any]) -> Definition:
    """Return the declaration that was stored."""
    chosen = {POPULATION: plain[POPULATION], MEASURE: plain[MEASURE]}
    for names, keys in (((ROWS, ROWS_INNER), plain[ROWS]), ((COLUMNS, COLUMNS_INNER), plain[COLUMNS])):
        chosen |= dict(zip(names, keys, strict=False))
    return declare(chosen | {f"{ONLY}{field}": codes for field, codes in plain["filters"].items()})


def declare(chosen: Mapping[str, Any]) -> Definition:
    """Return the declaration that was chosen, by the names of the form's fields; raise ``Invalid``."""
    axes = {name: chosen.get(name) or "" for name in AXES}
    problems = dict(_slips(axes))
    measure = chosen.get(MEASURE) or Measure.CASES.value
    if measure not in set(Measure):
        problems[MEASURE] = say("選択肢の中から選んでください。")
    if measure == Measure.OF_ROW and not axes[COLUMNS]:
        problems[MEASURE] = say("行の総計に対する割合は、列を選んだときだけ表せます。")
    if problems:
        raise Invalid(problems)
    filters = ((field, set(chosen.get(f"{ONLY}{field}") or ())) for field in FIELDS)
    return Definition(
        tuple(filter(None, (axes[ROWS], axes[ROWS_INNER]))),
        tuple(filter(None, (axes[COLUMNS], axes[COLUMNS_INNER]))),
        chosen.get(POPULATION) or "all",
        tuple(
            (field, tuple(sorted(codes, key=lambda code: (code == BLANK, code)))) for field, codes in filters if codes
        ),
        Measure(measure),
    )


def _slips(axes: Mapping[str, str]) -> Iterator[tuple[str, Say]]:
    """Yield what is wrong with the choice of rows and columns, each at its field."""
    if not axes[ROWS]:
        yield ROWS, say("行にするものを選んでください。")
    if axes[COLUMNS_INNER] and not axes[COLUMNS]:
        yield COLUMNS, say("列の内訳を選ぶときは、列にするものも選んでください。")
    taken: set[str] = set()
    for name, key in axes.items():
        if key and key not in DIMENSIONS:
            yield name, say("選択肢の中から選んでください。")
        elif key and key in taken:
            yield name, say("「%(name)s」は、すでに行か列に選ばれています。", name=DIMENSIONS[key].name)
        taken.add(key)


def check(definition: Definition, dimensions: Dimensions) -> None:
    """Raise ``Invalid``, by form field, where a round's form did not ask what a declaration counts by."""
    if definition.population not in dimensions.populations:
        raise Invalid({POPULATION: say("選択肢の中から選んでください。")})
    problems = {
        name: say("「%(question)s」は、この回の様式では尋ねていません。", question=QUESTIONS[field])
        for name, field in _needed(definition, dimensions)
        if not dimensions.has(field)
    }
    if problems:
        raise Invalid(problems)


def askable(key: str, dimensions: Dimensions) -> bool:
    """Tell whether the round's form asked what a dimension is made of."""
    return dimensions.has(DIMENSIONS[key].field)


def _needed(definition: Definition, dimensions: Dimensions) -> Iterator[tuple[str, str]]:
    yield from ((name, DIMENSIONS[key].field) for name, key in definition.axes)
    yield from ((POPULATION, field) for field in sorted(fields_of(dimensions.populations[definition.population].where)))
    yield from ((f"{ONLY}{field}", field) for field, _ in definition.filters)


def unknown(definition: Definition, dimensions: Dimensions) -> dict[str, tuple[str, ...]]:
    """Return the codes of the filters that the round's form does not have, by question."""
    known = {field: {BLANK, *(one.code for one in dimensions.by_code(field))} for field, _ in definition.filters}
    found = {field: tuple(one for one in codes if one not in known[field]) for field, codes in definition.filters}
    return {field: codes for field, codes in found.items() if codes}


def refuse_unknown(definition: Definition, dimensions: Dimensions) -> None:
    """Raise ``Invalid`` where a filter chooses what the round's form does not offer."""
    why = say("この回の様式にない選択肢です。選択を外してください。")
    if found := unknown(definition, dimensions):
        raise Invalid({f"{ONLY}{field}": why for field in found})


def options(field: str, dimensions: Dimensions) -> list[tuple[str, str]]:
    """Return what a filter may choose: every option of the question, and the unanswered cases last."""
    if not dimensions.has(field):
        return []
    known = [(one.code, one.label) for one in dimensions.by_code(field)]
    return [*known, (BLANK, blank_label(field, dimensions))]


def blank_label(field: str, dimensions: Dimensions) -> str:
    """Return what the unanswered cases are called: with those that need not answer, where there are such."""
    asked = dimensions.spec.field(field)
    may_not = asked.exempt is not None or asked.asked is not None
    return (OR_NOT_ASKED if may_not else UNANSWERED).of(dimensions.language)


def where_of(field: str, codes: Iterable[str]) -> Condition:
    """Return the condition of a filter."""
    return among(field, (None if code == BLANK else code for code in codes))


def categories(keys: Sequence[str], dimensions: Dimensions, blank: frozenset[str]) -> tuple[Category, ...]:
    """Return the categories of one axis, the inner ones under each outer one; ``blank`` are questions left open.

    What no case can be, being two options of one question at once, is left out.
    """
    outer, *inner = (_of(DIMENSIONS[key], dimensions, blank) for key in keys)
    if not inner:
        return tuple(outer)
    return tuple(
        Category(f"{one.code}/{part.code}", part.label, one.label, (*one.where, *part.where))
        for one in outer
        for part in inner[0]
        if _possible(one, part)
    )


def _of(dimension: Dimension, dimensions: Dimensions, blank: frozenset[str]) -> list[Category]:
    field = dimension.field
    if dimension.parts:
        found = [_part(part, dimension, dimensions) for part in dimension.parts]
    else:
        found = list(dimensions.by_code(field))
    if field in blank:
        found.append(Category(BLANK, blank_label(field, dimensions), "", (among(field, {None}),)))
    return [one for one in found if any(condition.codes for condition in one.where)]


def _part(part: Part, dimension: Dimension, dimensions: Dimensions) -> Category:
    codes = _codes(part, dimension.field, dimensions)
    if part.others:
        named = (_codes(one, dimension.field, dimensions) for one in dimension.parts if not one.others)
        codes = frozenset(one.code for one in dimensions.by_code(dimension.field)).difference(*named)
    return Category(part.code, part.label.of(dimensions.language), "", (among(dimension.field, codes),))


def _codes(part: Part, field: str, dimensions: Dimensions) -> frozenset[str]:
    return part.codes.union(*(dimensions.codes_of_group(field, group) for group in part.groups))


def _possible(one: Category, other: Category) -> bool:
    pairs = ((a, b) for a in one.where for b in other.where)
    return all(a.field != b.field or a.codes & b.codes for a, b in pairs)


def title(definition: Definition) -> Say:
    """Return what a table is called by what it counts."""
    rows = _joined(definition.rows)
    return say("%(rows)s×%(columns)s", rows=rows, columns=_joined(definition.columns)) if definition.columns else rows


def _joined(keys: Sequence[str]) -> Say:
    names = [DIMENSIONS[key].name for key in keys]
    return say("%(group)s／%(label)s", group=names[0], label=names[1]) if len(names) > 1 else names[0]


def filter_name(field: str, codes: Sequence[str], dimensions: Dimensions) -> Say:
    """Return a filter in words; an option that this round's form does not have is named by its code."""
    labels = dict(options(field, dimensions))
    chosen = listed([labels.get(code, code) for code in codes])
    return say("「%(field)s」が%(codes)sの案件", field=QUESTIONS[field], codes=chosen)


def words(definition: Definition, dimensions: Dimensions) -> tuple[tuple[Say, Say | str], ...]:
    """Return a declaration in words: what each choice is called, and what was chosen."""
    filters = [filter_name(field, codes, dimensions) for field, codes in definition.filters]
    population = dimensions.populations.get(definition.population)
    return (
        (say("行"), _joined(definition.rows)),
        (say("列"), _joined(definition.columns) if definition.columns else NONE),
        (say("対象の案件"), population.name if population else definition.population),
        (say("絞り込みの内容"), listed(filters) if filters else NONE),
        (say("表す値"), MEASURES[definition.measure]),
    )
