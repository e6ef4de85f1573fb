"""The published cross-tables as declarations: rows, columns, population, fold, notes. Adding one adds it everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from register.errors import Say, say
from register.reports.dimensions import Category, Dimensions, Where, among
from register.vocab import StartTiming

Axis = Callable[[Dimensions], tuple[Category, ...]]


@dataclass(frozen=True)
class Note:
    """A footnote with its true count: it stands when the count is not zero, or always when ``always``.

    ``excluded`` names an exclusion of the table's population: counted is what it alone leaves out. ``unanswered``
    counts the open answers to a field within the population.
    """

    sentence: str
    excluded: str | None = None
    unanswered: str | None = None
    always: bool = False


@dataclass(frozen=True)
class CrossTab:
    """The declaration of a table.

    ``short`` is a title for narrow places, the name of a workbook's sheet (at most 31 characters in any language);
    ``needs`` are the fields that the round's form must have asked. ``filters`` narrow the population further, each by
    its name.
    """

    slug: str
    title: Say
    short: Say
    population: str
    rows: Axis
    columns: Axis
    needs: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    folded: tuple[str, str] | None = None  # (field whose unanswered cases are folded, code that takes them in)
    compared: bool = False
    distinct: str | None = None  # group of user_scope whose row counts its ministries too
    previous: bool = False
    filters: tuple[tuple[Say, Where], ...] = ()

    def scope(self, dimensions: Dimensions) -> Where:
        """Return the conditions that its cases meet: those of the population and the filters."""
        narrowed = (condition for _, where in self.filters for condition in where)
        return (*dimensions.populations[self.population].where, *narrowed)


def _types(dimensions: Dimensions) -> tuple[Category, ...]:
    return dimensions.by_code("usage_type")


def _types_by_start(dimensions: Dimensions) -> tuple[Category, ...]:
    english = dimensions.language == "en"
    return dimensions.types_by_start("Started" if english else "開始済", "Before" if english else "開始前")


def _timings(dimensions: Dimensions) -> tuple[Category, ...]:
    return dimensions.by_code("start_timing", fold=StartTiming.UNDECIDED)


def _outputs(dimensions: Dimensions) -> tuple[Category, ...]:
    options = dimensions.by_code("output_type")
    number = len(options) + 1
    label = f"{number}. Left blank" if dimensions.language == "en" else f"{_wide(number)}．未記入"
    return (*options, Category(str(number), label, "", (among("output_type", {None}),)))


def _count(dimensions: Dimensions) -> tuple[Category, ...]:
    return (Category("count", "Cases" if dimensions.language == "en" else "件数", "", ()),)


def _wide(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９"))


_STAFF_ONLY = Note("政府職員を利用者とするもののみを対象", always=True)
_NO_TIMING = Note("「利用開始時期」未回答の%(count)d件は除いている", excluded="no_timing")
_NO_TYPE = Note("「利用類型」未回答の%(count)d件は、総計にのみ含む", unanswered="usage_type")

CATALOGUE: tuple[CrossTab, ...] = (
    CrossTab(
        "start_timing_by_usage_type",
        say("利用類型・利用時期"),
        say("利用時期"),
        "all",
        _timings,
        _types,
        ("usage_type", "start_timing"),
        (Note("利用開始時期未回答が%(count)d件あり、「未定」として集計", unanswered="start_timing"), _NO_TYPE),
        folded=("start_timing", StartTiming.UNDECIDED),
    ),
    CrossTab(
        "user_scope_by_usage_type",
        say("政府職員の生成AIシステムの利用類型・利用者の範囲"),
        say("利用者の範囲（政府職員）"),
        "staff_with_timing",
        Dimensions.staff_scopes,
        _types_by_start,
        ("usage_type", "user_scope"),
        (
            _STAFF_ONLY,
            _NO_TIMING,
            Note("「利用者の範囲」未回答の%(count)d件は、総計にのみ含む", unanswered="user_scope"),
            _NO_TYPE,
        ),
        distinct="whole",
        previous=True,
    ),
    CrossTab(
        "stage_by_user_scope",
        say("政府職員の生成AIシステムの導入段階ごとの利用類型・利用者の範囲"),
        say("導入段階（政府職員）"),
        "staff_with_stage",
        lambda dimensions: dimensions.with_stage(dimensions.staff_scopes()),
        _types_by_start,
        ("usage_type", "user_scope", "stage"),
        (
            _STAFF_ONLY,
            Note("導入段階の記載がない%(count)d件は除いている", excluded="no_stage"),
            Note("「利用開始時期」未回答の%(count)d件は、開始前に含む", unanswered="start_timing"),
            Note("「利用者の範囲」未回答の%(count)d件は、総計にのみ含む", unanswered="user_scope"),
            _NO_TYPE,
            Note("同じ利用者の範囲の中で常用段階と検証段階を比べ、件数の多い方に色と◆印を付けている", always=True),
        ),
        compared=True,
    ),
    CrossTab(
        "confidentiality",
        say("政府職員の利用する生成AIシステムの取扱情報の機密性"),
        say("取扱情報の機密性（政府職員）"),
        "staff_with_timing",
        lambda dimensions: dimensions.by_code("confidentiality"),
        _types_by_start,
        ("usage_type", "confidentiality"),
        (
            _STAFF_ONLY,
            _NO_TIMING,
            Note("「取扱情報の機密性」未回答の%(count)d件は、総計にのみ含む", unanswered="confidentiality"),
            _NO_TYPE,
        ),
    ),
    CrossTab(
        "external_by_stage",
        say("政府の生成AIシステムの外部向けの利用類型・導入段階"),
        say("導入段階（外部向け）"),
        "external",
        lambda dimensions: dimensions.with_stage(dimensions.external_scopes()),
        _types_by_start,
        ("usage_type", "user_scope", "stage"),
        (
            Note("特定少数及び不特定多数の外部の方を利用者とするもののみを対象", always=True),
            Note("導入段階の記載がない%(count)d件は、総計にのみ含む", unanswered="stage"),
            Note("「利用開始時期」未回答の%(count)d件は、開始前に含む", unanswered="start_timing"),
            _NO_TYPE,
        ),
    ),
    CrossTab(
        "output_type", say("出力データの種類"), say("出力データの種類"), "all", _outputs, _count, ("output_type",)
    ),
)
