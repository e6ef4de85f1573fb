"""What a document must print of its data, held against what stands in a file."""

from __future__ import annotations

import pytest

from register.documents.figures import Printed, cross_cells, fraction, lead, missing_in, share

TABLE = {
    "columns": ["a", "b"],
    "rows": [
        {"cells": [12, None], "total": 1234, "hidden": []},
        {"cells": [3, 0], "total": 3, "hidden": ["b", "total"]},
    ],
}


@pytest.mark.parametrize(
    ("cell", "figure"),
    [
        ("1,234", "1,234"),
        ("◆12", "12"),
        ("306（25）", "306"),
        ("4うち未回答1", "4"),
        ("275/306", "275/306"),
        ("89.9%", "89.9%"),
        ("x", "x"),
        ("－", "－"),
        ("汎用型１", ""),
        ("", ""),
    ],
)
def test_the_figure_that_a_cell_begins_with(cell: str, figure: str) -> None:
    assert lead(cell) == figure


def test_a_cross_table_is_told_row_by_row_with_its_totals() -> None:
    assert cross_cells(TABLE) == ["12", "－", "1,234", "3", "x", "x"]
    assert cross_cells({"columns": ["a"], "rows": [{"cells": [7], "total": 7}]}) == ["7"]


def test_fractions_and_shares() -> None:
    assert (fraction(None, None), fraction(1200, None), fraction(275, 306)) == ("x", "1,200", "275/306")
    assert (share(275, 306), share(1, 0)) == ("89.9%", "－")


def test_runs_stand_in_any_order_and_without_a_gap() -> None:
    cells = ["案件名", "1", "2", "◆3", "要点", "4", "5"]
    assert missing_in(Printed([["4", "5"], ["1", "2", "3"]]), cells, "") == ""
    assert missing_in(Printed([["1", "3"]]), cells, "") == "3"
    assert missing_in(Printed([["11"]]), cells, "") == "11"
    assert missing_in(Printed([[]]), [], "") == ""
    assert missing_in(Printed([["1"]]), [], "") == "1"


def test_the_first_figure_that_differs_is_told() -> None:
    cells = [str(number) for number in range(100)]
    run = [*cells[:60], "7777", *cells[61:]]
    assert missing_in(Printed([run]), cells, "") == "7777"


def test_names_stand_in_their_order_as_they_are_drawn() -> None:
    text = "A-2025-0001入力A-2025-0002"
    assert missing_in(Printed(names=["A-2025-0001", "A-2025-0002"]), [], text) == ""
    assert missing_in(Printed(names=["A\u20112025\u20110001"]), [], text) == ""
    assert missing_in(Printed(names=["A-2025-0002", "A-2025-0001"]), [], text) == "A-2025-0001"
    assert missing_in(Printed(names=["A 2025"]), [], text) == "A 2025"


def test_long_runs_of_the_same_figure() -> None:
    # Looked for place by place, this would never end.
    assert missing_in(Printed([["1"] * 99_999 + ["2"]]), ["1"] * 100_000, "") == "2"
