"""The process that waits for the next workbook: used once, replaced when it is gone, ended with ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from register.formats.workbook import DEFAULT_LIMITS
from register.formats.workbook_spare import Process, Spare
from tests.support import workbooks


@pytest.fixture
def spare() -> Iterator[Spare]:
    made = Spare()
    yield made
    made.dismiss()


def waiting(spare: Spare) -> Process:
    """Return the process that waits."""
    found = spare._waiting
    assert found is not None
    return found


def run(spare: Spare, folder: Path) -> int:
    """Have a workbook read; return how that ended."""
    source, lines = folder / "upload", folder / "lines"
    source.write_bytes(workbooks.xlsx())
    request = json.dumps([str(source), str(lines), asdict(DEFAULT_LIMITS)]) + "\n"
    code, complaint = spare.run(request.encode(), wall=30)
    assert complaint == b""
    assert json.loads(lines.read_text().splitlines()[0])["kind"] == "xlsx"
    return code


def test_each_process_reads_one_file(spare: Spare, tmp_path: Path) -> None:
    assert run(spare, tmp_path) == 0
    spare.refill()
    first = waiting(spare)
    spare.refill()
    assert waiting(spare) is first
    assert run(spare, tmp_path) == 0
    assert first.poll() == 0


def test_one_that_died_while_it_waited_is_replaced(spare: Spare, tmp_path: Path) -> None:
    spare.refill()
    dead = waiting(spare)
    dead.kill()
    dead.wait()
    assert run(spare, tmp_path) == 0


def test_one_that_takes_too_long_is_ended(spare: Spare, tmp_path: Path) -> None:
    spare.refill()
    slow = waiting(spare)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    request = json.dumps([str(pipe), str(tmp_path / "lines"), asdict(DEFAULT_LIMITS)]) + "\n"
    with pytest.raises(subprocess.TimeoutExpired):
        spare.run(request.encode(), wall=0.5)
    assert slow.returncode is not None
    assert run(spare, tmp_path) == 0


def test_a_fork_of_ours_does_not_take_the_one_that_waits(spare: Spare, tmp_path: Path) -> None:
    spare.refill()
    ours = waiting(spare)
    child = os.fork()
    if not child:
        try:
            os._exit(run(spare, tmp_path))
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert ours.poll() is None
    assert run(spare, tmp_path) == 0
    assert ours.returncode == 0


def test_it_ends_with_the_process_that_it_waits_for() -> None:
    code = "import sys, register.formats.workbook_spare as w; w.SPARE.refill(); print(w.SPARE._waiting.pid)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


def test_without_a_line_it_ends(spare: Spare) -> None:
    spare.refill()
    process = waiting(spare)
    spare.dismiss()
    assert process.returncode == 0
