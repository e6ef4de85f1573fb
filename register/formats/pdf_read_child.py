"""The process that reads one PDF that somebody uploaded: a request on standard input, the answer in a folder."""

from __future__ import annotations

import gc
import json
import resource
import sys
from pathlib import Path

from register.formats.pdf_read import REFUSED, Limits, Unreadable, read


def main() -> int:
    """Read the file that standard input names, within the limits that it names."""
    source, target, given = json.loads(sys.stdin.buffer.read())
    limits = Limits(**given)
    _restrict(limits)
    # It reads one file and ends: nothing is worth collecting.
    gc.disable()
    try:
        found = read(Path(source).read_bytes(), limits)
    except Unreadable as refused:
        sys.stdout.write(json.dumps([refused.key, refused.detail]))
        return REFUSED
    found.store(Path(target))
    return 0


def _restrict(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * limits.unpacked, 2 * limits.unpacked))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
