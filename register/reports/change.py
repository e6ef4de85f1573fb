"""Real growth apart from reclassification: what became of the cases since the round before, and the cases behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from register.errors import NotFound, Say, say
from register.formspec.schema import Text
from register.models import SubmissionItem
from register.reports.dimensions import Category
from register.reports.moves import CHANGED, CLOSED, NEW, RECLASSIFIED, UNANSWERED, UNCHANGED, Pair, same
from register.reports.table import TOTAL, Column, Footnote, Row, Table

SLUG, COLUMN = "usage_type_change", "count"
TITLE, SHORT = say("案件の増減と類型の移動の内訳"), say("増減と移動の内訳")
# What may have become of a case, in the order in which it is shown; the last stands only where there are such cases.
KINDS = {
    NEW: Text("新規", "New"),
    CLOSED: Text("今回なし", "Not reported again"),
    UNCHANGED: Text("同じ類型のまま", "Same type as before"),
    RECLASSIFIED: Text("類型の定義変更による移動", "Moved because the definition changed"),
    CHANGED: Text("利用の実態の変化による移動", "Moved because the use changed"),
    UNANSWERED: Text("類型が前回か今回に未回答", "Type not answered this or last time"),
}
SUM, COUNT = Text("総計", "Total"), Text("件数", "Cases")
SOURCE = say("移動の理由は、府省庁か事務局が記録した案件ではその記録により、ほかの案件では様式の版の間の対応表による")


def counts(kinds: Mapping[str, int]) -> dict[str, int]:
    """Return every kind with its count, zeros included; nothing where no rounds were compared."""
    return {kind: kinds.get(kind, 0) for kind in KINDS} if kinds else {}


def tabulate(kinds: Mapping[str, int], growth: int | None, language: str) -> Table:
    """Return the kinds as a table; ``growth`` is the figure of the headline (None: it has none)."""
    shown = [kind for kind in KINDS if kinds.get(kind) or kind != UNANSWERED]
    body = [_row(kind, KINDS[kind].of(language), kinds.get(kind, 0)) for kind in shown]
    total = _row(TOTAL, SUM.of(language), sum(kinds.values()))
    head = Column(COLUMN, COUNT.of(language), "")
    return Table(SLUG, TITLE, SHORT, "", (head,), (*body, total), tuple(map(Footnote, _notes(counts(kinds), growth))))


def _row(code: str, label: str, count: int) -> Row:
    return Row(code, label, "", (count,), count)


def _notes(kinds: Mapping[str, int], growth: int | None) -> Iterator[Say]:
    new, closed = kinds[NEW], kinds[CLOSED]
    kept = sum(kinds.values()) - new - closed
    yield say(
        "案件は前回%(before)d件、今回%(now)d件。差の%(difference)+d件は、新規%(new)d件から今回なし%(closed)d件を引いたもの",
        before=kept + closed,
        now=kept + new,
        difference=new - closed,
        new=new,
        closed=closed,
    )
    if growth is not None and growth != new - closed:
        yield say(
            "要点に示した前回との差%(growth)+d件は、ここから要点の対象でない%(outside)d件"
            "（外部の方を利用者とするもの、利用開始時期が未回答のもの）を引いたもの",
            growth=growth,
            outside=new - closed - growth,
        )
    yield say(
        "続けて報告された%(kept)d件のうち、類型の定義変更による移動は%(reclassified)d件、"
        "利用の実態の変化による移動は%(changed)d件。移動は件数の増減に入らない",
        kept=kept,
        reclassified=kinds[RECLASSIFIED],
        changed=kinds[CHANGED],
    )
    if kinds[RECLASSIFIED] or kinds[CHANGED]:
        yield SOURCE


def cell(row: str, column: str, language: str) -> tuple[Category, Category]:
    """Return the names of a figure; raise ``NotFound`` for one that the table lacks, and for the sum of both rounds."""
    if row not in KINDS or column not in (COLUMN, TOTAL):
        raise NotFound(say("お探しのページはありません。"))
    return Category(row, KINDS[row].of(language), "", ()), Category(column, COUNT.of(language), "", ())


def behind(pair: Pair, kind: str) -> ColumnElement[bool]:
    """Return the condition on the items of a kind: as they were before where the case is closed, else as they are."""
    other = aliased(SubmissionItem)
    own, others = (pair.before, pair.now) if kind == CLOSED else (pair.now, pair.before)
    matched = select(other.id).where(others(other), same(other, SubmissionItem))
    if kind in (NEW, CLOSED):
        return and_(own(), ~matched.exists())
    return and_(own(), matched.where(pair.kind(SubmissionItem, other) == kind).exists())
