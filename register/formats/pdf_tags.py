"""Cures for what WeasyPrint 70.0 gets wrong in the tags of a PDF and no conformance validator sees.

- Running headers and footers become artifacts instead of content that hangs outside the structure tree.
- The cells of a table point at the right headers, also where headers span rows or columns or head a row group.
- ``lang`` of an element becomes /Lang, a footnote becomes a /Note with an ID.
- Each stream ends in CRLF before ``endstream`` and is compressed once.

They replace private functions, hence the exact versions in the requirements and one test per cure. ``install`` puts
them in place once per process; they keep no state between documents, so several threads may render at once.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pydyf
from weasyprint import draw
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder
from weasyprint.pdf import tags

from register.formats.pdf_process import Incomplete

FOOTNOTE = "_register_footnote"
END_OF_STREAM = b"\r\nendstream"

_draw = draw.draw_stacking_context
_build = tags._build_box_tree


@functools.cache
def install() -> None:
    """Put the cures in place; more than once does nothing."""
    draw.draw_stacking_context = _draw_stacking_context
    tags._build_box_tree = _build_box_tree
    pydyf.Stream.data = property(_stream_data)


def _draw_stacking_context(stream: Any, context: Any) -> None:
    """Draw a margin box as one pagination artifact, everything else as before."""
    if not isinstance(context.box, boxes.MarginBox) or stream._tags is None:
        _draw(stream, context)
        return
    kept, stream._tags = stream._tags, None
    properties = pydyf.Dictionary({"Type": "/Pagination"})
    if context.box.at_keyword.startswith(("@top", "@bottom")):
        properties["Subtype"] = "/Header" if context.box.at_keyword.startswith("@top") else "/Footer"
    pydyf.Stream.begin_marked_content(stream, "Artifact", properties)
    _draw(stream, context)
    pydyf.Stream.end_marked_content(stream)
    stream._tags = kept


def _build_box_tree(
    box: Any, parent: Any, pdf: Any, page_number: int, nums: Any, annotations: Any, page_tags: Any
) -> Iterator[Any]:
    """Yield the elements of a box with language, notes and table headers put right."""
    if isinstance(box, AbsolutePlaceholder):
        box = box._box
    if isinstance(box, boxes.MarginBox):
        return
    if isinstance(box, boxes.FootnoteAreaBox):
        for child in box.children:
            setattr(child, FOOTNOTE, True)
    for element in _build(box, parent, pdf, page_number, nums, annotations, page_tags):
        if element["P"] == parent.reference:
            _finish(box, element)
        yield element


def _finish(box: Any, element: Any) -> None:
    if getattr(box, FOOTNOTE, False):
        element["S"] = "/Note"
        element["ID"] = pydyf.String(f"note-{element.number}")
    if box.element is not None and "::" not in (box.element_tag or ""):
        language = box.element.get("lang")
        if language and box.element_tag not in ("html", "body"):
            element["Lang"] = pydyf.String(language)
    if element["S"] == "/Table":
        table = box.get_wrapped_table() if box.is_table_wrapper else box
        if table is not None:
            cells = list(_cells(table))
            _check_grid(cells)
            link_headers(element.number, cells)


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell on the grid of its table: rows and columns from 0, the ends excluded; ``group`` is the row group."""

    mark: Any
    scope: str  # col, row, rowgroup; empty for a data cell
    top: int
    bottom: int
    left: int
    right: int
    group: int

    def over(self, other: Cell) -> bool:
        """Whether the two share a column."""
        return self.left < other.right and other.left < self.right

    def beside(self, other: Cell) -> bool:
        """Whether the two share a row."""
        return self.top < other.bottom and other.top < self.bottom


def _cells(table: Any) -> Iterator[Cell]:
    """Yield the cells of a table box; its column numbers count the slots that spans from above occupy."""
    start = 0
    for group_number, group in enumerate(table.children):
        end = start + len(group.children)
        for top, row in enumerate(group.children, start=start):
            for cell in row.children:
                if cell.element is not None and cell.element_tag in ("th", "td"):
                    place = (top, min(top + cell.rowspan, end), cell.grid_x, cell.grid_x + cell.colspan)
                    yield Cell(cell.mark, _scope(cell, group), *place, group_number)
        start = end


def _scope(cell: Any, group: Any) -> str:
    """Return what a header cell heads; without a scope it is a column in the head and a row elsewhere."""
    if cell.element_tag != "th":
        return ""
    given = cell.element.get("scope", "")
    if given in ("col", "colgroup"):
        return "col"
    if given in ("row", "rowgroup"):
        return str(given)
    return "col" if group.is_header else "row"


def _check_grid(cells: list[Cell]) -> None:
    """Refuse a table with holes: PDF/UA forbids it, and a cell over many rows that a page break tears leaves one."""
    area = sum((cell.bottom - cell.top) * (cell.right - cell.left) for cell in cells)
    if area != max((cell.bottom for cell in cells), default=0) * max((cell.right for cell in cells), default=0):
        raise Incomplete("a table has holes, or a page break tears a cell that spans rows")
    for cell in cells:
        if "RowSpan" in cell.mark["A"]:
            cell.mark["A"]["RowSpan"] = cell.bottom - cell.top


def link_headers(number: int, cells: list[Cell]) -> None:
    """Give each header its ID and scope, and each data cell its headers: columns from the top, rows from the left."""
    headers = [cell for cell in cells if cell.scope]
    for cell in headers:
        cell.mark["ID"] = pydyf.String(f"th-{number}-{cell.top}-{cell.left}")
        cell.mark["A"]["Scope"] = "/Column" if cell.scope == "col" else "/Row"
    columns = [cell for cell in headers if cell.scope == "col"]
    rows = sorted((cell for cell in headers if cell.scope != "col"), key=lambda cell: (cell.left, cell.top))
    groups = [cell for cell in rows if cell.scope == "rowgroup"]
    for cell in cells:
        if cell.scope:
            continue
        found = [head for head in columns if head.bottom <= cell.top and head.over(cell)]
        found += [head for head in groups if _heads_group(head, cell, groups)]
        found += [head for head in rows if head not in found and head.right <= cell.left and head.beside(cell)]
        cell.mark["A"]["Headers"] = pydyf.Array(head.mark["ID"] for head in found)


def _heads_group(head: Cell, cell: Cell, groups: list[Cell]) -> bool:
    """Whether a row of its own ("計画" over its rows) heads the cell: the nearest such row above it in its group."""
    if head.group != cell.group or head.bottom > cell.top or not head.over(cell):
        return False
    return not any(
        other.group == head.group and head.top < other.top and other.bottom <= cell.top and other.over(cell)
        for other in groups
    )


def _stream_data(self: Any) -> bytes:
    """Return the stream object: a bare line feed would be ambiguous behind data that end in a carriage return."""
    cached = self.__dict__.get("_register_data")
    if cached is None:
        content = b"\n".join(pydyf._to_bytes(item) for item in self.stream)
        extra = pydyf.Dictionary(self.extra.copy())
        if self.compress:
            extra["Filter"] = "/FlateDecode"
            content = zlib.compress(content, 9)
        extra["Length"] = len(content)
        cached = self.__dict__["_register_data"] = b"".join((extra.data, b"\nstream\n", content, END_OF_STREAM))
    return bytes(cached)
