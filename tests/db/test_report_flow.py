"""The flow of usage types between two rounds: its table adds up, and every cell leads to exactly its cases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import NotFound
from register.models import Round
from register.reports import flow
from register.reports.report import Report, build
from register.reports.table import TOTAL
from register.vocab import Role
from tests.support.figures import Opened, opened
from tests.support.round_files import FIRST, LIBRARY, file_of, load

BEFORE = (("1", "G1"), ("2", "G2"), ("3", "G2"), ("4", ""), ("5", "S1"), ("6", "S1"))
NOW = (("1", "G1"), ("2", "G1"), ("3", ""), ("4", "G2"), ("7", "OT"), ("8", ""))
EVERYBODY = Actor("auditor", role=Role.AUDITOR)


@pytest.fixture
def rounds(session: Session) -> tuple[Round, Round]:
    """Two rounds of one ministry, and cases of the same numbers in another one's."""
    for number, version, cases, day in ((1, "v1", BEFORE, {"as_of": FIRST}), (2, "v2", NOW, {})):
        rows = [{"case_no": f"a-2025-{no}", "usage_type": kind} for no, kind in cases]
        rows += [{"case_no": "a-2025-7", "usage_type": "S2", "ministry": "府省庁B"}]
        load(session, file_of(*rows, version=version), number=number, version=version, create=True, **day)
    first, second = session.scalars(select(Round).order_by(Round.number)).all()
    return first, second


@pytest.fixture
def report(session: Session, rounds: tuple[Round, Round]) -> Report:
    """The report of the second round."""
    return build(session, rounds[1], "ja", LIBRARY)


def test_each_case_is_counted_by_where_it_came_from_and_went_to(report: Report) -> None:
    assert report.flow == {
        "G1>G1": 1,
        "G2>G1": 1,
        "G2>unanswered": 1,
        "S1>closed": 2,
        "S2>S2": 1,
        "new>OT": 1,
        "new>unanswered": 1,
        "unanswered>G2": 1,
    }


def test_the_table_has_its_ends_in_official_order_and_adds_up(report: Report) -> None:
    table = report.flow_table
    assert [row.code for row in table.rows] == ["G1", "G2", "S1", "S2", "unanswered", "new", TOTAL]
    assert [column.code for column in table.columns] == ["G1", "G2", "S2", "OT", "unanswered", "closed"]
    assert table.total.cells == tuple(map(sum, zip(*(row.cells for row in table.body), strict=True)))
    assert table.total.total == sum(report.flow.values())


def test_every_figure_leads_to_its_cases(session: Session, rounds: tuple[Round, Round], report: Report) -> None:
    table = report.flow_table
    figures = {
        (row.code, column.code): cell
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
    }
    figures |= {(row.code, TOTAL): row.total for row in table.body}
    assert figures.pop(("new", "closed")) == 0
    assert {place: behind(session, rounds[1], *place).cases.visible for place in figures} == figures


def test_closed_cases_are_shown_as_they_were(session: Session, rounds: tuple[Round, Round]) -> None:
    page = behind(session, rounds[1], "S1", "closed")
    assert [(item.case_no, item.round_id) for item in page.cases.rows] == [
        (f"a-2025-{no}", rounds[0].id) for no in "56"
    ]


def test_a_type_that_the_form_no_longer_has_is_shown_as_it_was(session: Session) -> None:
    rows = [{"case_no": f"a-2025-{no}", "usage_type": kind} for no, kind in (("1", "OT"), ("2", "OT"), ("3", "G1"))]
    load(session, file_of(*rows), number=1, as_of=FIRST)
    now = [{"case_no": f"a-2025-{no}", "usage_type": "G2"} for no in "13"]
    second = load(session, file_of(*now, version="v1"), version="v1").round
    made = build(session, second, "ja", LIBRARY)
    assert made.flow == {"G1>G2": 1, "OT>G2": 1, "OT>closed": 1}
    assert [(row.code, row.label, row.cells) for row in made.flow_table.rows] == [
        ("G1", "汎用型１", (1, 0)), ("OT", "その他", (1, 1)), (TOTAL, "総計", (2, 1)),
    ]  # fmt: skip
    assert made.flow_table.total.total == sum(made.flow.values())
    for row, column, names in (("OT", "closed", ["その他"]), ("OT", TOTAL, ["その他"] * 2), ("OT", "G2", ["汎用型２"])):
        page = behind(session, second, row, column)
        assert str(page.figure.row) == "前回／その他"
        # Each case is named by the form that asked it.
        types = page.figure.spec.field("usage_type")
        assert [types.option(item.answers["usage_type"]).label("ja") for item in page.cases.rows] == names


@pytest.mark.parametrize(
    ("row", "column"), [(TOTAL, TOTAL), ("new", "closed"), ("closed", "G1"), ("G1", "new"), ("X", "G1")]
)
def test_no_such_figure(session: Session, rounds: tuple[Round, Round], row: str, column: str) -> None:
    with pytest.raises(NotFound):
        behind(session, rounds[1], row, column)


def test_a_first_round_has_no_flow(session: Session, rounds: tuple[Round, Round]) -> None:
    first = build(session, rounds[0], "ja", LIBRARY)
    assert (first.flow, first.flow_table) == ({}, None)
    with pytest.raises(NotFound):
        behind(session, rounds[0], "G1", "G1")


def test_a_ministry_sees_its_own_only(
    session: Session, rounds: tuple[Round, Round], actor: Callable[[str], Actor]
) -> None:
    page = behind(session, rounds[1], "S2", "S2", actor("other"))
    assert [item.ministry.key for item in page.cases.rows] == ["b"]
    page = behind(session, rounds[1], "G1", "G1", actor("other"))
    assert (page.cases.visible, page.cases.whole) == (0, False)


def behind(session: Session, round: Round, row: str, column: str, actor: Actor = EVERYBODY) -> Opened:
    """Return the page of the cases behind a cell; for somebody who may see all, when nobody is named."""
    names = {"table": flow.SLUG, "row": row, "column": column}
    return opened(session, round, actor, **names)
