"""The empty signature field of our PDFs, laid down when they are rendered.

A field that signing itself adds would change a page and the structure tree. This one is there from the start: a widget
of no size on the last page, within a /Form element at the end of the tree. PDF/A-3a and PDF/UA-1 allow a field without
a signature, so every document has it, also where nothing is signed.
"""

from __future__ import annotations

from typing import Any

import pydyf

from register.formats.signing import FIELD

# What a screen reader says of the field; Japanese for every language but English.
LABELS = {"ja": "電子署名", "en": "Digital signature"}
PRINT = 4  # annotation flag: PDF/A wants it set and every one that hides unset
SIGNATURES_EXIST = 1


def add(pdf: Any, language: str) -> None:
    """Put the field into a tagged pydyf document; it takes the next key of the parent tree."""
    root = target(pdf, pdf.catalog["StructTreeRoot"])
    document = target(pdf, root["K"][0])
    numbers = target(pdf, root["ParentTree"])["Nums"]
    key = max(numbers[::2], default=-1) + 1
    page = target(pdf, pdf.page_references[-1])
    field = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": pydyf.String(FIELD),
            "TU": pydyf.String(LABELS["en" if language.startswith("en") else "ja"]),
            "Rect": pydyf.Array([0, 0, 0, 0]),
            "F": PRINT,
            "P": page.reference,
            "StructParent": key,
        }
    )
    pdf.add_object(field)
    content = pydyf.Dictionary({"Type": "/OBJR", "Obj": field.reference, "Pg": page.reference})
    element = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Form",
            "P": document.reference,
            "Pg": page.reference,
            "K": pydyf.Array([content]),
        }
    )
    pdf.add_object(element)
    document["K"].append(element.reference)
    numbers += [key, element.reference]
    page.setdefault("Annots", pydyf.Array()).append(field.reference)
    form = pydyf.Dictionary({"Fields": pydyf.Array([field.reference]), "SigFlags": SIGNATURES_EXIST})
    pdf.add_object(form)
    pdf.catalog["AcroForm"] = form.reference


def target(pdf: Any, reference: bytes) -> Any:
    """Return the object that a reference of pydyf's (``12 0 R``) stands for."""
    return pdf.objects[int(reference.split()[0])]
