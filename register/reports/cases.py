"""Reading the cases behind a figure: the same conditions that counted it, narrowed to what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.authz import Actor
from register.errors import NotFound, Say, say
from register.formspec.loader import from_canonical
from register.formspec.schema import FormSpec
from register.formspec.terms import round_terms
from register.models import Ministry, Round, SubmissionItem, counted
from register.reports import flow
from register.reports.catalogue import CATALOGUE
from register.reports.dimensions import Category, Dimensions, Where, clause
from register.reports.report import previous_round
from register.reports.table import TOTAL

PER_PAGE = 50
# The title of a table, the row, the column, the condition on the items behind, and the form that asked them.
Found = tuple[Say, Category, Category, ColumnElement[bool], FormSpec]


@dataclass(frozen=True)
class CasesPage:
    """The items behind a cell: what the cell is called, and the page of those that the actor may see."""

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
    session: Session, round: Round, actor: Actor, *, table: str, row: str, column: str, page: int, language: str
) -> CasesPage:
    """Return the items behind one cell (row or column ``total``: the whole of it); raise ``NotFound`` for no cell."""
    spec = from_canonical(round.form_version.canonical)
    find = _in_flow if table == flow.SLUG else _in_table
    title, row_of, column_of, behind, spec = find(session, round, spec, (table, row, column), language)
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
    return CasesPage(title, row_of, column_of, spec, session.scalars(statement).all(), total, page, whole)


def _in_table(_session: Session, round: Round, spec: FormSpec, names: tuple[str, str, str], language: str) -> Found:
    dimensions = Dimensions(spec, language, round_terms(round.as_of))
    slug, row, column = names
    tab = next((tab for tab in CATALOGUE if tab.slug == slug and all(map(spec.has, tab.needs))), None)
    if tab is None:
        raise NotFound(say("お探しのページはありません。"))
    row_of, column_of = _named(tab.rows(dimensions), row), _named(tab.columns(dimensions), column)
    where: Where = (*dimensions.populations[tab.population].where, *row_of.where, *column_of.where)
    return tab.title, row_of, column_of, and_(SubmissionItem.round_id == round.id, clause(where)), spec


def _in_flow(session: Session, round: Round, spec: FormSpec, names: tuple[str, str, str], language: str) -> Found:
    _, row, column = names
    previous = previous_round(session, round)
    if previous is None:
        raise NotFound(say("お探しのページはありません。"))
    before = from_canonical(previous.form_version.canonical)
    row_of, column_of = flow.cell(spec, before, row, column, language)
    asked = before if flow.counts_before(row, column) else spec
    return flow.TITLE, row_of, column_of, flow.behind(round, previous, row, column), asked


def _named(categories: tuple[Category, ...], code: str) -> Category:
    if code == TOTAL:
        return Category(TOTAL, "", "", ())
    for category in categories:
        if category.code == code:
            return category
    raise NotFound(say("お探しのページはありません。"))
