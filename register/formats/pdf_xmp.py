"""The XMP packet of our PDFs: PDF/A-3a and PDF/UA-1 in one, with our own properties declared as PDF/A demands."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from register.formats.pdf_fonts import held

CREG = "https://schema.register.invalid/creg/1.0/"
PDFUAID = "http://www.aiim.org/pdfua/ns/id/"
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": PDFUAID,
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
    "creg": CREG,
}


def packet(metadata: Any, producer: str, properties: Mapping[str, str]) -> bytes:
    """Return the packet for the metadata of a WeasyPrint document and our ``creg:`` properties."""
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    body = [
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>",
        _list("dc:title", "Alt", [metadata.title]),
        _list("dc:language", "Bag", [metadata.lang]),
        _list("dc:creator", "Seq", metadata.authors),
        _list("dc:description", "Alt", [metadata.description]),
        _one("pdf:Producer", producer),
        _one("pdf:Keywords", ", ".join(metadata.keywords)),
        _one("xmp:CreatorTool", metadata.generator),
        _one("xmp:CreateDate", metadata.created),
        _one("xmp:ModifyDate", metadata.modified),
        *(_one(f"creg:{name}", value) for name, value in sorted(properties.items())),
        _schemas(properties),
    ]
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f'<rdf:RDF{spaces}>\n<rdf:Description rdf:about="">\n{"".join(f"{part}{chr(10)}" for part in body if part)}'
        '</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def _one(name: str, value: str | None) -> str:
    return f"<{name}>{escape(held(value))}</{name}>" if value else ""


def _list(name: str, kind: str, values: list[str | None]) -> str:
    language = ' xml:lang="x-default"' if kind == "Alt" else ""
    items = "".join(f"<rdf:li{language}>{escape(value)}</rdf:li>" for value in values if value)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>" if items else ""


def _schemas(properties: Mapping[str, str]) -> str:
    """Return the declaration of every property that the PDF/A standard does not know itself."""
    schemas = _schema("PDF/UA identification", PDFUAID, "pdfuaid", {"part": ("Integer", "internal")})
    if properties:
        ours = dict.fromkeys(sorted(properties), ("Text", "external"))
        schemas += _schema("AI case register", CREG, "creg", ours)
    return f"<pdfaExtension:schemas><rdf:Bag>{schemas}</rdf:Bag></pdfaExtension:schemas>"


def _schema(title: str, uri: str, prefix: str, properties: Mapping[str, tuple[str, str]]) -> str:
    rows = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        f"<pdfaProperty:valueType>{kind}</pdfaProperty:valueType><pdfaProperty:category>{category}"
        f"</pdfaProperty:category><pdfaProperty:description>{title}: {name}</pdfaProperty:description></rdf:li>"
        for name, (kind, category) in properties.items()
    )
    return (
        f'<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{title}</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{rows}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
