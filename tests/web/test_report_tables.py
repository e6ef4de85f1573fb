"""A report's tables for who hears them and for who does not see colours: every cell by its heads, and by its size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import html
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.report_pages import lines, misnamed, shown, tables, text_of
from tests.support.round_files import reference_rounds

ClientOf = Callable[[str], Client]
PAGE = "/rounds/2025-2/report"


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


def test_every_cell_names_all_the_heads_above_and_beside_it(client_of: ClientOf) -> None:
    found = tables(client_of("auditor").get(PAGE).text)
    assert {slug: misnamed(table) for slug, table in found.items()} == {slug: [] for slug in found}
    # Two levels each: type and start above, scope and stage beside.
    [cell, *_] = lines(found["stage_by_user_scope"])["3/R"]
    assert len(cell.get("headers", "").split()) == 4
    broken = found["confidentiality"]
    broken.find("tbody/tr/td").set("headers", "t-confidentiality-r-1")
    assert len(misnamed(broken)) == 1, "the search finds a head that is left out"


def test_how_large_a_cell_is_stands_in_colour_in_a_bar_and_in_words(client_of: ClientOf) -> None:
    page = client_of("auditor").get(PAGE).text
    found = tables(page)
    rows = lines(found["start_timing_by_usage_type"])
    told = {
        shown(cell): (cell.get("class"), cell.find("span[@class='heat__bar']").text, text_of(cell)[-5:])
        for cell in (*rows["1"][:5], rows["2"][0])
    }
    assert told == {
        "212": ("num heat-5", "█", "（濃さ5）"), "28": ("num heat-3", "▅", "（濃さ3）"),
        "24": ("num heat-3", "▅", "（濃さ3）"), "2": ("num heat-1", "▁", "（濃さ1）"),
        "9": ("num heat-1", "▁", "（濃さ1）"), "1": ("num heat-1", "▁", "（濃さ1）"),
    }  # fmt: skip
    shaded = {
        slug: {code for code, cells in lines(table).items() if any("heat" in cell.get("class") for cell in cells)}
        for slug, table in found.items()
    }
    assert shaded.pop("stage_by_user_scope") == set(), "what is larger is marked there already"
    assert [slug for slug, codes in shaded.items() if codes & {"total", "previous"} or not codes] == []
    legends = [text_of(one) for one in html.parse(page)[0].iter("p") if one.get("class") == "shades"]
    assert len(legends) == len(found) - 1
    assert legends[0].startswith("色と棒：最も大きい数（212）に対する割合")
    assert "濃さ5 50％以上" in legends[0]
