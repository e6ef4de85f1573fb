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
