"""Reading the cases behind a figure: the same conditions that counted it, narrowed to what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.errors import NotFound, Say, say
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import FormSpec
from register.formspec.terms import round_terms
from register.models import Ministry, Round, SubmissionItem, counted
from register.reports import change, flow
from register.reports.catalogue import CATALOGUE
from register.reports.dimensions import Category, Dimensions, Where, clause
from register.reports.moves import CLOSED, Pair
from register.reports.report import name_of, pair_of
from register.reports.table import TOTAL

PER_PAGE = 50
# The title of a table, the row, the column, the condition on the items behind, and the form that asked them.
Found = tuple[Say, Category, Category, ColumnElement[bool], FormSpec]


@dataclass(frozen=True)
class CasesPage:
    """The items behind a cell: what the round and the cell are called, and the page of those that the actor may see."""

    name: Say
    title: Say
    row: Category
    column: Category
    spec: FormSpec
    rows: Sequence[SubmissionItem]
    total: int
    page: int
    whole: bool  # False: only the actor's own ministry's items are shown

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def cases_page(
    session: Session,
    round: Round,
    actor: Actor,
    *,
    table: str,
    row: str,
    column: str,
    page: int,
    language: str,
    forms: FormLibrary,
) -> CasesPage:
    """Return the items behind one cell (row or column ``total``: the whole of it); raise ``NotFound`` for no cell."""
    if table in (flow.SLUG, change.SLUG):
        find = _in_flow if table == flow.SLUG else _in_change
        title, row_of, column_of, behind, spec = find(_pair(session, round, forms), row, column, language)
    else:
        title, row_of, column_of, behind, spec = _in_table(round, (table, row, column), language)
    condition = (behind, counted(), authz.sight(SubmissionItem, actor))
    total = session.scalar(select(func.count()).select_from(SubmissionItem).where(*condition)) or 0
    page = min(max(1, page), max(1, -(-total // PER_PAGE)))
    statement = (
        select(SubmissionItem)
        .join(Ministry, Ministry.id == SubmissionItem.ministry_id)
        .where(*condition)
        .options(joinedload(SubmissionItem.ministry))
        .order_by(Ministry.sort_no, SubmissionItem.case_no, SubmissionItem.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    whole = authz.can(actor, authz.Permission.ROUND_BOARD)
    rows = session.scalars(statement).all()
    return CasesPage(name_of(round), title, row_of, column_of, spec, rows, total, page, whole)


def _in_table(round: Round, names: tuple[str, str, str], language: str) -> Found:
    spec = from_canonical(round.form_version.canonical)
    dimensions = Dimensions(spec, language, round_terms(round.as_of))
    slug, row, column = names
    tab = next((tab for tab in CATALOGUE if tab.slug == slug and all(map(spec.has, tab.needs))), None)
    if tab is None:
        raise NotFound(say("お探しのページはありません。"))
    row_of, column_of = _named(tab.rows(dimensions), row), _named(tab.columns(dimensions), column)
    where: Where = (*dimensions.populations[tab.population].where, *row_of.where, *column_of.where)
    return tab.title, row_of, column_of, and_(SubmissionItem.round_id == round.id, clause(where)), spec


def _pair(session: Session, round: Round, forms: FormLibrary) -> Pair:
    pair = pair_of(session, round, forms)
    if pair is None:
        raise NotFound(say("お探しのページはありません。"))
    return pair


def _in_flow(pair: Pair, row: str, column: str, language: str) -> Found:
    now, before = (from_canonical(one.form_version.canonical) for one in (pair.round, pair.previous))
    row_of, column_of = flow.cell(now, before, row, column, language)
    asked = before if flow.counts_before(row, column) else now
    return flow.TITLE, row_of, column_of, flow.behind(pair, row, column), asked


def _in_change(pair: Pair, row: str, column: str, language: str) -> Found:
    row_of, column_of = change.cell(row, column, language)
    asked = pair.previous if row == CLOSED else pair.round
    return change.TITLE, row_of, column_of, change.behind(pair, row), from_canonical(asked.form_version.canonical)


def _named(categories: tuple[Category, ...], code: str) -> Category:
    if code == TOTAL:
        return Category(TOTAL, "", "", ())
    for category in categories:
        if category.code == code:
            return category
    raise NotFound(say("お探しのページはありません。"))
