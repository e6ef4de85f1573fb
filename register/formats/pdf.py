"""HTML to a PDF that people keep: PDF/A-3a and PDF/UA-1 in one file, the same bytes for the same input.

What the HTML of every document needs:

- ``<html lang="ja">``, a ``<title>``, ``<meta name="author">``, ``description`` and ``keywords``; the time comes from
  ``created``. ``lang`` on every passage in another language.
- ``<body data-edition="…" data-classification="…" data-imprint="…">``: the running header (left, right) and the footer.
- No headings skipped (h1, h2, h3). ``<section class="cover">``, then
  ``<nav class="toc"><ol><li><a href="#id">…</a></li></ol></nav>`` (leaders and page numbers come from the styles), then
  ``<section class="chapter">``.
- Tables: ``<caption>``, ``<thead>``, no holes, and on every ``th`` a ``scope`` (col, colgroup, row, rowgroup). A row
  group with a ``rowspan`` is a ``<tbody class="keep">`` (never torn by a page break) of less than a page; a longer one
  gets a heading row of its own (``<th scope="rowgroup" colspan=…>``). ``class="num"`` for numbers,
  ``class="num larger"`` for the larger of two (the styles print a mark before it).
- Charts: the string of ``svg.py`` inline in ``<figure>`` with ``<figcaption>``; ``alt`` on each ``img``.
- Footnotes: ``<span class="footnote">…</span>`` at the place of the mark.
- ``<style>`` of the document's own is allowed. Nothing is loaded: the render fails if anything was asked for.

Documents are made by ``pdf_process.render_request`` in a child with limits, which does not load WeasyPrint here.
``missing(text)`` tells which characters will be shown as 〓; say so in a note of the document. Every document has an
empty signature field (``pdf_field``); ``pdf_sign`` fills it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pydyf
import weasyprint
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse, URLFetchingError

from register.formats import pdf_field, pdf_glyphs, pdf_tags, pdf_xmp
from register.formats.pdf_field import target
from register.formats.pdf_fonts import FACES, FILES, FOLDER, SCHEME, covered, held, missing
from register.formats.pdf_process import Attachment, Blocked, Incomplete, RenderFailed, render_in_child

__all__ = ["Attachment", "Blocked", "Incomplete", "RenderFailed", "missing", "render", "render_in_child"]

# Relative addresses resolve to a place that does not exist, so that the fetcher sees and refuses them.
NOWHERE = "https://document.invalid/"
STYLES = (Path(__file__).parent / "pdf.css").read_text(encoding="utf-8")
PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9]*")
ATTACHMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
TEXTLESS = frozenset({"style", "script", "title"})


class OnlyFonts(URLFetcher):  # type: ignore[misc]
    """Serves our own fonts by name and refuses, and remembers, everything else."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked: list[str] = []

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Return a font of ours; raise for any other address."""
        name = url.removeprefix(SCHEME)
        if url.startswith(SCHEME) and name in FILES:
            return URLFetcherResponse(url, (FOLDER / name).read_bytes(), {"Content-Type": "font/ttf"})
        self.blocked.append(url[:80])
        raise ValueError("nothing but the fonts of the register may be loaded")


def render(
    html: str,
    *,
    identifier: bytes,
    created: datetime,
    attachments: Sequence[Attachment] = (),
    properties: Mapping[str, str] | None = None,
) -> bytes:
    """Return the document as PDF.

    ``identifier`` names the document (the digest of its data), ``created`` is its own time (aware), ``properties`` are
    written into the XMP as ``creg:name`` (snapshot, variant, dataSha256, …). Raises ``Blocked`` or ``Incomplete``.
    """
    pdf_tags.install()
    pdf_glyphs.install()
    _check(attachments, properties or {}, created)
    fetcher = OnlyFonts()
    try:
        document = _lay_out(html, fetcher, created)
        data = document.write_pdf(
            pdf_variant="pdf/a-3a",
            output_intent="ours",  # anything but None: WeasyPrint would open its own profile and never close it
            pdf_identifier=identifier[:16].hex().encode(),
            attachments=[_attached(one, created) for one in attachments],
            finisher=_Finisher(properties or {}, {one.name: one.mime for one in attachments}),
        )
    except URLFetchingError as error:
        raise Blocked(", ".join(fetcher.blocked) or str(error)) from error
    if fetcher.blocked:
        raise Blocked(", ".join(fetcher.blocked))
    return bytes(data)


def _lay_out(html: str, fetcher: OnlyFonts, created: datetime) -> Any:
    fonts = FontConfiguration()
    source = weasyprint.HTML(string=html, base_url=NOWHERE, url_fetcher=fetcher)
    root = source.etree_element
    for element in root.iter():
        _cover(element)
    styles = weasyprint.CSS(string=FACES + STYLES, base_url=NOWHERE, url_fetcher=fetcher, font_config=fonts)
    document = source.render(font_config=fonts, stylesheets=[styles])
    metadata = document.metadata
    metadata.created = metadata.modified = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not metadata.lang or not (metadata.title or "").strip():
        raise Incomplete("the document needs <html lang> and <title>")
    profile = io.BytesIO((files("weasyprint.pdf") / "sRGB2014.icc").read_bytes())
    components = (["r"], ["g"], ["b"])
    document.color_profiles["srgb"] = ColorProfile(profile, "sRGB2014.icc", "relative-colorimetric", components)
    return document


def _cover(element: Any) -> None:
    """Leave nothing in an element that would be printed without a glyph, or that the file cannot hold."""
    if isinstance(element.tag, str):
        shown = element.tag.rpartition("}")[2] not in TEXTLESS
        element.text = (covered if shown else held)(element.text) if element.text else element.text
        for name, value in element.items():
            # The running header and footer are printed out of such attributes.
            element.set(name, (covered if name.startswith("data-") else held)(value))
    element.tail = covered(element.tail) if element.tail else element.tail


def _check(attachments: Sequence[Attachment], properties: Mapping[str, str], created: datetime) -> None:
    if created.tzinfo is None:
        raise ValueError("the time of a document needs its zone")
    for name in properties:
        if not PROPERTY.fullmatch(name):
            raise ValueError(f"not a name of a property: {name!r}")
    names = [one.name for one in attachments]
    if len(set(names)) < len(names) or not all(ATTACHMENT_NAME.fullmatch(name) for name in names):
        raise ValueError("attachments need different names in ASCII")


def _attached(one: Attachment, created: datetime) -> Any:
    return weasyprint.Attachment(
        file_obj=io.BytesIO(one.data),
        name=one.name,
        description=one.description,
        created=created.astimezone(UTC),
        modified=created.astimezone(UTC),
        relationship=one.relationship,
    )


@dataclass(frozen=True)
class _Finisher:
    """Puts right what WeasyPrint writes once the document is drawn, before its bytes are."""

    properties: Mapping[str, str]
    mimes: Mapping[str, str]

    def __call__(self, document: Any, pdf: Any) -> None:
        self._metadata(document, pdf)
        self._attachments(pdf)
        pdf_field.add(pdf, document.metadata.lang)
        _structure(pdf)

    def _metadata(self, document: Any, pdf: Any) -> None:
        stream = target(pdf, pdf.catalog["Metadata"])
        stream.stream = [pdf_xmp.packet(document.metadata, pdf.info["Producer"].string, self.properties)]
        stream.compress = False

    def _attachments(self, pdf: Any) -> None:
        """List each attachment once, sort the tree of their names, and set their types ourselves."""
        if not self.mimes:
            return
        names = target(pdf, pdf.catalog["Names"]["EmbeddedFiles"])["Names"]
        pairs = sorted(zip(names[::2], names[1::2], strict=True), key=lambda pair: bytes(pair[0].string))
        names[:] = [item for pair in pairs for item in pair]
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
        for _, reference in pairs:
            specification = target(pdf, reference)
            mime = self.mimes[specification["UF"].string]
            target(pdf, specification["EF"]["F"]).extra["Subtype"] = pydyf.name(mime)


def _structure(pdf: Any) -> None:
    """Add the tree of element IDs and the next free key of the parent tree."""
    root = target(pdf, pdf.catalog["StructTreeRoot"])
    numbers = target(pdf, root["ParentTree"])["Nums"]
    root["ParentTreeNextKey"] = max(numbers[::2], default=-1) + 1
    found = {
        one["ID"].data: (one["ID"], one.reference)
        for one in pdf.objects
        if isinstance(one, pydyf.Dictionary) and one.get("Type") == "/StructElem" and "ID" in one
    }
    if found:
        names = pydyf.Array(item for key in sorted(found) for item in found[key])
        root["IDTree"] = pydyf.Dictionary({"Names": names})
