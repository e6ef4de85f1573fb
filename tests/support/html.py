"""What every HTML page of the register must be: well-formed, one heading, nothing inline, every reference resolved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
INLINE_SCRIPT_TYPES = {"application/json", "application/ld+json"}


# A page is looked at when it comes and then read by its test: the parser takes longer than the page.
@lru_cache(maxsize=8)
def parse(text: str) -> tuple[Element, tuple[str, ...]]:
    """Return the page's tree, which is only to be read, and what the HTML standard's parser found wrong with it."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(text)
    lines = text.splitlines()
    errors = tuple(
        f"line {line}: {kind} {details or ''} near {lines[line - 1].strip()[:80] if line <= len(lines) else ''!r}"
        for (line, _column), kind, details in parser.errors
    )
    return tree, errors


def problems(text: str) -> list[str]:
    """Name everything that is wrong with a whole page; an empty list is a good page."""
    tree, errors = parse(text)
    found = list(errors)
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    if not tree.get("lang"):
        found.append("html has no lang")
    if not (tree.findtext("head/title") or "").strip():
        found.append("the title is missing or empty")
    headings = sum(element.tag == "h1" for element in elements)
    if headings != 1:
        found.append(f"{headings} h1 instead of one")
    found.extend(reference_problems(elements))
    for element in elements:
        found.extend(inline_problems(element))
    return found


def reference_problems(elements: list[Element]) -> Iterator[str]:
    """Name ids used twice, references to ids that are not there, and links that jump nowhere."""
    ids = Counter(value for element in elements if (value := element.get("id")) is not None)
    yield from (f"id {value!r} stands {times} times" for value, times in ids.items() if times > 1)
    for element in elements:
        for name in REFERENCES:
            for value in (element.get(name) or "").split():
                if value not in ids:
                    yield f"{element.tag} {name}={value!r} points at nothing"
        href = element.get("href") or ""
        if element.tag == "a" and href.startswith("#") and href[1:] not in ids:
            yield f"a link jumps to {href!r}, which is not on the page"


def inline_problems(element: Element) -> Iterator[str]:
    """Name what our content security policy would refuse, and what the style rules of the screens forbid."""
    for name in element.attrib:
        if name == "style" or name.startswith("on"):
            yield f"{element.tag} has an inline {name}="
        if name in {"placeholder", "maxlength", "disabled", "readonly"}:
            yield f"{element.tag} has {name}, which the screens never use"
    inline_script = element.tag == "script" and element.get("src") is None
    if element.tag == "style" or (inline_script and element.get("type") not in INLINE_SCRIPT_TYPES):
        yield f"an inline {element.tag}"
    if element.tag == "img" and element.get("alt") is None:
        yield f"img {element.get('src')!r} has no alt"


class CheckingClient(FlaskClient):
    """A test client that fails on any HTML answer that is not a good page, and on any answer that is a 500."""

    def open(self, *args: object, **kwargs: object) -> TestResponse:  # type: ignore[override]
        response = super().open(*args, **kwargs)  # type: ignore[arg-type]
        assert response.status_code != 500, response.get_data(as_text=True)
        if response.mimetype == "text/html" and response.status_code not in range(300, 400):
            text = response.get_data(as_text=True)
            if text:
                found = problems(text)
                assert not found, f"{response.request.path}: " + "; ".join(found)
        return response
