"""Shading: a table of steps, colours on which text can be read, and marks that say the same without them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.errors import Say
from register.reports.table import SHADES, TOTAL, Column, Row, Table
from tests.support.sources import ROOT

STATIC = ROOT / "register" / "static"
READABLE = 4.5
VARIABLE = re.compile(r"(--[\w-]+):\s*([^;]+);")


def colours() -> dict[str, str]:
    """Return every variable of the style sheets, those that stand for others resolved."""
    texts = [path.read_text() for path in (*(STATIC / "vendor").glob("dads-tokens-*.css"), STATIC / "app.css")]
    known = dict(VARIABLE.findall("".join(texts)))
    return {name: resolved(value, known) for name, value in known.items()}


def resolved(value: str, known: dict[str, str]) -> str:
    """Return what a value stands for in the end."""
    inner = re.fullmatch(r"var\((--[\w-]+)\)", value)
    return resolved(known[inner[1]], known) if inner else value


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def table(cells: list[int | None], *, compared: bool = False) -> Table:
    """Return a table of one row with these cells, and a total below."""
    columns = tuple(Column(str(place), str(place), "") for place in range(len(cells)))
    rows = tuple(Row(code, code, "", tuple(cells), sum(cell or 0 for cell in cells)) for code in ("a", TOTAL))
    return Table("t", Say("表"), Say("表"), "all", columns, rows, (), compared)


@pytest.mark.parametrize("shade", SHADES, ids=lambda shade: shade.mark)
def test_text_can_be_read_on_every_shade(shade: object) -> None:
    level, known = shade.level, colours()
    text = known["--paper" if level == 5 else "--ink"]
    assert contrast(known[f"--heat-{level}"], text) >= READABLE
    rule = re.search(
        rf"\.heat-{level} {{ background: var\(--heat-{level}\);([^}}]*)}}", (STATIC / "app.css").read_text()
    )
    assert rule is not None
    assert ("color: var(--paper)" in rule[1]) is (level == 5)


def test_the_steps_differ_in_colour_and_in_mark() -> None:
    known = colours()
    assert len({known[f"--heat-{shade.level}"] for shade in SHADES}) == len({shade.mark for shade in SHADES}) == 5
    assert [shade.least for shade in SHADES] == sorted((shade.least for shade in SHADES), reverse=True)
    assert SHADES[-1].least == 0


@given(st.lists(st.none() | st.integers(0, 10_000), min_size=1, max_size=8))
def test_a_larger_cell_is_never_paler(cells: list[int | None]) -> None:
    one = table(cells)
    levels = {cell: shade.level for cell in cells if cell and (shade := one.shade(one.rows[0], cell))}
    assert set(levels) == {cell for cell in cells if cell}
    assert [levels[cell] for cell in sorted(levels)] == sorted(levels.values())
    assert not levels or levels[max(levels)] == 5


def test_totals_blanks_and_compared_rows_are_not_shaded() -> None:
    one = table([4, 0, None])
    assert [one.shade(one.rows[1], 4), one.shade(one.rows[0], 0), one.shade(one.rows[0], None)] == [None] * 3
    assert table([4], compared=True).shade(one.rows[0], 4) is None
    assert table([0, None]).largest == 0


def test_a_table_of_which_figures_are_left_out_is_not_shaded() -> None:
    shown = Row("a", "a", "", (3, None), 3, hidden=frozenset({"2"}))
    table = Table("t", Say("表"), Say("表"), "all", (Column("1", "1", ""), Column("2", "2", "")), (shown,), ())
    assert table.largest == 0
    assert table.shade(shown, 3) is None
