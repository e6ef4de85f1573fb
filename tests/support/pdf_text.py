"""What another program reads of a PDF."""

from __future__ import annotations

import subprocess


def pages_of(data: bytes) -> list[str]:
    """Return the text of every page."""
    command = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().split("\f")[:-1]


def joined(data: bytes) -> str:
    """Return all that stands in it, without any blanks: lines are broken wherever they are full."""
    command = ["pdftotext", "-", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return "".join(done.stdout.decode().split())
