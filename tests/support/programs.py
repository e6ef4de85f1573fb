"""Programs of the tests that start processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence

from tests.support.sources import ROOT

# On a machine that does nothing else they take some twenty seconds.
PATIENCE_SECONDS = 300


def told_by(command: Sequence[str]) -> str:
    """Return what a program prints; all of its processes are gone when it takes too long."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            told, errors = process.communicate(timeout=PATIENCE_SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, errors[-3000:]
    return told
