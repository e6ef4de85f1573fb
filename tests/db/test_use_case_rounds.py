"""The list narrowed to a round shows the cases that were reported in it, and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from register.authz import Actor
from register.queries.use_cases import ListState, export_rows, list_page
from tests.support.round_files import FIRST, file_of, load

ActorOf = Callable[[str], Actor]


@pytest.fixture(autouse=True)
def rounds(session: Session) -> None:
    """Two rounds: 1 and 2 were reported in the first, 2 and 3 in the second, 4 by another ministry."""
    for number, version, serials, day in ((1, "v1", "12", {"as_of": FIRST}), (2, "v2", "23", {})):
        rows = [{"case_no": f"a-2025-{serial}"} for serial in serials]
        rows += [{"case_no": "b-2025-4", "ministry": "府省庁B"}]
        load(session, file_of(*rows, version=version), number=number, version=version, **day)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"round": "2025-1"}, ["a-2025-1", "a-2025-2", "b-2025-4"]),
        ({"round": "2025-2"}, ["a-2025-2", "a-2025-3", "b-2025-4"]),
        ({"round": ["2025-1", "2025-2"]}, ["a-2025-1", "a-2025-2", "a-2025-3", "b-2025-4"]),
        ({"round": "2025-2", "ministry": "a"}, ["a-2025-2", "a-2025-3"]),
        ({"round": "2024-1"}, []),
        ({"round": "x' or 1=1"}, []),
    ],
)
def test_only_the_cases_of_the_round_are_listed(
    session: Session, actor: ActorOf, query: dict[str, str], found: list[str]
) -> None:
    state = ListState.of(MultiDict({**query, "sort": "number"}), 1)
    page = list_page(session, actor("auditor"), state)
    assert [row.case_no for row in page.rows] == found
    assert page.total == len(found)
    assert [row.case_no for row in export_rows(session, actor("auditor"), state)] == found


def test_a_ministry_sees_its_own_of_the_round(session: Session, actor: ActorOf) -> None:
    page = list_page(session, actor("other"), ListState.of(MultiDict({"round": "2025-2"}), 1))
    assert [row.case_no for row in page.rows] == ["b-2025-4"]


def test_the_rounds_are_offered_newest_first(session: Session, actor: ActorOf) -> None:
    page = list_page(session, actor("reporter"), ListState())
    assert [one.code for one in page.rounds] == ["2025-2", "2025-1"]
