"""A QR code as a drawing: vector, with its text alternative, the same for the same text."""

from __future__ import annotations

import segno


def svg(text: str, title: str) -> str:
    """Return an inline SVG that a camera reads as ``text``; ``title`` is its text alternative.

    Error correction M: a photocopy with a stain still reads.
    """
    code = segno.make(text, error="m", micro=False, boost_error=False)
    return str(
        code.svg_inline(title=title, omitsize=True, border=4, svgclass="qr", lineclass=None, draw_transparent=True)
    )
