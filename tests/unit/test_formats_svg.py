"""Charts: well-formed, harmless, readable without colour, and every number in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from register.formats import svg

NS = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script>"&\x00'
SERIES = [svg.Series("常用段階", [210, 27, 0]), svg.Series("検証段階", [4, 4, 3])]
NAMES = ["汎用型１", "汎用型２", "機密性２情報や個人情報を利用者が指示文に入力する"]
CHARTS: dict[str, Callable[[str, str], str]] = {
    "bars": lambda key, text: svg.bars(key, text, "d", [(text, 1234), ("b", 0)], unit="件"),
    "stacked": lambda key, text: svg.stacked_bars(key, text, "d", [text, *NAMES[1:]], SERIES),
    "lines": lambda key, text: svg.lines(key, text, "d", [text, *NAMES[1:]], SERIES),
    "flow": lambda key, text: svg.flow(key, text, "d", [text], NAMES, [svg.Link(0, 0, 74), svg.Link(0, 2, 12)]),
}


def texts(chart: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(chart).iter(f"{NS}text")]


@pytest.mark.parametrize("kind", CHARTS)
def test_every_chart_keeps_the_rules(kind: str) -> None:
    chart = CHARTS[kind]("c1", HOSTILE)
    root = ElementTree.fromstring(chart)
    assert next(iter(root)).tag == f"{NS}title"
    assert next(iter(root)).text == '<script>alert(1)</script>"&'
    assert root.find(f"{NS}desc") is not None
    assert root.get("font-family", "").startswith("Noto Sans JP")
    assert root.get("fill") == svg.INK
    assert root.find(f"{NS}script") is None
    assert not [element for element in root.iter() if "style" in element.attrib]
    assert next(element.get("fill") for element in root if element.tag == f"{NS}rect") == "#ffffff"
    assert chart == CHARTS[kind]("c1", HOSTILE)


@pytest.mark.parametrize("kind", CHARTS)
def test_ids_belong_to_the_key_and_references_resolve(kind: str) -> None:
    charts = [CHARTS[kind](key, "t") for key in ("c1", "c2")]
    ids = [re.findall(r'\bid="([^"]+)"', chart) for chart in charts]
    assert not set(ids[0]) & set(ids[1])
    assert len(ids[0]) == len(set(ids[0]))
    for chart, known in zip(charts, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", chart)) <= set(known)


def test_each_bar_has_its_number() -> None:
    assert {"1,234件", "0件"} <= set(texts(CHARTS["bars"]("c", "t")))


def test_stacked_numbers_are_in_the_part_or_behind_or_below_the_bar() -> None:
    found = texts(svg.stacked_bars("c", "t", "d", NAMES, SERIES))
    assert {"210", "214", "（検証段階 4）"} <= set(found)
    assert {"27", "31（検証段階 4）", "3（検証段階 3）"} <= set(found)
    assert {"常用段階", "検証段階"} <= set(found)


def test_lines_name_each_series_once_and_apart() -> None:
    chart = svg.lines("c", "t", "d", ["1", "2"], [svg.Series("甲", [1, 5]), svg.Series("乙", [2, 5])])
    places = [
        float(element.get("y", "0"))
        for element in ElementTree.fromstring(chart).iter(f"{NS}text")
        if element.text in ("甲", "乙")
    ]
    assert abs(places[0] - places[1]) >= svg.TEXT


def test_nothing_runs_past_the_edge() -> None:
    series = [svg.Series(f"利用開始時期の区分その{number}", [1000, number + 1]) for number in range(5)]
    for chart in (
        svg.stacked_bars("c", "t", "d", ["甲", "乙"], series, unit="件"),
        svg.lines("c", "t", "d", NAMES, SERIES),
    ):
        for element in ElementTree.fromstring(chart).iter(f"{NS}text"):
            if element.get("text-anchor") == "start":
                end = float(element.get("x", "0")) + svg.measure(element.text or "", svg.TEXT)
                assert end <= svg.WIDTH, element.text


def test_flow_shows_sums_and_shares() -> None:
    found = texts(svg.flow("c", "t", "d", ["甲", "乙"], ["丙"], [svg.Link(0, 0, 3), svg.Link(1, 0, 4)], unit="件"))
    assert {"甲 (3件)", "乙 (4件)", "丙 (7件)", "3", "4"} <= set(found)


FLOWS = {
    "the reference round": [
        (0, 0, 82), (0, 5, 4), (1, 0, 38), (1, 1, 25), (1, 5, 6), (2, 2, 22), (2, 4, 3), (2, 5, 3), (3, 2, 1), (3, 3, 3),
        (3, 5, 1), (4, 0, 98), (4, 1, 7), (4, 2, 13), (4, 3, 1), (4, 4, 13),
    ],
    "everything from everywhere": [(source, target, 1) for source in range(6) for target in range(6)],
    "one band beside many thin ones": [(0, 0, 9999), *((1, target, 1) for target in range(1, 6))],
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_no_number_of_a_flow_covers_another_or_a_name(name: str) -> None:
    links = [svg.Link(*link) for link in FLOWS[name]]
    chart = svg.flow("c", "t", "d", ["前"] * 6, ["後"] * 6, links)
    elements = list(ElementTree.fromstring(chart))
    plates = [
        [float(plate.get(side, "0")) for side in ("x", "y", "width", "height")]
        for plate, text in pairwise(elements)
        if plate.tag == f"{NS}rect" and text.tag == f"{NS}text" and text.get("text-anchor") == "middle"
    ]
    assert len(plates) == len(links)
    for place, (x, y, width, height) in enumerate(plates):
        assert x >= 202
        assert x + width <= svg.WIDTH - 202
        for x2, y2, width2, height2 in plates[place + 1 :]:
            apart = x + width <= x2 + 0.02 or x2 + width2 <= x + 0.02
            assert apart or y + height <= y2 + 0.02 or y2 + height2 <= y + 0.02


@pytest.mark.parametrize("values", [[1], [1, -1]])
def test_wrong_series_are_refused(values: list[int]) -> None:
    with pytest.raises(ValueError, match="2 values"):
        svg.stacked_bars("c", "t", "d", ["a", "b"], [svg.Series("x", values)])


def test_too_many_series_and_bad_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 5"):
        svg.lines("c", "t", "d", ["a"], [svg.Series("x", [1])] * 6)
    with pytest.raises(ValueError, match="key"):
        svg.bars('x"><script>', "t", "d", [])


def test_empty_charts_are_charts() -> None:
    for chart in (svg.bars("c", "t", "d", []), svg.lines("c", "t", "d", [], []), svg.flow("c", "t", "d", [], [], [])):
        assert ElementTree.fromstring(chart).tag == f"{NS}svg"


def test_wrapping_keeps_words_and_closing_marks() -> None:
    assert svg.wrap("あいうえお、かき", svg.TEXT * 5) == ["あいうえお、", "かき"]
    assert svg.wrap("AI system alpha", svg.TEXT * 4) == ["AI", "system", "alpha"]
