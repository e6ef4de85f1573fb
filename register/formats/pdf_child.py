"""The process that renders one document: a request on standard input, the PDF on standard output, then it ends."""

from __future__ import annotations

import sys

from register.formats import pdf
from register.formats.pdf_process import BLOCKED, INCOMPLETE, Blocked, Incomplete, Request, restrict


def main() -> int:
    """Render what stands on standard input."""
    request, limits = Request.load(sys.stdin.buffer.read())
    restrict(limits)
    try:
        data = pdf.render(
            request.html,
            identifier=request.identifier,
            created=request.created,
            attachments=request.attachments,
            properties=request.properties,
        )
    except Blocked as error:
        sys.stderr.write(str(error))
        return BLOCKED
    except Incomplete as error:
        sys.stderr.write(str(error))
        return INCOMPLETE
    sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
