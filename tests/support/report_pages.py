"""Reading the tables of a report's page: as the eye sees them, by their rows, with the links of their figures."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from tests.support import html


def text_of(element: Element) -> str:
    """Return the words of an element."""
    return " ".join("".join(element.itertext()).split())


def shown(element: Element) -> str:
    """Return the figure of a cell as the eye sees it: what is for a screen reader only, and the marks, left out."""
    unseen = [part.get("class") == "vh" or part.get("aria-hidden") == "true" for part in element]
    parts = [("" if left else text_of(part)) + (part.tail or "") for part, left in zip(element, unseen, strict=True)]
    return "".join([element.text or "", *parts]).strip()


def tables(page: str) -> dict[str, Element]:
    """Return the report's tables of a page by their slug, which is in the ids of their headings."""
    found = [table for table in html.parse(page)[0].iter("table") if "cross" in table.get("class", "").split()]
    return {table.find(".//tbody/tr/th[@scope='row']").get("id", "").split("-")[1]: table for table in found}


def lines(table: Element) -> dict[str, list[Element]]:
    """Return the cells of each row of a table by the row's code."""
    return {
        row.find("th[@scope='row']").get("id", "").split("-r-", 1)[1]: row.findall("td")
        for row in table.findall("tbody/tr")
    }


def links(table: Element) -> list[tuple[str, int]]:
    """Return the address and the number of every figure that leads to its cases, in the order of the page."""
    return [(a.get("href", ""), int(text_of(a).replace(",", ""))) for a in table.findall("tbody/tr/td//a")]


def laid_out(table: Element) -> tuple[dict[tuple[int, int], Element], int]:
    """Return which cell covers each place (row, column) of a table, and how many of the rows are heads."""
    covered: dict[tuple[int, int], Element] = {}
    heads = table.findall("thead/tr")
    for y, row in enumerate([*heads, *table.findall("tbody/tr")]):
        x = 0
        for cell in row:
            while (y, x) in covered:
                x += 1
            wide, high = int(cell.get("colspan", "1")), int(cell.get("rowspan", "1"))
            covered |= {(y + down, x + across): cell for down in range(high) for across in range(wide)}
            x += wide
    return covered, len(heads)


def misnamed(table: Element) -> list[str]:
    """Return the cells whose ``headers`` are not exactly the heads that stand above and beside them for the eye."""
    covered, heads = laid_out(table)
    wrong = []
    for (y, x), cell in covered.items():
        if y >= heads and cell.tag == "td":
            above = {covered[row, x].get("id") for row in range(heads) if covered[row, x].tag == "th"}
            beside = {covered[y, column].get("id") for column in range(x) if covered[y, column].tag == "th"}
            named = set((cell.get("headers") or "").split())
            if not above or not beside or named != above | beside:
                wrong.append(f"{sorted(named)} instead of {sorted(filter(None, above | beside))}")
    return wrong
