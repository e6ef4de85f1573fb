"""A process that waits to read the next workbook: it has started and loaded its parser before anybody waits for it.

Each reads one file and ends; it was started with a bare environment and holds nothing of ours. One waits for each
process of ours that has read a workbook before, and ends with it: its standard input closes.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = "register.formats.workbook_child"
FAREWELL = 5  # seconds

Process = subprocess.Popen[bytes]


class Spare:
    """The process that waits, and the one of ours that it waits for: a fork of ours starts one of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Process | None = None
        self._owner = os.getpid()

    def run(self, request: bytes, *, wall: float) -> tuple[int, bytes]:
        """Hand ``request`` to a process; return how it ended and what it complained of.

        Raises ``TimeoutExpired`` when that took more than ``wall`` seconds; the process is gone then, too.
        """
        process = self._take()
        try:
            _, complaint = process.communicate(request, timeout=wall)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, complaint

    def _take(self) -> Process:
        with self._lock:
            found, self._waiting = self._waiting, None
            if found is not None and self._owner != os.getpid():
                # It belongs to the process that we were forked from.
                _close(found)
                found = None
            self._owner = os.getpid()
        if found is not None and found.poll() is not None:
            _close(found)
            found = None
        return found or _start()

    def refill(self) -> None:
        """Start the process that waits for the next file, when nobody waits for this one any more."""
        with self._lock:
            if self._waiting is None:
                self._waiting = _start()

    def dismiss(self) -> None:
        """End the process that waits."""
        with self._lock:
            found, self._waiting = self._waiting, None
        if found is not None and self._owner == os.getpid():
            _close(found)
            try:
                found.wait(FAREWELL)
            except subprocess.TimeoutExpired:
                found.kill()
                found.wait()


def _start() -> Process:
    return subprocess.Popen(  # noqa: S603 our own interpreter and module
        [sys.executable, "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=_environment(),
    )


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1"}


def _close(process: Process) -> None:
    for end in (process.stdin, process.stderr):
        if end is not None:
            end.close()


SPARE = Spare()
atexit.register(SPARE.dismiss)
