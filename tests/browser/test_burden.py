"""The burden of a round is what is promised: counted as a person clicks, on a register of its own for each way."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bench.burden import WAYS, walk


@pytest.mark.parametrize("name", WAYS)
def test_a_ministry_answers_in_few_steps(name: str, browser: Browser, tmp_path: Path) -> None:
    _, loads, clicks = WAYS[name]
    burden = walk(browser, tmp_path, name)
    # A way that was not gone would cost nothing.
    assert 3 <= burden.loads <= loads
    assert clicks is None or burden.clicks <= clicks
